"""`ledgerway transactions`: billable transactions and how they were rated."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import App

from contracts.process.orders import TransactionSort
from contracts.process.time_posting import TransactionState
from gateway.cli.exits import Exit
from gateway.cli.options import SORTING
from gateway.cli.session import Asked, Session

if TYPE_CHECKING:
    from contracts.process.time_posting import Transaction

app = App(name="transactions")
_ASKING, _DECIDING = "billing-analyst", "billing-manager"
_HEADS = ("TRANSACTION", "STATE", "DAY", "WHO", "ROLE", "HOURS", "RATE", "AMOUNT", "PART", "CODES")


@app.command(name="list")
async def list_(
    *,
    state: TransactionState | None = None,
    project: str | None = None,
    contract: str | None = None,
    source_ref: str | None = None,
    item: str | None = None,
    sort: Annotated[TransactionSort, SORTING] = "id",
    limit: int = 50,
    session: Asked,
) -> Exit:
    """List billable transactions, the first made first unless sorted otherwise.

    Example: `ledgerway transactions list --state queued --project prj_...`

    Parameters
    ----------
    state
        Only those in this state.
    project
        Only those of this project (id).
    contract
        Only those of this contract (id).
    source_ref
        Only those of this entry, such as certinia:timecard:...
    item
        Only those on this billing item (bg_...).
    sort
        By this member of an item; with - before it, as in --sort=-service_date, the largest or latest first.
    limit
        At most so many.
    """
    from contracts.process.time_posting import TimePosting
    from gateway.cli.pages import collect

    async with session.product(_ASKING) as api:
        found = await collect(
            lambda cursor, size: api.call(
                TimePosting.list_transactions,
                state=state,
                project_id=project,
                contract_id=contract,
                source_ref=source_ref,
                bill_group_id=item,
                sort=sort,
                cursor=cursor,
                limit=size,
            ),
            limit,
        )
    session.show(found.raw, _table(found.items))
    found.hint(session)
    return Exit.DONE


@app.command
async def show(transaction_id: str, /, *, session: Asked) -> Exit:
    """Show a transaction with what its price was made of.

    Example: `ledgerway transactions show txn_...`

    Parameters
    ----------
    transaction_id
        The transaction.
    """
    from contracts.process.time_posting import TimePosting
    from gateway.cli.complaints import looking_at

    async with session.product(_ASKING) as api:
        with looking_at("ledgerway transactions list", "not-found"):
            found = await api.call(TimePosting.get_transaction, transaction_id)
    session.show(found.raw, whole(found.value))
    return Exit.DONE


@app.command
async def request_write_off(transaction_id: str, /, *, reason: str, session: Asked) -> Exit:
    """Ask that a billable amount is given up for good; another person decides.

    Example: `ledgerway transactions request-write-off txn_... --reason "Training of our own."`

    Parameters
    ----------
    transaction_id
        The transaction: rated, held or queued.
    reason
        Why; kept with the transaction.
    """
    return await _decide("request_write_off", _ASKING, transaction_id, reason, session)


@app.command
async def write_off(transaction_id: str, /, *, reason: str, session: Asked) -> Exit:
    """Give an amount up for good, as somebody else asked. Above the limit finance control decides.

    Example: `ledgerway transactions write-off txn_... --reason "Agreed." --as billing-manager`

    Parameters
    ----------
    transaction_id
        The transaction.
    reason
        Why; kept with the transaction.
    """
    return await _decide("write_off", _DECIDING, transaction_id, reason, session)


@app.command
async def decline_write_off(transaction_id: str, /, *, reason: str, session: Asked) -> Exit:
    """Decline a write-off that somebody asked for; the transaction goes on as before.

    Example: `ledgerway transactions decline-write-off txn_... --reason "It is billable."`

    Parameters
    ----------
    transaction_id
        The transaction.
    reason
        Why; kept with the transaction.
    """
    return await _decide("decline_write_off", _DECIDING, transaction_id, reason, session)


async def _decide(command: str, persona: str, transaction_id: str, reason: str, session: Session) -> Exit:
    from contracts.process.time_posting import Hold, TimePosting
    from gateway.cli.complaints import looking_at

    async with session.product(persona) as api:
        with looking_at(f"ledgerway transactions show {transaction_id}", "rule-violated", "conflict"):
            found = await api.call(getattr(TimePosting, command), transaction_id, Hold(reason=reason))
    session.show(found.raw, whole(found.value))
    return Exit.DONE


def _table(transactions: "tuple[Transaction, ...]") -> str:
    from gateway.cli.tables import NOTHING, day, hours, money, table

    rows = [
        (
            t.id,
            t.state,
            day(t.service_date),
            t.worker_name or t.worker_number or NOTHING,
            t.role_code or NOTHING,
            hours(t.hours),
            NOTHING if t.rating.bill_rate is None else t.rating.bill_rate,
            money(t.amount, t.currency),
            t.part,
            " ".join(t.codes) or NOTHING,
        )
        for t in transactions
    ]
    return table(_HEADS, rows, right="HOURS RATE AMOUNT")


def whole(t: "Transaction") -> str:
    """All that is worth telling of one."""
    from gateway.cli.tables import day, fields, hours, moment, money

    rating = t.rating
    return fields(
        (
            ("Transaction", t.id),
            ("State", t.state),
            ("Source", f"{t.source_ref} version {t.source_version}"),
            ("Project", t.project_id),
            ("Contract", t.contract_id),
            ("Contract line", t.contract_line_id),
            ("Who", t.worker_name or t.worker_number),
            ("Role", t.role_code),
            ("Day", day(t.service_date)),
            ("Approved", moment(t.approved_at)),
            ("Hours", hours(t.hours)),
            ("Base rate", money(rating.base_rate, rating.base_currency)),
            ("From", rating.level and f"{rating.level} card, line {rating.rate_line_id}"),
            ("Exchange rate", rating.fx_rate),
            ("Multiplier", rating.multiplier),
            ("Discount", rating.discount_pct and f"{rating.discount_pct} %"),
            ("Bill rate", money(rating.bill_rate, t.currency)),
            ("Amount", money(t.amount, t.currency)),
            ("Part", t.part),
            ("Codes", " ".join(t.codes)),
            ("ERP", t.erp_ref),
            ("Bill group", t.bill_group_id),
            ("Invoice", t.invoice_id),
            ("Write-off", t.write_off and f"asked by {t.write_off.requested_by}: {t.write_off.reason}"),
            ("Correlation id", t.correlation_id),
        )
    )
