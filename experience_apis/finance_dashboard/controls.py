"""Sums that have to agree: what transactions tell against what bill groups tell, and both against invoices. Two streams of events
each, so a lost or doubled fact shows as a difference that nothing explains."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from contracts.experience.finance_figures import Control, Explained
from contracts.money import HOURS_PLACES, ZERO, round_places
from experience_apis.finance_dashboard.conversion import Converter
from runtime.data.database import Database

_ON_THE_WAY = timedelta(minutes=15)
# Where an approved hour may be besides on a bill group.
_ELSEWHERE = ("validated", "rated", "held", "exception", "written_off")

_HOURS_BY_STATE = """
select state, sum(hours) as hours from finance_sum
where tenant = $1 and kind = 'transaction' and label <> 'non_billable'
  and state not in ('reversed', 'voided', 'superseded', 'excluded') group by state having sum(count) > 0
"""
_HOURS_LATELY = """
select coalesce(sum(hours), 0) from finance_transaction
where tenant = $1 and part <> 'non_billable' and state = 'queued' and changed_at > $2
"""
_HOURS_GROUPED = """
select coalesce(sum(hours), 0) from finance_sum where tenant = $1 and kind = 'item' and state <> 'skipped'
"""
_GROUPED = """
select currency, sum(amount) as amount from finance_sum
where tenant = $1 and kind = 'item' and state = 'billed' group by currency having sum(count) > 0
"""
_INVOICED = "select currency, sum(net) as amount from finance_invoice where tenant = $1 group by currency"


async def controls(database: Database, tenant: str, converter: Converter, now: datetime) -> tuple[Control, ...]:
    """The controls that have something to compare, money in the converter's currency."""
    lately = await database.fetchval(_HOURS_LATELY, tenant, now - _ON_THE_WAY)
    by_state = {r["state"]: r["hours"] for r in await database.fetch(_HOURS_BY_STATE, tenant)}
    grouped = await database.fetchval(_HOURS_GROUPED, tenant)
    billed, invoiced = await database.fetch(_GROUPED, tenant), await database.fetch(_INVOICED, tenant)
    found = hours_control(by_state, grouped, lately), money_control(billed, invoiced, converter)
    return tuple(one for one in found if one.source or one.target)


def hours_control(by_state: dict[str, Decimal], grouped: Decimal, lately: Decimal) -> Control:
    """Approved billable hours against hours on bill groups (REC-01). Hours that wait elsewhere explain the difference, and
    those queued lately, which a bill group takes up at its next evaluation."""
    source, target = _hours(sum(by_state.values(), ZERO)), _hours(grouped)
    elsewhere = {state: by_state[state] for state in _ELSEWHERE if by_state.get(state, ZERO)}
    left = source - target - sum(elsewhere.values(), ZERO)
    if left > 0 < lately:
        elsewhere["in_flight"] = min(left, lately)
    explained = tuple(Explained(state=state, value=_hours(value)) for state, value in elsewhere.items())
    unexplained = left - elsewhere.get("in_flight", ZERO)
    return Control(
        code="REC-01",
        unit="hours",
        source=source,
        target=target,
        difference=_hours(source - target),
        explained=explained,
        open_=_hours(unexplained),
    )


def money_control(billed: Iterable[Any], invoiced: Iterable[Any], converter: Converter) -> Control:
    """Billed groups against invoices the ERP confirmed (REC-05)."""
    source, target = converter.total(billed), converter.total(invoiced)
    return Control(
        code="REC-05",
        unit="money",
        source=source,
        target=target,
        difference=source - target,
        explained=(),
        open_=source - target,
    )


def _hours(value: Decimal) -> Decimal:
    return round_places(value, HOURS_PLACES)
