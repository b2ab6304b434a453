"""The work list of exceptions: pages of it, and how many wait by code and owner."""

from typing import Any, Literal

from contracts.money import Money, round_money
from contracts.process.exception_objects import BusinessExceptionPage, ExceptionGroup, ExceptionGroups
from domain import exceptions as catalogue
from process_apis.registers.exceptions import COLUMNS, UNSETTLED, from_row
from process_apis.registers.unit import Unit
from runtime.data.listing import CHANGED, CHANGED_SINCE, Column, Listing, Wanted, same

_IS_UNSETTLED = f"state in {UNSETTLED}"
LISTING = Listing(
    table="business_exception",
    columns=COLUMNS,
    filters={
        **same("state", "code", "owner_role", "assignee", "severity", "object_id", "contract_id"),
        "unsettled": f"{_IS_UNSETTLED} and {{}}",
        "settled": f"not {_IS_UNSETTLED} and {{}}",
        "late": f"{_IS_UNSETTLED} and due_at < {{}}",
        "in_time": f"not ({_IS_UNSETTLED} and due_at < {{}})",
        "changed_since": CHANGED_SINCE,
    },
    orders={
        "due_at": (Column("due_at", "timestamptz"),),
        "amount_at_risk": (Column("coalesce(amount_at_risk, 0)", "numeric"),),
        "updated_at": (CHANGED,),
        "id": (),
    },
)
_GROUPS = """
select code, severity, owner_role, currency, count(*) as count, count(*) filter (where due_at < $4) as late,
       count(*) filter (where assignee is null) as unassigned, sum(amount_at_risk) as amount, min(due_at) as due_at
from business_exception where tenant = $1 and state = any($5::text[])
  and ($2::text is null or owner_role = $2) and ($3::text is null or assignee = $3)
group by code, severity, owner_role, currency order by min(due_at), code, currency
"""


async def page(unit: Unit, wanted: Wanted) -> BusinessExceptionPage:
    """A page of them. The filters `unsettled` and `late` are true or false."""
    given = dict(wanted.filters)
    unsettled, late = given.pop("unsettled"), given.pop("late")
    if unsettled is not None:
        given["unsettled" if unsettled else "settled"] = True
    if late is not None:
        given["late" if late else "in_time"] = unit.now
    rows, more = await LISTING.page(unit.connection, unit.tenant, wanted, given)
    return BusinessExceptionPage(items=tuple(from_row(r) for r in rows), next_cursor=more, as_of=unit.now)


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
