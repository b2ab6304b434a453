"""One listing of the queue: which items, in which order, from which place on. Statements name columns; values are parameters."""

import base64
import binascii
import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from contracts.experience.finance_dashboard import QueueSort, QueueView
from contracts.problems import InvalidRequest, Violation
from contracts.process.billing_objects import BillGroupState

_MARK_BYTES = 6

_RANKS: dict[BillGroupState, int] = {
    "ready": 1, "ready_with_warnings": 2, "blocked": 3, "collecting": 4, "drafted": 5, "billed": 6, "skipped": 7
}  # fmt: skip
_VIEWS: dict[QueueView, tuple[BillGroupState, ...]] = {
    "ready": ("ready", "ready_with_warnings"),
    "blocked": ("blocked",),
    "posting": ("drafted",),
    "posted": ("billed",),
}
VIEW_OF = {state: view for view, states in _VIEWS.items() for state in states}
# Each order as columns with their types, as an index has them.
_KEY = ('key collate "C"', "text")
_ORDERS: dict[QueueSort, tuple[tuple[str, str], ...]] = {
    "queue": (("rank", "smallint"), ("period_end", "date"), ("(-net_amount)", "numeric"), _KEY),
    "amount": (("(-net_amount)", "numeric"), _KEY),
    "hours": (("(-hours)", "numeric"), _KEY),
    "client": (('client collate "C"', "text"), _KEY),
    "age": (("since", "timestamptz"), _KEY),
}
# What the first of the failed checks found.
BECAUSE = "(select c->>'sentence' from jsonb_array_elements(checks) c where c->>'code' = failed[1] limit 1) as because"
_PAGE = """
select body, since, {because}, currency, array[{texts}] as place from finance_item
where tenant = $1 and shown and {conditions} order by {order} limit {size}
"""
_FOUND = """
select currency, count(*) as count, sum(net_amount) as amount from finance_item
where tenant = $1 and shown and {conditions} group by currency order by sum(net_amount) desc, currency
"""
# What is looked for stands in indexes of its own, one of which is read whole; few items match, and are read by their ids.
_WORDS = """id = any(array(
  select id from finance_item
  where tenant = $1 and (named like lower(({0}::text[])[2]) or ({0}::text[])[1] in (id, invoice))
  union select id from finance_item where tenant = $1 and projects ? ({0}::text[])[1]))"""
_SUMMED = """
select currency, sum(count)::bigint as count, sum(amount) as amount from finance_sum
where tenant = $1 and shown and kind = $2 and ($3::text[] is null or state = any($3))
  and ($4::text is null or legal_entity = $4) and ($5::text is null or label = $5)
  and ($6::date is null or day = $6)
group by currency having sum(count) > 0 order by sum(amount) desc, currency
"""

# A statement with its arguments.
Asked = tuple[str, list[Any]]


class Place(Struct, frozen=True, array_like=True):
    """Where a page ended: the values of its order, and how many items stood before, by currency."""

    values: tuple[str, ...] = ()
    before: dict[str, int] = {}


class Listing(Struct, frozen=True, kw_only=True):
    """Filters and order."""

    states: tuple[BillGroupState, ...] | None
    reason: str | None
    entity: str | None
    period: date | None
    search: str | None
    sort: QueueSort
    reverse: bool

    def page(self, tenant: str, place: Place, size: int) -> Asked:
        """The items from a place on."""
        conditions, values = self._filters(tenant)
        order = _ORDERS[self.sort]
        columns = [column for column, _ in order]
        if place.values:
            values.append(list(place.values))
            at = (f"${len(values)}::text[])[{n}]::{kind}" for n, (_, kind) in enumerate(order, 1))
            conditions.append(
                f"({', '.join(columns)}) {'<' if self.reverse else '>'} ({', '.join(f'({a}' for a in at)})"
            )
        values.append(size)
        # house: sql the columns are those of _ORDERS
        statement = _PAGE.format(
            because=BECAUSE,
            texts=", ".join(f"({column})::text" for column in columns),
            conditions=" and ".join(conditions),
            order=", ".join(f"{column} {'desc' if self.reverse else 'asc'}" for column in columns),
            size=f"${len(values)}",
        )
        return statement, values

    def matching(self, tenant: str) -> Asked:
        """Count and amount of all pages, by currency: from the sums that are kept, where one of them is meant."""
        if self.search is None and None in (self.reason, self.period):
            kind, states = "item" if self.reason is None else "reason", self.states and list(self.states)
            return _SUMMED, [tenant, kind, states, self.entity, self.reason, self.period]
        conditions, values = self._filters(tenant)
        # house: sql the conditions are those of _filters
        return _FOUND.format(conditions=" and ".join(conditions)), values

    def _filters(self, tenant: str) -> tuple[list[str], list[Any]]:
        """Conditions with the values they name, of which the tenant is the first."""
        ranks = [_RANKS[state] for state in (_RANKS if self.states is None else self.states)]
        values: list[Any] = [tenant, min(ranks, default=1), max(ranks, default=0)]
        conditions = ["rank between $2 and $3"]
        given = (
            ("queue_view = {}", _view_of(self.states)),
            ("{} = any(failed)", self.reason),
            ("legal_entity = {}", self.entity),
            ("period_end = {}", self.period),
            (_WORDS, self.search and [self.search, f"%{_literal(self.search)}%"]),
        )
        for condition, value in given:
            if value is not None:
                values.append(value)
                conditions.append(condition.format(f"${len(values)}"))
        return conditions, values


def _view_of(states: tuple[BillGroupState, ...] | None) -> str | None:
    """The view all states belong to, if there is one."""
    found = {VIEW_OF.get(state) for state in states or ()}
    return found.pop() if len(found) == 1 else None


def states_of(state: BillGroupState | None, view: QueueView | None) -> tuple[BillGroupState, ...] | None:
    """The states a caller asks for; None for all, none for a state that is not in the view."""
    if view is None:
        return None if state is None else (state,)
    return tuple(one for one in _VIEWS[view] if state in (None, one))


def after(tenant: str, listing: Listing, cursor: str | None) -> Place:
    """The place to go on after. Raises InvalidRequest for a cursor of another list, tenant or making."""
    if cursor is None:
        return Place()
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii"))
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or raw[:_MARK_BYTES] != _mark(tenant, listing, raw[_MARK_BYTES:]):
        violation = Violation(code="cursor", detail="Not a cursor of this list.", parameter="cursor", in_="query")
        raise InvalidRequest("`cursor` is not one this list gave out; start again without it.", errors=[violation])
    return msgspec.json.decode(raw[_MARK_BYTES:], type=Place)


def following(tenant: str, listing: Listing, place: Place, rows: Sequence[Any], size: int) -> str | None:
    """The cursor of the next page, when there are more than `size` rows."""
    if len(rows) <= size:
        return None
    before = Counter(place.before)
    before.update(row["currency"] for row in rows[:size])
    told = msgspec.json.encode(Place(tuple(rows[size - 1]["place"]), dict(before)))
    return base64.urlsafe_b64encode(_mark(tenant, listing, told) + told).decode()


def _mark(tenant: str, listing: Listing, place: bytes) -> bytes:
    return hashlib.blake2b(f"{tenant}/{astuple(listing)}\0".encode() + place, digest_size=_MARK_BYTES).digest()


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
