"""The billing queue as text: items, how much is where, how fresh it is, and what to do next."""

from collections.abc import Sequence
from decimal import Decimal

from contracts.experience.finance_dashboard import BillingQueue, FinanceDashboard, Freshness
from contracts.process.billing_objects import BillGroup, BillGroupState
from gateway.cli.client import Client
from gateway.cli.exits import Exit
from gateway.cli.pages import Ask, collect
from gateway.cli.session import Session
from gateway.cli.tables import NOTHING, age, day, hours, moment, money, table

_READY = ("ITEM", "CLIENT", "CONTRACT", "TERMS", "HOURS", "AMOUNT", "PERIOD", "CHECKED", "CHECKS")
_BLOCKED = ("ITEM", "CLIENT", "CONTRACT", "HOURS", "AMOUNT", "PERIOD", "BLOCKED BY")


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


def _ready(items: Sequence[BillGroup]) -> str:
    rows = [
        (
            i.id,
            i.customer_name,
            i.contract_name,
            i.billing_method,
            hours(i.hours),
            money(i.net_amount, i.currency),
            _period(i),
            age(i.evaluated_at),
            f"{len(i.warnings)} warnings: {' '.join(i.warnings)}" if i.warnings else "all passed",
        )
        for i in items
    ]
    return table(_READY, rows, right="HOURS AMOUNT CHECKED")


def _blocked(items: Sequence[BillGroup]) -> str:
    rows = [
        (
            i.id,
            i.customer_name,
            i.contract_name,
            hours(i.hours),
            money(i.net_amount, i.currency),
            _period(i),
            " ".join(i.failed) or NOTHING,
        )
        for i in items
    ]
    return table(_BLOCKED, rows, right="HOURS AMOUNT")


def _period(item: BillGroup) -> str:
    return f"{day(item.period_start)} to {day(item.period_end)}"


def _told(queue: BillingQueue, items: Sequence[BillGroup], states: Sequence[BillGroupState]) -> list[str]:
    figures = [figure for figure in queue.figures if figure.state in states]
    amounts: dict[str, Decimal] = {}
    for figure in figures:
        amounts[figure.currency] = amounts.get(figure.currency, Decimal(0)) + figure.amount
    total = ", ".join(money(amount, currency) for currency, amount in sorted(amounts.items())) or "nothing"
    told = [
        f"{len(items)} of {sum(f.count for f in figures)} items, {total} in all. {_fresh(queue.freshness)}".rstrip()
    ]
    if "blocked" in states:
        told += [
            f"  {money(r.amount, r.currency)}  {r.sentence} ({r.code}), {r.count} items, {r.owner_role}"
            for r in queue.reasons
        ]
    if items:
        verb = f"explain {items[0].id}" if "blocked" in states else f"draft {items[0].id} --dry-run"
        told.append(f"Next: ledgerway billing {verb}")
    return told


def _fresh(systems: Sequence[Freshness]) -> str:
    parts = [f"{s.system} {moment(s.read_at)}{' (stale)' if s.stale else ''}" for s in systems]
    return f"As of {', '.join(parts)}." if parts else ""
