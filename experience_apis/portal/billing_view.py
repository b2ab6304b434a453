"""What of the billing queue is shown: view, filters, order and page, all of them in the address."""

from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from msgspec import Meta, Struct
from msgspec.structs import asdict, replace

from contracts.experience.finance_dashboard import BillingQueue, QueueSort, QueueView

PATH = "/portal/billing"
PAGE = 50
LABELS: dict[QueueView, str] = {"ready": "Ready", "blocked": "Blocked", "posting": "Posting", "posted": "Posted"}
_STATES: dict[QueueView, tuple[str, ...]] = {
    "ready": ("ready", "ready_with_warnings"),
    "blocked": ("blocked",),
    "posting": ("drafted",),
    "posted": ("billed",),
}
_LARGEST_FIRST = ("amount", "hours")


class View(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The query of the page. `all` says that every item of the view is selected, not only this page's."""

    view: QueueView = "ready"
    reason: Annotated[str, Meta(max_length=60)] | None = None
    entity: Annotated[str, Meta(max_length=60)] | None = None
    period: date | None = None
    search: Annotated[str, Meta(max_length=200)] | None = None
    sort: QueueSort = "queue"
    reverse: bool = False
    cursor: Annotated[str, Meta(max_length=500)] | None = None
    all: bool = False

    def href(self, **changes: Any) -> str:
        """The address of this view with changes; what is as usual is left out."""
        wanted, usual = asdict(replace(self, **changes)), asdict(View())
        pairs = {name: _text(value) for name, value in wanted.items() if value != usual[name] or name == "view"}
        return f"{PATH}?{urlencode(pairs)}"

    def sorted_by(self, sort: QueueSort) -> str:
        """Where the head of a column leads: the same order turned when it is sorted by it already."""
        return self.href(sort=sort, reverse=self.sort == sort and not self.reverse, cursor=None, all=False)

    def order(self, sort: QueueSort) -> str:
        """`aria-sort` of a column."""
        if self.sort != sort:
            return "none"
        return "descending" if (sort in _LARGEST_FIRST) != self.reverse else "ascending"

    @property
    def filtered(self) -> bool:
        """Whether less than the whole view is shown."""
        return any((self.reason, self.entity, self.period, self.search))

    def question(self) -> dict[str, Any]:
        """As the operation takes it."""
        wanted = {
            name: getattr(self, name) for name in ("view", "reason", "entity", "period", "search", "sort", "reverse")
        }
        return {**wanted, "cursor": self.cursor, "limit": PAGE}


def tabs(view: View, queue: BillingQueue) -> list[dict[str, Any]]:
    """The views with their counts."""
    return [
        {
            "label": label,
            "href": View(view=name, period=view.period).href(),
            "count": sum(figure.count for figure in queue.figures if figure.state in _STATES[name]),
            "current": name == view.view,
        }
        for name, label in LABELS.items()
    ]


def periods(view: View, queue: BillingQueue) -> dict[str, Any]:
    """The billing period that is shown, and the others; None stands for all of them."""
    choices: list[tuple[str, date | None]] = [("All periods", None)]
    choices += [(period_name(end), end) for end in queue.periods]
    return {
        "shown": "All periods" if view.period is None else period_name(view.period),
        "choices": [
            {"label": label, "href": view.href(period=end, cursor=None, all=False), "current": end == view.period}
            for label, end in choices
        ],
    }


def period_name(end: date) -> str:
    """`October 2026`; `to 15 October 2026` of a period that does not end with its month."""
    ends_month = (end + timedelta(days=1)).day == 1
    return f"{end:%B %Y}" if ends_month else f"to {end:%-d %B %Y}"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
