"""The calculators by their contracted names (5.0): what the API, the command line and replay call."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, get_args

import msgspec
from msgspec import Struct

from contracts.problems import RuleViolated
from domain import (
    alerts,
    bookings,
    caps,
    discounts,
    expenses,
    fx,
    impact,
    invoices,
    mapping,
    metrics,
    milestones,
    ordering,
    periods,
    rating,
    readiness,
    reconciliation,
    retainers,
    revenue,
    routing,
    snapshot,
    splits,
    states,
    suppliers,
    tax,
)
from domain.calculator_examples import EXAMPLES, Example

LARGEST_EXPONENT = 30


class Calculator(Struct, frozen=True, kw_only=True):
    """A pure function from one struct to another; `input` may be a union of structs told apart by a member."""

    name: str
    summary: str
    function: Callable[[Any], Any]
    input: Any
    output: type[Struct]

    @property
    def example(self) -> Example:
        return EXAMPLES[self.name]

    @property
    def inputs(self) -> tuple[type[Struct], ...]:
        """The structs of `input`."""
        return get_args(self.input) or (self.input,)

    def answer(self, question: Any) -> Struct:
        """The function's answer. Raises RuleViolated when its figures outgrow what amounts may be."""
        found: Struct = self.function(question)
        if _outgrown(msgspec.to_builtins(found, builtin_types=(Decimal,))):
            raise RuleViolated("The figures multiply to more than 30 digits; check them.", code="OUT_OF_RANGE")
        return found


def _outgrown(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.adjusted() >= LARGEST_EXPONENT
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return any(map(_outgrown, parts))


def _calculator(
    name: str, function: Callable[[Any], Any], asked: Any, answered: type[Struct], summary: str
) -> Calculator:
    return Calculator(name=name, summary=summary, function=function, input=asked, output=answered)


_ALL = (
    _calculator("rate.time", rating.rate_time, rating.RateTime, rating.RatedTime, "Price a time entry."),
    _calculator("cap.apply", caps.apply_caps, caps.CapQuestion, caps.CapResult, "Split items at not-to-exceed caps."),
    _calculator(
        "rate.expense", expenses.rate_expense, expenses.RateExpense, expenses.RatedExpense, "Price an expense item."
    ),
    _calculator("fx.rate", fx.exchange_rate, fx.FxQuestion, fx.FxRate, "Find the exchange rate of a day."),
    _calculator("tax.determine", tax.determine_tax, tax.TaxQuestion, tax.TaxAnswer, "Decide which tax a line carries."),
    _calculator(
        "invoice.group",
        invoices.group_transactions,
        invoices.GroupQuestion,
        invoices.DraftGroups,
        "Gather transactions into drafts.",
    ),
    _calculator(
        "invoice.totals",
        invoices.invoice_totals,
        invoices.TotalsQuestion,
        invoices.Totals,
        "Total a draft: net, tax by group, gross.",
    ),
    _calculator(
        "retainer.apply",
        retainers.apply_retainers,
        retainers.RetainerQuestion,
        retainers.RetainerResult,
        "Draw retainers down.",
    ),
    _calculator(
        "discount.volume",
        discounts.volume_discount,
        discounts.VolumeQuestion,
        discounts.VolumeDiscount,
        "Work out a volume discount by marginal tiers.",
    ),
    _calculator(
        "alloc.split", splits.allocate_amount, splits.Allocation, splits.AllocatedParts, "Divide an amount by weights."
    ),
    _calculator(
        "split.customers",
        splits.split_customers,
        splits.SplitQuestion,
        splits.CustomerParts,
        "Divide an amount between customers.",
    ),
    _calculator(
        "milestone.schedule",
        milestones.schedule_milestones,
        milestones.MilestonePlan,
        milestones.MilestoneSchedule,
        "Divide a line value over milestones.",
    ),
    _calculator(
        "readiness.evaluate",
        readiness.evaluate,
        snapshot.ReadinessSnapshot,
        readiness.Readiness,
        "Judge whether a bill group may be drafted.",
    ),
    _calculator(
        "recon.evaluate",
        reconciliation.evaluate_control,
        reconciliation.CONTROL_QUESTIONS,
        reconciliation.ReconAnswer,
        "Compare the two sides of a reconciliation control.",
    ),
    _calculator(
        "impact.plan",
        impact.plan_impact,
        impact.ImpactQuestion,
        impact.ImpactPlan,
        "Plan what a correction or a rate change does.",
    ),
    _calculator(
        "revrec.compute",
        revenue.recognise,
        revenue.RevenueQuestion,
        revenue.Recognised,
        "Work out revenue to date and of the period.",
    ),
    _calculator(
        "booking.check",
        bookings.check_bookings,
        bookings.BookingQuestion,
        bookings.BookingCheck,
        "Find overbooked days of a resource.",
    ),
    _calculator(
        "period.posting_date",
        periods.posting_date,
        periods.PostingQuestion,
        periods.PostingDate,
        "Find the posting date of a service date.",
    ),
    _calculator(
        "ledger.route",
        routing.route_document,
        routing.RouteQuestion,
        routing.LedgerRoute,
        "Choose the ledger of a document.",
    ),
    _calculator(
        "vendor.release",
        suppliers.releasable_amount,
        suppliers.ReleaseQuestion,
        suppliers.Release,
        "Work out how much of a supplier invoice may be paid.",
    ),
    _calculator(
        "adapter.map_time",
        mapping.map_time,
        mapping.MapQuestion,
        mapping.MappedRecord,
        "Read a source's record as a time entry.",
    ),
    _calculator(
        "event.apply",
        ordering.apply_events,
        ordering.EventBatch,
        ordering.EventOutcome,
        "Put events of one object in order.",
    ),
    _calculator(
        "state.apply", states.apply_command, states.StateCommand, states.StateChange, "Move an object by a command."
    ),
    _calculator(
        "alert.priority",
        alerts.alert_priority,
        alerts.PriorityQuestion,
        alerts.PriorityAnswer,
        "Rank an exception by urgency.",
    ),
    _calculator("sla.due", alerts.sla_due, alerts.SlaQuestion, alerts.SlaDue, "Find when an exception is due."),
    _calculator(
        "metric.compute",
        metrics.compute_metric,
        metrics.METRIC_QUESTIONS,
        metrics.MetricValue,
        "Compute a metric from its sums.",
    ),
)

CALCULATORS: Mapping[str, Calculator] = MappingProxyType({one.name: one for one in _ALL})
