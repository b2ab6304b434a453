"""One listing of the queue: which items, in which order, from which place on. Statements name columns; values are parameters."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from contracts.experience.finance_dashboard import QueueSort, QueueView
from contracts.problems import InvalidRequest, Violation
from contracts.process.billing_objects import BillGroupState

_MARK_BYTES = 6

# A group that lost all its items before it was billed is not shown.
SHOWN = "(transaction_count > 0 or not evaluated or state in ('drafted', 'billed'))"
_VIEWS: dict[QueueView, tuple[BillGroupState, ...]] = {
    "ready": ("ready", "ready_with_warnings"),
    "blocked": ("blocked",),
    "posting": ("drafted",),
    "posted": ("billed",),
}
_AMOUNT = "to_char(1000000000000000 - net_amount, 'FM0000000000000000.0000')"
_PLACES: dict[QueueSort, str] = {
    "queue": f"""(case state when 'ready' then '1' when 'ready_with_warnings' then '2' when 'blocked' then '3'
        when 'collecting' then '4' when 'drafted' then '5' when 'billed' then '6' else '7' end)
        || to_char(period_end, 'YYYYMMDD') || {_AMOUNT} || key""",
    "amount": f"{_AMOUNT} || key",
    "hours": "to_char(1000000000 - hours, 'FM0000000000.0000') || key",
    "client": "lower(body->>'customer_name') || chr(1) || key",
    "age": "to_char(since at time zone 'UTC', 'YYYYMMDDHH24MISSUS') || key",
}
_MATCHING = f"""tenant = $1 and {SHOWN} and ($2::text[] is null or state = any($2)) and ($3::text is null or $3 = any(failed))
  and ($4::text is null or body->>'legal_entity_id' = $4)
  and ($5::text is null or id = $6 or body->>'invoice_id' = $6 or body->'project_ids' ? $6
       or body->>'customer_name' ilike $5 or body->>'contract_name' ilike $5)"""
_ROWS = (
    f"""select body, since, currency, net_amount, {{place}} collate "C" as place from finance_item where {_MATCHING}"""  # noqa: S608
)
_PAGE = """
select body, since, place from ({rows}) as queue where $7 = '' or place {beyond} $7 order by place {order} limit $8
"""
_SUMMARY = """
select currency, count(*) as count, count(*) filter (where $7 <> '' and not place {beyond} $7) as before,
       sum(net_amount) as amount
from ({rows}) as queue group by currency order by sum(net_amount) desc, currency
"""


class Listing(Struct, frozen=True, kw_only=True):
    """Filters and order."""

    states: tuple[BillGroupState, ...] | None
    reason: str | None
    entity: str | None
    search: str | None
    sort: QueueSort
    reverse: bool

    def page(self) -> str:
        """The statement of a page; after `arguments`, how many rows."""
        return self._said(_PAGE)

    def summary(self) -> str:
        """The statement that sums up all pages."""
        return self._said(_SUMMARY)

    def arguments(self, tenant: str, place: str) -> tuple[Any, ...]:
        """What both statements are given."""
        pattern = None if self.search is None else f"%{_literal(self.search)}%"
        states = None if self.states is None else list(self.states)
        return tenant, states, self.reason, self.entity, pattern, self.search or "", place

    def _said(self, statement: str) -> str:
        # house: sql the places are those of _PLACES
        rows = _ROWS.format(place=_PLACES[self.sort])
        return statement.format(rows=rows, beyond="<" if self.reverse else ">", order="desc" if self.reverse else "asc")


def states_of(state: BillGroupState | None, view: QueueView | None) -> tuple[BillGroupState, ...] | None:
    """The states a caller asks for; None for all, none for a state that is not in the view."""
    if view is None:
        return None if state is None else (state,)
    return tuple(one for one in _VIEWS[view] if state in (None, one))


def after(tenant: str, listing: Listing, cursor: str | None) -> str:
    """The place to go on after. Raises InvalidRequest for a cursor of another list, tenant or making."""
    if cursor is None:
        return ""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii"))
        place = raw[_MARK_BYTES:].decode()
    except (binascii.Error, ValueError):
        raw, place = b"", ""
    if not raw or raw[:_MARK_BYTES] != _mark(tenant, listing, place):
        violation = Violation(code="cursor", detail="Not a cursor of this list.", parameter="cursor", in_="query")
        raise InvalidRequest("`cursor` is not one this list gave out; start again without it.", errors=[violation])
    return place


def following(tenant: str, listing: Listing, rows: Sequence[Any], size: int) -> str | None:
    """The cursor of the next page, when there are more than `size` rows."""
    if len(rows) <= size:
        return None
    place = rows[size - 1]["place"]
    return base64.urlsafe_b64encode(_mark(tenant, listing, place) + place.encode()).decode()


def _mark(tenant: str, listing: Listing, place: str) -> bytes:
    return hashlib.blake2b(f"{tenant}/{astuple(listing)}\0{place}".encode(), digest_size=_MARK_BYTES).digest()


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
