"""impact.plan row by row: every state under both triggers, both sides of the window and of the tolerance (IMP-1 to IMP-8)."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.money import Exact
from domain.impact import AffectedTransaction, ImpactQuestion, plan_impact
from tests.unit.domain import given as some

CHANGED_ON = dt.date(2026, 4, 10)
_INVOICE_STATES = ("draft", "in_review", "approved", "posting", "post_failed", "posted", "sent", "paid")
_STATES = (
    "pending", "validated", "exception", "rated", "held", "queued", "drafted", "invoiced", "reversed", "written_off", "excluded",
)  # fmt: skip


def one(state: Any, delta: str = "100", **more: Any) -> AffectedTransaction:
    day = more.pop("service_date", dt.date(2026, 3, 20))
    return AffectedTransaction(
        id="t", state=state, service_date=day, old_amount=Exact("1000"), new_amount=Exact(1000 + Exact(delta)), **more
    )


def asked(*transactions: AffectedTransaction, **more: Any) -> ImpactQuestion:
    defaults: dict[str, Any] = {"trigger": "rerate", "changed_on": CHANGED_ON, "currency": "EUR"}
    return ImpactQuestion(transactions=transactions, **{**defaults, **more})


def action(transaction: AffectedTransaction, **more: Any) -> str:
    return plan_impact(asked(transaction, **more)).actions[0].action


@pytest.mark.parametrize("trigger", ["rerate", "correction"])
@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (("reversed", "written_off", "excluded"), "none"),
        (("pending", "validated", "exception", "rated", "held"), "replace"),
        (("queued",), "reverse_and_repost"),
        (("invoiced",), "adjust_next_invoice"),
    ],
)
def test_the_state_decides(trigger: str, states: tuple[str, ...], expected: str) -> None:
    assert [action(one(state), trigger=trigger) for state in states] == [expected] * len(states)


@pytest.mark.parametrize(
    ("invoice_states", "expected"),
    [
        (("draft", "in_review", None), "pull_replace_readd"),
        (("approved", "posting", "post_failed"), "needs_unapprove"),
    ],
)
def test_a_draft_is_open_until_it_is_approved(invoice_states: tuple[str | None, ...], expected: str) -> None:
    for state in invoice_states:
        assert action(one("drafted", invoice_state=state)) == expected


@pytest.mark.parametrize(("days", "rerate"), [(90, "replace"), (91, "needs_window_approval"), (-1, "replace")])
def test_the_window_is_inclusive_and_not_for_corrections(days: int, rerate: str) -> None:
    worked = one("rated", service_date=CHANGED_ON - dt.timedelta(days=days))
    assert action(worked) == rerate
    assert action(worked, trigger="correction") == "replace"
    assert action(worked, window_days=91) == "replace"


@pytest.mark.parametrize(
    ("delta", "tolerance", "expected"),
    [
        ("1.00", "1.00", "ignore_below_tolerance"),
        ("-1.00", "1.00", "ignore_below_tolerance"),
        ("1.01", "1.00", "adjust_next_invoice"),
        ("-1.01", "1.00", "adjust_next_invoice"),
        ("1.01", "2.50", "ignore_below_tolerance"),
        ("0.01", "0", "adjust_next_invoice"),
    ],
)
def test_the_tolerance_is_inclusive(delta: str, tolerance: str, expected: str) -> None:
    assert action(one("invoiced", delta, invoice_id="I"), tolerance=Exact(tolerance)) == expected
    assert action(one("invoiced", "1.00", invoice_id="I")) == "ignore_below_tolerance"


def test_only_what_reaches_the_tolerance_counts_for_it() -> None:
    """Deltas of other invoices, of drafts and of work outside the window are not added up."""
    old = dt.date(2025, 12, 1)
    plan = plan_impact(
        asked(
            one("invoiced", "0.60", invoice_id="I"),
            one("invoiced", "0.60", invoice_id="J"),
            one("invoiced", "50", invoice_id="I", service_date=old),
            one("drafted", "50", invoice_id="I", invoice_state="draft"),
        )
    )
    assert [found.action for found in plan.actions] == [
        "ignore_below_tolerance", "ignore_below_tolerance", "needs_window_approval", "pull_replace_readd",
    ]  # fmt: skip


def test_nothing_changes_where_the_amount_stays() -> None:
    same = one("queued", "0", billed_fields_changed=True)
    assert action(same) == "none"
    assert action(same, trigger="correction") == "reverse_and_repost"
    assert action(one("queued", "0"), trigger="correction") == "none"
    assert action(one("queued", "0.004"), trigger="correction") == "none"


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(_STATES),
            some.exact("-3", "3", 2),
            st.integers(0, 120),
            some.maybe(st.sampled_from(("I", "J"))),
            some.maybe(st.sampled_from(_INVOICE_STATES)),
        ),
        max_size=8,
    ),
    trigger=st.sampled_from(("rerate", "correction")),
    mode=st.sampled_from(("adjust_next_invoice", "credit_and_rebill")),
    rng=st.randoms(use_true_random=False),
)
def test_a_plan_depends_on_the_set_not_on_its_order(rows: list[Any], trigger: Any, mode: Any, rng: Any) -> None:
    transactions = [
        replace(
            one(state, str(delta), invoice_id=invoice, invoice_state=invoice_state),
            id=f"t{number}",
            service_date=CHANGED_ON - dt.timedelta(days=days),
        )
        for number, (state, delta, days, invoice, invoice_state) in enumerate(rows)
    ]
    plan = plan_impact(asked(*transactions, trigger=trigger, mode=mode))
    assert [found.id for found in plan.actions] == [row.id for row in transactions]
    assert [found.delta for found in plan.actions] == [row.new_amount - row.old_amount for row in transactions]
    if trigger == "correction":
        assert not {"needs_window_approval", "ignore_below_tolerance"} & {found.action for found in plan.actions}
    rng.shuffle(transactions)
    again = plan_impact(asked(*transactions, trigger=trigger, mode=mode))
    assert sorted(again.actions, key=lambda found: found.id) == sorted(plan.actions, key=lambda found: found.id)
