"""The navigation: pages that exist, in their groups, for visitors who may see them."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from contracts.experience.finance_dashboard import FinanceDashboard
from contracts.problems import Problem
from contracts.process.held_desk import HeldDesk
from contracts.process.registers import Registers
from experience_apis.portal.visit import Method, Visit


class Entry(Struct, frozen=True, kw_only=True):
    """A page. `needs` is the operation without which it shows nothing; `count` what waits there; `key` goes there after `g`."""

    group: str
    label: str
    path: str
    icon: str
    key: str
    needs: Method[..., Any]
    count: Callable[[Visit], Awaitable[int]] | None = None


class Shown(Struct, frozen=True, kw_only=True):
    """An entry as a visitor sees it."""

    entry: Entry
    count: int | None
    current: bool


async def _ready(visit: Visit) -> int:
    counts = await visit.call(FinanceDashboard.queue_counts)
    return sum(one.count for one in counts.items if one.view == "ready")


async def _unsettled(visit: Visit) -> int:
    return sum(group.count for group in (await visit.call(Registers.list_exception_groups)).items)


async def _held(visit: Visit) -> int:
    return sum(one.count for one in (await visit.call(HeldDesk.held_counts)).items)


ENTRIES = (
    Entry(
        group="Finance",
        label="Billing workbench",
        path="/portal/billing",
        icon="bill",
        key="b",
        needs=FinanceDashboard.billing_queue,
        count=_ready,
    ),
    Entry(
        group="Finance",
        label="Exceptions",
        path="/portal/exceptions",
        icon="alert",
        key="x",
        needs=Registers.list_exceptions,
        count=_unsettled,
    ),
    Entry(
        group="Platform",
        label="Held work",
        path="/portal/held",
        icon="held",
        key="h",
        needs=HeldDesk.list_held,
        count=_held,
    ),
)


async def navigation(visit: Visit) -> dict[str, list[Shown]]:
    """Entries by group. A count that cannot be had is left out."""
    groups: dict[str, list[Shown]] = {}
    path = visit.seen.path
    for entry in ENTRIES:
        if visit.may(entry.needs):
            current = path == entry.path or path.startswith(f"{entry.path}/")
            groups.setdefault(entry.group, []).append(
                Shown(entry=entry, count=await _counted(visit, entry), current=current)
            )
    return groups


async def _counted(visit: Visit, entry: Entry) -> int | None:
    if entry.count is None or entry.path in visit.counts:
        return visit.counts.get(entry.path)
    try:
        return await entry.count(visit)
    except Problem:
        return None
