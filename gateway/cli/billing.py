"""`ledgerway billing`: the queue, why an amount is where it is, and the way from a draft to the ERP."""

from datetime import date
from typing import Annotated

from cyclopts import App

from contracts.process.billing_objects import InvoiceState
from contracts.process.orders import InvoiceSort
from gateway.cli.exits import Exit
from gateway.cli.options import SORTING
from gateway.cli.session import Asked, Session

app = App(name="billing")
_ANALYST, _MANAGER, _CONTROLLER = "billing-analyst", "billing-manager", "finance-controller"


@app.command
async def ready(*, limit: int = 50, session: Asked) -> Exit:
    """List what can be billed now, in the order of the queue.

    Example: `ledgerway billing ready --limit 10`

    Parameters
    ----------
    limit
        At most so many.
    """
    from gateway.cli.billing_queue import show_queue

    return await show_queue(session, limit, "ready", "ready_with_warnings")


@app.command
async def blocked(*, limit: int = 50, session: Asked) -> Exit:
    """List what cannot be billed yet, and the reasons by amount.

    Example: `ledgerway billing blocked`

    Parameters
    ----------
    limit
        At most so many.
    """
    from gateway.cli.billing_queue import show_queue

    return await show_queue(session, limit, "blocked")


@app.command
async def invoices(
    *,
    state: InvoiceState | None = None,
    customer: str | None = None,
    project: str | None = None,
    sort: Annotated[InvoiceSort, SORTING] = "-id",
    limit: int = 50,
    session: Asked,
) -> Exit:
    """List invoices, newest first unless sorted otherwise.

    Example: `ledgerway billing invoices --state posted --sort due_date`

    Parameters
    ----------
    state
        Only those in this state.
    customer
        Only those of this customer (id).
    project
        Only those that bill work of this project (id).
    sort
        By this member of an item; with - before it, as in --sort=-gross, the largest or latest first.
    limit
        At most so many.
    """
    from contracts.process.invoice_readiness import InvoiceReadiness
    from gateway.cli import invoice_text
    from gateway.cli.pages import collect

    async with session.product(_ANALYST) as api:
        found = await collect(
            lambda cursor, size: api.call(
                InvoiceReadiness.list_invoices,
                state=state,
                customer_id=customer,
                project_id=project,
                sort=sort,
                cursor=cursor,
                limit=size,
            ),
            limit,
        )
    session.show(found.raw, invoice_text.page(found.items))
    found.hint(session)
    return Exit.DONE


@app.command
async def explain(subject: str, /, *, session: Asked) -> Exit:
    """Tell why an amount is what and where it is: what blocks it, the chain from each invoice line to the deal, and every figure of
    a transaction with the rules it follows from.

    Example: `ledgerway billing explain txn_...`

    Parameters
    ----------
    subject
        A bill group (bg_...), an invoice (inv_...) or a transaction (txn_...).
    """
    from contracts.process.invoice_readiness import InvoiceReadiness
    from gateway.cli import explanation_text
    from gateway.cli.complaints import looking_at

    async with session.product(_ANALYST) as api:
        with looking_at("ledgerway billing ready   (or: ledgerway billing invoices)", "not-found"):
            found = await api.call(InvoiceReadiness.explain, subject)
    session.show(found.raw, explanation_text.whole(found.value))
    return Exit.DONE


@app.command
async def recheck(bill_group_id: str, /, *, session: Asked) -> Exit:
    """Evaluate the 32 checks of a bill group again now.

    Example: `ledgerway billing recheck bg_...`

    Parameters
    ----------
    bill_group_id
        The bill group.
    """
    from contracts.process.invoice_readiness import InvoiceReadiness
    from gateway.cli import explanation_text
    from gateway.cli.complaints import looking_at

    async with session.product(_ANALYST) as api:
        with looking_at("ledgerway billing blocked", "not-found"):
            found = await api.call(InvoiceReadiness.recheck, bill_group_id)
    session.show(found.raw, explanation_text.readiness(found.value))
    return Exit.DONE


