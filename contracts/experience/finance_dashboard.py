"""What finance looks at: the billing queue with figures, one item with its checks, and how fresh it all is."""

from datetime import date, datetime
from typing import Literal, Protocol

from msgspec import Struct

from contracts.call import Call
from contracts.canon.ref import Code, CurrencyCode, Cursor, Limit, Text
from contracts.experience.finance_figures import BillingFigures
from contracts.money import Exact
from contracts.operation import operation
from contracts.problems import NotFound
from contracts.process.billing_objects import BillGroup, BillGroupState, Check


class Figure(Struct, frozen=True, kw_only=True):
    """Count, amount and hours of the items in one state and currency."""

    state: BillGroupState
    currency: CurrencyCode
    count: int
    amount: Exact
    hours: Exact


class Reason(Struct, frozen=True, kw_only=True):
    """A blocking reason with what it holds back, the largest first."""

    code: Code
    sentence: str
    owner_role: Code
    count: int
    currency: CurrencyCode
    amount: Exact


class Freshness(Struct, frozen=True, kw_only=True):
    """When a system was last read: the instance `system` of the vendor `name`. `stale` when longer ago than that system's limit.

    `record_url` is the address of a record for people, with `{id}` and `{kind}` in it; null where the connection does not say.
    """

    system: Code
    name: str
    port: Code
    read_at: datetime | None
    stale: bool
    limit_s: int
    record_url: str | None = None


class Unbilled(Struct, frozen=True, kw_only=True):
    """Approved value that is not invoiced, by transaction state and currency."""

    state: Code
    currency: CurrencyCode
    count: int
    amount: Exact
    hours: Exact


class QueueItem(BillGroup, frozen=True, kw_only=True):
    """A bill group, and since when it is in its state; ready with warnings or without is one state here.

    `because` is what the first of the failed checks found, in a sentence; null when nothing blocks the item.
    """

    since: datetime
    because: str | None = None


QueueView = Literal["ready", "blocked", "posting", "posted"]


class QueueCount(Struct, frozen=True, kw_only=True):
    """How many items a view of the queue has."""

    view: QueueView
    count: int


class QueueCounts(Struct, frozen=True, kw_only=True):
    """The views that have items."""

    items: tuple[QueueCount, ...]
    as_of: datetime


QueueSort = Literal["queue", "amount", "hours", "client", "age"]


class Matching(Struct, frozen=True, kw_only=True):
    """All items that the filters let through, in one currency; `before` of them stood on earlier pages."""

    currency: CurrencyCode
    count: int
    before: int
    amount: Exact


class BillingQueue(Struct, frozen=True, kw_only=True):
    """The queue. `items` are one page of what `matching` sums up; figures and reasons count all items, whatever the filters.

    `entities` are the legal entities that have items, `periods` the ends of the last 24 billing periods that do, newest first.
    """

    figures: tuple[Figure, ...]
    unbilled: tuple[Unbilled, ...]
    reasons: tuple[Reason, ...]
    items: tuple[QueueItem, ...]
    matching: tuple[Matching, ...] = ()
    entities: tuple[Code, ...] = ()
    periods: tuple[date, ...] = ()
    freshness: tuple[Freshness, ...]
    next_cursor: str | None = None
    as_of: datetime


class TimelineEntry(Struct, frozen=True, kw_only=True):
    """Something that happened to the item."""

    at: datetime
    system: Code
    what: str
    by: str | None = None


class BillingItem(Struct, frozen=True, kw_only=True):
    """One item with its 32 checks, their evidence, and how it got here. `approved_on` is the last day (UTC) on which work of it
    was approved; null when none of it is waiting to be billed."""

    item: QueueItem
    approved_on: date | None = None
    checks: tuple[Check, ...]
    timeline: tuple[TimelineEntry, ...]
    freshness: tuple[Freshness, ...]
    as_of: datetime


class FinanceDashboard(Protocol):
    """The finance view."""

    @operation("GET", "/billing-queue", scope="finance:read")
    async def billing_queue(
        self,
        call: Call,
        state: BillGroupState | None = None,
        view: QueueView | None = None,
        reason: Code | None = None,
        entity: Code | None = None,
        period: date | None = None,
        search: Text | None = None,
        sort: QueueSort = "queue",
        reverse: bool = False,
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> BillingQueue:
        """Read the billing queue with figures, reasons and freshness.

        A `view` is one or two states: ready (with or without warnings), blocked, posting (drafted and not billed yet), posted.
        `period` is the last day of a billing period. `search` looks in client, contract, project, invoice and id.
        The largest amount, the most hours, the oldest come first; `reverse` turns it.
        """
        ...

    @operation("GET", "/billing-counts", scope="finance:read")
    async def queue_counts(self, call: Call) -> QueueCounts:
        """Read how many items are ready, blocked, posting and posted."""
        ...

    @operation("GET", "/billing-figures", scope="finance:read")
    async def billing_figures(self, call: Call, currency: CurrencyCode | None = None) -> BillingFigures:
        """Read the figures above the queue and the data of its charts, in one currency: the most used one when none is named."""
        ...

    @operation("GET", "/billing-queue/{item_id}", scope="finance:read", problems=(NotFound,))
    async def billing_item(self, call: Call, item_id: Code) -> BillingItem:
        """Read one item with its checks, evidence and timeline."""
        ...

    @operation("GET", "/freshness", scope="finance:read")
    async def freshness(self, call: Call) -> "FreshnessReport":
        """Read when each connected system was last read."""
        ...


class FreshnessReport(Struct, frozen=True, kw_only=True):
    """Freshness of all connected systems."""

    items: tuple[Freshness, ...]
    as_of: datetime
