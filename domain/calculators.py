"""The calculators by their contracted names (5.0): what the API, the command line and replay call."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from domain import (
    alerts,
    bookings,
    caps,
    discounts,
    expenses,
    fx,
    impact,
    invoices,
    milestones,
    ordering,
    periods,
    rating,
    readiness,
    reconciliation,
    retainers,
    snapshot,
    splits,
    states,
    tax,
)


class Calculator(Struct, frozen=True, kw_only=True):
    """A pure function from one struct to another."""

    name: str
    function: Callable[[Any], Any]
    input: type[Struct]
    output: type[Struct]


def _calculator(name: str, function: Callable[[Any], Any], asked: type[Struct], answered: type[Struct]) -> Calculator:
    return Calculator(name=name, function=function, input=asked, output=answered)


_ALL = (
    _calculator("rate.time", rating.rate_time, rating.RateTime, rating.RatedTime),
    _calculator("rate.expense", expenses.rate_expense, expenses.RateExpense, expenses.RatedExpense),
    _calculator("cap.apply", caps.apply_caps, caps.CapQuestion, caps.CapResult),
    _calculator("fx.rate", fx.exchange_rate, fx.FxQuestion, fx.FxRate),
    _calculator("tax.determine", tax.determine_tax, tax.TaxQuestion, tax.TaxAnswer),
    _calculator("invoice.group", invoices.group_transactions, invoices.GroupQuestion, invoices.DraftGroups),
    _calculator("invoice.totals", invoices.invoice_totals, invoices.TotalsQuestion, invoices.Totals),
    _calculator("discount.volume", discounts.volume_discount, discounts.VolumeQuestion, discounts.VolumeDiscount),
    _calculator("retainer.apply", retainers.apply_retainers, retainers.RetainerQuestion, retainers.RetainerResult),
    _calculator("alloc.split", splits.allocate_amount, splits.Allocation, splits.AllocatedParts),
    _calculator("split.customers", splits.split_customers, splits.SplitQuestion, splits.CustomerParts),
    _calculator(
        "milestone.schedule", milestones.schedule_milestones, milestones.MilestonePlan, milestones.MilestoneSchedule
    ),
    _calculator("readiness.evaluate", readiness.evaluate, snapshot.ReadinessSnapshot, readiness.Readiness),
    _calculator(
        "recon.evaluate", reconciliation.evaluate_control, reconciliation.ReconQuestion, reconciliation.ReconAnswer
    ),
    _calculator("impact.plan", impact.plan_impact, impact.ImpactQuestion, impact.ImpactPlan),
    _calculator("booking.check", bookings.check_bookings, bookings.BookingQuestion, bookings.BookingCheck),
    _calculator("period.posting_date", periods.posting_date, periods.PostingQuestion, periods.PostingDate),
    _calculator("event.apply", ordering.apply_events, ordering.EventBatch, ordering.EventOutcome),
    _calculator("state.apply", states.apply_command, states.StateCommand, states.StateChange),
    _calculator("alert.priority", alerts.alert_priority, alerts.PriorityQuestion, alerts.PriorityAnswer),
    _calculator("sla.due", alerts.sla_due, alerts.SlaQuestion, alerts.SlaDue),
)

CALCULATORS: Mapping[str, Calculator] = MappingProxyType({one.name: one for one in _ALL})
