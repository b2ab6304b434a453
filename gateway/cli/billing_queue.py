"""The billing queue as text: items, how much is where, how fresh it is, and what to do next."""

from collections.abc import Sequence
from decimal import Decimal

from contracts.experience.finance_dashboard import BillingQueue, FinanceDashboard, Freshness, QueueItem, Reason
from contracts.process.billing_objects import BillGroupState
from gateway.cli.client import Client
from gateway.cli.exits import Exit
from gateway.cli.pages import Ask, collect
from gateway.cli.session import Session
from gateway.cli.tables import NOTHING, age, day, hours, moment, money, table

# A narrow terminal loses columns on the right: what decides stands on the left.
_READY = ("ITEM", "CLIENT", "AMOUNT", "READY FOR", "CHECKS", "CONTRACT", "HOURS", "TERMS", "PERIOD")
_BLOCKED = ("ITEM", "BLOCKED BY", "AMOUNT", "FOR", "CLIENT", "CONTRACT", "HOURS", "PERIOD")
_REASONS = ("AMOUNT", "ITEMS", "OWNER", "REASON")


async def show_queue(session: Session, limit: int, *states: BillGroupState) -> Exit:
    """Ask for the items in these states, at most `limit` in all, and show them."""
    async with session.product("billing-analyst") as api:
        first, *others = (_listing(api, state) for state in states)
        found = await collect(first, limit, *others)
    session.show(found.raw, _blocked(found.items) if "blocked" in states else _ready(found.items))
    for line in _told(found.page, found.items, states):
        session.suggest(line)
    return Exit.DONE


def _listing(api: Client, state: BillGroupState) -> Ask:
    return lambda cursor, size: api.call(FinanceDashboard.billing_queue, state=state, cursor=cursor, limit=size)


def _ready(items: Sequence[QueueItem]) -> str:
    rows = [
        (
            i.id,
            i.customer_name,
            money(i.net_amount, i.currency),
            age(i.since),
            " ".join(i.warnings) or "all passed",
            i.contract_name,
            hours(i.hours),
            i.billing_method.replace("_", " "),
            _period(i),
        )
        for i in items
    ]
    return table(_READY, rows, right=("HOURS", "AMOUNT", "READY FOR"))


def _blocked(items: Sequence[QueueItem]) -> str:
    rows = [
        (
            i.id,
            " ".join(i.failed) or NOTHING,
            money(i.net_amount, i.currency),
            age(i.since),
            i.customer_name,
            i.contract_name,
            hours(i.hours),
            _period(i),
        )
        for i in items
    ]
    return table(_BLOCKED, rows, right=("HOURS", "AMOUNT", "FOR"))


def _reasons(reasons: Sequence[Reason]) -> str:
    rows = [
        (money(r.amount, r.currency), r.count, r.owner_role, f"{r.sentence.rstrip('.')} ({r.code})") for r in reasons
    ]
    return table(_REASONS, rows, right="AMOUNT ITEMS")


def _period(item: QueueItem) -> str:
    return f"{day(item.period_start)} to {day(item.period_end)}"


def _told(queue: BillingQueue, items: Sequence[QueueItem], states: Sequence[BillGroupState]) -> list[str]:
    figures = [figure for figure in queue.figures if figure.state in states]
    amounts: dict[str, Decimal] = {}
    for figure in figures:
        amounts[figure.currency] = amounts.get(figure.currency, Decimal(0)) + figure.amount
    total = ", ".join(money(amount, currency) for currency, amount in sorted(amounts.items())) or "nothing"
    told = [
        f"{len(items)} of {sum(f.count for f in figures)} items, {total} in all. {_fresh(queue.freshness)}".rstrip()
    ]
    if "blocked" in states and queue.reasons:
        told.append(_reasons(queue.reasons))
    if items:
        verb = f"explain {items[0].id}" if "blocked" in states else f"draft {items[0].id} --dry-run"
        told.append(f"Next: ledgerway billing {verb}")
    return told


def _fresh(systems: Sequence[Freshness]) -> str:
    """Each system once, with its oldest reading."""
    read: dict[str, list[Freshness]] = {}
    for one in systems:
        read.setdefault(one.system, []).append(one)
    parts = [
        f"{name} {moment(min((o.read_at for o in found if o.read_at), default=None))}"
        + (" (stale)" if any(o.stale for o in found) else "")
        for name, found in read.items()
    ]
    return f"As of {', '.join(parts)}." if parts else ""