@app.command
async def waive(bill_group_id: str, check: str, /, *, reason: str, session: Asked) -> Exit:
    """Waive a check that blocks a bill group, as finance control may for some: it warns only, until the group is billed.

    Example: `ledgerway billing waive bg_... PO_INSUFFICIENT --reason "The client raises the order."`

    Parameters
    ----------
    bill_group_id
        The bill group.
    check
        Code of the check, such as PO_INSUFFICIENT.
    reason
        Why it may be billed all the same; kept with the group.
    """
    return await _decide("waive", bill_group_id, check, reason, session)


@app.command
async def unwaive(bill_group_id: str, check: str, /, *, reason: str, session: Asked) -> Exit:
    """Take a waiver back: the check blocks again as long as it fails.

    Example: `ledgerway billing unwaive bg_... PO_INSUFFICIENT --reason "The client does not."`

    Parameters
    ----------
    bill_group_id
        The bill group.
    check
        Code of the check.
    reason
        Why; kept with the group.
    """
    return await _decide("unwaive", bill_group_id, check, reason, session)


async def _decide(command: str, bill_group_id: str, check: str, reason: str, session: Session) -> Exit:
    from contracts.process.billing_objects import CheckDecision
    from contracts.process.invoice_readiness import InvoiceReadiness
    from gateway.cli import explanation_text
    from gateway.cli.complaints import looking_at

    async with session.product(_CONTROLLER) as api:
        with looking_at(f"ledgerway billing explain {bill_group_id}", "rule-violated", "conflict"):
            operation = getattr(InvoiceReadiness, command)
            found = await api.call(operation, bill_group_id, CheckDecision(code=check, reason=reason))
    session.show(found.raw, explanation_text.readiness(found.value))
    return Exit.DONE


@app.command
async def draft(
    bill_group_id: str,
    /,
    *,
    dry_run: bool = False,
    acknowledge_warnings: str | None = None,
    invoice_date: date | None = None,
    session: Asked,
) -> Exit:
    """Draft the invoice of a bill group and put it up for review.

    Example: `ledgerway billing draft bg_... --dry-run`

    Parameters
    ----------
    bill_group_id
        The bill group.
    dry_run
        Show the invoice and change nothing.
    acknowledge_warnings
        The reason why a group with warnings may be billed.
    invoice_date
        Date of the invoice, such as 2026-11-30; today unless given.
    """
    from contracts.process.billing_objects import DraftRequest
    from contracts.process.invoice_readiness import InvoiceReadiness
    from gateway.cli import invoice_text
    from gateway.cli.complaints import looking_at

    body = DraftRequest(invoice_date=invoice_date, acknowledge_warnings=acknowledge_warnings, dry_run=dry_run)
    async with session.product(_ANALYST) as api:
        with looking_at(f"ledgerway billing explain {bill_group_id}", "rule-violated", "conflict"):
            found = await api.call(InvoiceReadiness.draft, bill_group_id, body)
    session.show(found.raw, invoice_text.whole(found.value))
    again = f"billing draft {bill_group_id}" if dry_run else f"billing approve {found.value.id}   (another person)"
    session.suggest(f"{'Nothing was changed. ' if dry_run else ''}Next: ledgerway {again}")
    return Exit.DONE


@app.command
async def defer(invoice_id: str, /, *transaction_ids: str, reason: str, session: Asked) -> Exit:
    """Move items of a draft to the next period; the draft is made again without them, as its next version.

    Example: `ledgerway billing defer inv_... txn_... --reason "The client confirms this day next month."`

    Parameters
    ----------
    invoice_id
        The draft.
    transaction_ids
        The items, as `ledgerway billing explain inv_...` shows them.
    reason
        Why; kept with the draft.
    """
    from contracts.process.billing_objects import Deferral
    from contracts.process.invoice_readiness import InvoiceReadiness
    from gateway.cli import invoice_text
    from gateway.cli.complaints import looking_at

    body = Deferral(transaction_ids=transaction_ids, reason=reason)
    async with session.product(_ANALYST) as api:
        with looking_at(f"ledgerway billing explain {invoice_id}", "rule-violated", "conflict", "invalid-content"):
            found = await api.call(InvoiceReadiness.defer, invoice_id, body)
    session.show(found.raw, invoice_text.whole(found.value))
    session.suggest(f"Next: ledgerway billing approve {invoice_id}   (another person)")
    return Exit.DONE


