"""Events -> rows of the finance view. Pure: an event becomes statements, each without effect when it comes again."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from contracts import events
from contracts.events import Event
from contracts.money import written
from contracts.wire import to_builtins

# A statement and its arguments after the tenant, which is always the first one.
Statement = tuple[str, tuple[Any, ...]]

# The sums follow items and transactions by themselves; they come last, so that nothing is left of them.
TABLES = (
    "finance_item", "finance_transaction", "finance_timeline", "finance_invoice", "finance_exception", "finance_sum",
    "finance_level",
)  # fmt: skip

_ITEM = """
insert into finance_item (tenant, id, version, key, state, currency, period_end, net_amount, hours, transaction_count,
                          evaluated, failed, drafted, body, checks, unbilled, changed_at, since)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)
on conflict (tenant, id) do update set version = excluded.version, key = excluded.key, state = excluded.state,
  currency = excluded.currency, period_end = excluded.period_end, net_amount = excluded.net_amount,
  hours = excluded.hours, transaction_count = excluded.transaction_count, evaluated = excluded.evaluated,
  failed = excluded.failed, drafted = excluded.drafted, body = excluded.body, checks = excluded.checks,
  unbilled = excluded.unbilled, changed_at = excluded.changed_at,
  since = case when finance_item.state = excluded.state or finance_item.state like 'ready%' and excluded.state like 'ready%'
    then finance_item.since else excluded.since end
where finance_item.version < excluded.version
"""
_TRANSACTION = """
insert into finance_transaction (tenant, id, version, state, part, currency, amount, hours, changed_at,
                                 approved_at, invoiced_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict (tenant, id) do update set version = excluded.version, state = excluded.state, part = excluded.part,
  currency = excluded.currency, amount = excluded.amount, hours = excluded.hours, changed_at = excluded.changed_at,
  approved_at = excluded.approved_at, invoiced_at = excluded.invoiced_at
where finance_transaction.version < excluded.version
"""
_TIMELINE = """
insert into finance_timeline (tenant, event_id, item_id, version, at, system, what, actor)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (tenant, event_id) do nothing
"""
_INVOICED = """
insert into finance_invoice (tenant, id, item_id, currency, net, draft_version, subjects, posted_at)
values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (tenant, id) do nothing
"""
_MENDED = """
insert into finance_exception (tenant, event_id, subject, opened_at) values ($1, $2, $3, $4)
on conflict (tenant, event_id) do nothing
"""


def statements(event: Event) -> Iterator[Statement]:
    """What an event changes in the view; nothing for one it does not show."""
    if isinstance(event, events.BillGroupChanged):
        yield _item(event)
        if event.state_before != event.group.state:
            yield _moment(event, event.object_id, "hub", _became(event))
    elif isinstance(event, events.TransactionEvent):
        yield _transaction(event)
    elif isinstance(event, events.InvoiceEvent):
        system, what = _INVOICE[event.type](event)
        yield _moment(event, event.bill_group, system, what)
        if isinstance(event, events.InvoicePosted):
            yield _invoice(event)
    elif isinstance(event, events.ExceptionOpened):
        yield _MENDED, (event.dedup_key, event.subject, event.occurred_at)


def _item(event: events.BillGroupChanged) -> Statement:
    group = event.group
    return _ITEM, (
        group.id,
        event.version,
        group.key,
        group.state,
        group.currency,
        group.period_end,
        group.net_amount,
        group.hours,
        group.transaction_count,
        group.evaluated_at is not None,
        list(group.failed),
        list(event.transaction_ids) if group.state == "drafted" else [],
        to_builtins(group),
        to_builtins(event.checks),
        to_builtins(event.unbilled),
        event.occurred_at,
    )


def _transaction(event: events.TransactionEvent) -> Statement:
    return _TRANSACTION, (
        event.object_id,
        event.version,
        event.state,
        event.part,
        event.currency,
        event.amount,
        event.hours,
        event.occurred_at,
        event.approved_at,
        event.occurred_at if event.state == "invoiced" else None,
    )


def _invoice(event: events.InvoicePosted) -> Statement:
    subjects = [event.object_id, event.bill_group, *event.transaction_ids]
    return _INVOICED, (
        event.object_id,
        event.bill_group,
        event.currency,
        event.net,
        event.draft_version,
        subjects,
        event.occurred_at,
    )


def _moment(event: Event, item_id: str, system: str, what: str) -> Statement:
    said = f"{what}: {event.reason}" if event.reason else what
    return _TIMELINE, (event.dedup_key, item_id, event.version, event.occurred_at, system, said, event.actor)


def _became(event: events.BillGroupChanged) -> str:
    group, amount = event.group, written(event.group.net_amount, event.group.currency)
    return {
        "collecting": "Back in the queue" if event.state_before == "drafted" else "Opened",
        "blocked": f"Blocked by {_count(len(group.failed), 'check')}, {amount}",
        "ready": f"Ready, {amount}",
        "ready_with_warnings": f"Ready with {_count(len(group.warnings), 'warning')}, {amount}",
        "drafted": f"Drafted, {amount}",
        "billed": f"Billed, {amount}",
        "skipped": "Skipped; its items roll to the next period",
    }[group.state]


def _gross(event: events.InvoiceEvent) -> str:
    return written(event.gross, event.currency)


_INVOICE: Mapping[str, Callable[[events.InvoiceEvent], tuple[str, str]]] = MappingProxyType(
    {
        "invoice.approved": lambda e: ("hub", f"Invoice approved, {_gross(e)} gross"),
        "invoice.cancelled": lambda e: ("hub", "Draft cancelled"),
        "invoice.posted": lambda e: ("erp", f"Invoice posted as {e.erp_number}, {_gross(e)} gross"),
        "invoice.post_failed": lambda e: ("erp", "Posting refused"),
        "invoice.sent": lambda e: ("erp", "Invoice sent"),
    }
)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


# The events the view is made of, by type.
SHOWN: Mapping[str, type[Event]] = MappingProxyType(
    {
        kind.type: kind
        for kind in events.EVENTS.values()
        if issubclass(kind, events.BillGroupChanged | events.TransactionEvent | events.ExceptionOpened)
        or kind.type in _INVOICE
    }
)
