"""The work list of exceptions: pages of it, and how many wait by code and owner."""

from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import astuple

from contracts.money import Money, round_money
from contracts.process.register_objects import BusinessExceptionPage, ExceptionGroup, ExceptionGroups
from domain import exceptions as catalogue
from process_apis.registers import pages
from process_apis.registers.exceptions import COLUMNS, UNSETTLED, from_row
from process_apis.registers.unit import Unit

_PLACE = """to_char(due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || id"""
_PAGE = f"""
select {COLUMNS}, {_PLACE} as place from business_exception
where tenant = $1 and ($4::text is null or state = $4) and ($5::text is null or code = $5)
  and ($6::text is null or owner_role = $6) and ($7::text is null or assignee = $7)
  and ($8::boolean is null or (state = any($10::text[])) = $8)
  and ($9::boolean is null or (state = any($10::text[]) and due_at < $11) = $9) and {_PLACE} > $2
order by place limit $3
"""  # noqa: S608
_GROUPS = """
select code, severity, owner_role, currency, count(*) as count, count(*) filter (where due_at < $4) as late,
       count(*) filter (where assignee is null) as unassigned, sum(amount_at_risk) as amount, min(due_at) as due_at
from business_exception where tenant = $1 and state = any($5::text[])
  and ($2::text is null or owner_role = $2) and ($3::text is null or assignee = $3)
group by code, severity, owner_role, currency order by min(due_at), code, currency
"""


class Filter(Struct, frozen=True, kw_only=True):
    """What a page shows; null means any."""

    state: str | None
    code: str | None
    owner_role: str | None
    assignee: str | None
    unsettled: bool | None
    late: bool | None


async def page(unit: Unit, wanted: Filter, cursor: str | None, limit: int) -> BusinessExceptionPage:
    """A page, the earliest due first."""
    listing = "exceptions/" + "/".join(map(str, astuple(wanted)))
    start = pages.after(unit, listing, cursor) or ""
    values = (unit.tenant, start, limit + 1, *astuple(wanted), list(UNSETTLED), unit.now)
    fetched = await unit.connection.fetch(_PAGE, *values)
    rows, more = pages.cut(unit, listing, fetched, limit, key="place")
    items = tuple(from_row({k: v for k, v in r.items() if k != "place"}) for r in rows)
    return BusinessExceptionPage(items=items, next_cursor=more, as_of=unit.now)


async def groups(unit: Unit, owner_role: str | None, assignee: str | None) -> ExceptionGroups:
    """Unsettled exceptions by code and owner, the earliest due first."""
    rows = await unit.connection.fetch(_GROUPS, unit.tenant, owner_role, assignee, unit.now, list(UNSETTLED))
    found: dict[tuple[str, str, Any], list[Any]] = {}
    for row in rows:
        found.setdefault((row["code"], row["owner_role"], row["severity"]), []).append(dict(row))
    return ExceptionGroups(items=tuple(_group(*key, parts) for key, parts in found.items()), as_of=unit.now)


def _group(code: str, owner_role: str, severity: Literal["blocking", "warning"], parts: list[Any]) -> ExceptionGroup:
    entry = catalogue.entry(code)
    amounts = [(p["currency"], p["amount"]) for p in parts if p["currency"] and p["amount"] is not None]
    return ExceptionGroup(
        code=code,
        meaning=entry.meaning,
        severity=severity,
        owner_role=owner_role,
        suggested_fixes=entry.suggested_fixes,
        count=sum(p["count"] for p in parts),
        late=sum(p["late"] for p in parts),
        unassigned=sum(p["unassigned"] for p in parts),
        at_risk=tuple(Money(round_money(amount, currency), currency) for currency, amount in amounts),
        due_at=min(p["due_at"] for p in parts),
    )