@app.command
async def approve(invoice_id: str, /, *, draft_version: int | None = None, session: Asked) -> Exit:
    """Approve a draft. The approver is not who drafted it; readiness is checked again.

    Example: `ledgerway billing approve inv_...`

    Parameters
    ----------
    invoice_id
        The invoice.
    draft_version
        The version you looked at; the current one unless given.
    """
    from contracts.process.billing_objects import Approval
    from contracts.process.invoice_readiness import InvoiceReadiness
    from gateway.cli import invoice_text
    from gateway.cli.complaints import looking_at

    async with session.product(_MANAGER) as api:
        with looking_at("ledgerway billing invoices --state in_review", "not-found"):
            seen = (await api.call(InvoiceReadiness.get_invoice, invoice_id)).value
        session.suggest(f"Approves {invoice_text.line(seen)}")
        body = Approval(draft_version=seen.draft_version if draft_version is None else draft_version)
        with looking_at(f"ledgerway billing explain {invoice_id}"):
            found = await api.call(InvoiceReadiness.approve, invoice_id, body)
    session.show(found.raw, invoice_text.whole(found.value))
    session.suggest(f"Next: ledgerway billing post {invoice_id} --follow")
    return Exit.DONE


@app.command
async def post(invoice_id: str, /, *, follow: bool = False, session: Asked) -> Exit:
    """Post an approved invoice to the ERP. Posting twice changes nothing.

    Example: `ledgerway billing post inv_... --follow`

    Parameters
    ----------
    invoice_id
        The invoice.
    follow
        Stay until the ERP confirmed it, or the run is held. Ctrl-C leaves it running.
    """
    from contracts.process.invoice_readiness import InvoiceReadiness
    from gateway.cli import invoice_text, run_text
    from gateway.cli.complaints import looking_at
    from gateway.cli.following import follow as followed

    async with session.product(_MANAGER) as api:
        with looking_at("ledgerway billing invoices --state approved", "not-found"):
            seen = (await api.call(InvoiceReadiness.get_invoice, invoice_id)).value
        session.suggest(f"Posts {invoice_text.line(seen)}")
        with looking_at(f"ledgerway billing explain {invoice_id}"):
            run = await api.call(InvoiceReadiness.post, invoice_id)
        if follow:
            ended = await followed(api, session, run)
            session.suggest(f"Where it is: ledgerway billing explain {invoice_id}")
            return ended
    session.show(run.raw, run_text.whole(run.value))
    if run.value.status in ("running", "waiting"):
        session.suggest(f"Follow it: ledgerway runs show {run.value.id} --follow")
    return Exit.DONE


@app.command
async def hold(transaction_id: str, /, *more: str, reason: str, session: Asked) -> Exit:
    """Keep rated transactions from being billed, until they are released. Each has its own outcome.

    Example: `ledgerway billing hold txn_... --reason "The client disputes the day"`

    Parameters
    ----------
    transaction_id
        A transaction: `ledgerway transactions list --state rated`.
    more
        Others.
    reason
        Why, for the record.
    """
    from contracts.process.time_posting import TimePosting
    from gateway.cli.bulk import each

    return await each(session, TimePosting.hold_transaction, (transaction_id, *more), reason)


@app.command
async def release(transaction_id: str, /, *more: str, reason: str, session: Asked) -> Exit:
    """Let held transactions go on. Overage above a cap stays held while there is no headroom.

    Example: `ledgerway billing release txn_... --reason "The client agreed"`

    Parameters
    ----------
    transaction_id
        A transaction: `ledgerway transactions list --state held`.
    more
        Others.
    reason
        Why, for the record.
    """
    from contracts.process.time_posting import TimePosting
    from gateway.cli.bulk import each

    return await each(session, TimePosting.release_transaction, (transaction_id, *more), reason)
