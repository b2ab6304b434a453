"""One listing of the queue: which items, in which order, from which place on."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from contracts.experience.finance_dashboard import QueueSort, QueueView
from contracts.process.billing_objects import BillGroupState
from contracts.wire import decode, encode
from runtime.data.cursors import cursor_at, place_of
from runtime.data.listing import Column, Listing, Statement

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
# What the first of the failed checks found.
BECAUSE = "(select c->>'sentence' from jsonb_array_elements(checks) c where c->>'code' = failed[1] limit 1) as because"
_FOUND = """
select currency, count(*) as count, sum(net_amount) as amount from finance_item
where tenant = $1 and {conditions} group by currency order by sum(net_amount) desc, currency
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

_QUEUE = Listing(
    table="finance_item",
    columns=f"body, since, {BECAUSE}, currency",
    always="shown",
    filters={
        "first_rank": "rank >= {}",
        "last_rank": "rank <= {}",
        "view": "queue_view = {}",
        "reason": "{} = any(failed)",
        "entity": "legal_entity = {}",
        "period": "period_end = {}",
        "words": _WORDS,
    },
    orders={
        "queue": (Column("rank", "smallint"), Column("period_end", "date"), Column("(-net_amount)", "numeric")),
        "amount": (Column("(-net_amount)", "numeric"),),
        "hours": (Column("(-hours)", "numeric"),),
        "client": (Column('client collate "C"'),),
        "age": (Column("since", "timestamptz"),),
    },
    key=(Column('key collate "C"'),),
)


class Place(Struct, frozen=True, array_like=True):
    """Where a page ended: the values of its order, and how many items stood before, by currency."""

    values: tuple[str, ...] = ()
    before: dict[str, int] = {}


class Wanted(Struct, frozen=True, kw_only=True):
    """Filters and order."""

    states: tuple[BillGroupState, ...] | None
    reason: str | None
    entity: str | None
    period: date | None
    search: str | None
    sort: QueueSort
    reverse: bool

    def page(self, tenant: str, place: Place, size: int) -> Statement:
        """The items from a place on."""
        sort = f"-{self.sort}" if self.reverse else self.sort
        return _QUEUE.statement(tenant, self._filters(), sort, place.values or None, size)

    def matching(self, tenant: str) -> Statement:
        """Count and amount of all pages, by currency: from the sums that are kept, where one of them is meant."""
        if self.search is None and None in (self.reason, self.period):
            kind, states = "item" if self.reason is None else "reason", self.states and list(self.states)
            return _SUMMED, [tenant, kind, states, self.entity, self.reason, self.period]
        conditions, values = _QUEUE.conditions(tenant, self._filters())
        # house: sql the conditions are those of _QUEUE
        return _FOUND.format(conditions=conditions), values

    def _filters(self) -> dict[str, Any]:
        ranks = [_RANKS[state] for state in (_RANKS if self.states is None else self.states)]
        return {
            "first_rank": min(ranks, default=1),
            "last_rank": max(ranks, default=0),
            "view": _view_of(self.states),
            "reason": self.reason,
            "entity": self.entity,
            "period": self.period,
            "words": self.search and [self.search, f"%{_literal(self.search)}%"],
        }


def _view_of(states: tuple[BillGroupState, ...] | None) -> str | None:
    """The view all states belong to, if there is one."""
    found = {VIEW_OF.get(state) for state in states or ()}
    return found.pop() if len(found) == 1 else None


def states_of(state: BillGroupState | None, view: QueueView | None) -> tuple[BillGroupState, ...] | None:
    """The states a caller asks for; None for all, none for a state that is not in the view."""
    if view is None:
        return None if state is None else (state,)
    return tuple(one for one in _VIEWS[view] if state in (None, one))


def after(tenant: str, wanted: Wanted, cursor: str | None) -> Place:
    """The place to go on after. Raises InvalidRequest for a cursor of another list, tenant or making."""
    return Place() if cursor is None else decode(place_of(cursor, tenant, astuple(wanted)), Place)


def following(tenant: str, wanted: Wanted, place: Place, rows: Sequence[Any], size: int) -> str | None:
    """The cursor of the next page, when there are more than `size` rows."""
    if len(rows) <= size:
        return None
    before = Counter(place.before)
    before.update(row["currency"] for row in rows[:size])
    return cursor_at(encode(Place(tuple(rows[size - 1]["place"]), dict(before))), tenant, astuple(wanted))


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
