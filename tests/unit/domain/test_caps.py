"""cap.apply: worked examples WE-22 to WE-25, sharp edges of CAP-1..CAP-8, and bounds that always hold."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.money import Exact
from contracts.wire import convert
from domain.caps import CapAmounts, CapItem, CapQuestion, alert_levels, apply_caps, split_items


def item(id: str, amount: str, quantity: str = "1", **more: Any) -> dict[str, Any]:
    worked = {"kind": "time", "service_date": "2026-03-02", "approved_at": "2026-03-05T10:00:00Z"}
    return worked | {"id": id, "quantity": quantity, "bill_rate": "0", "amount": amount} | more


def hours(id: str, quantity: str, rate: str, amount: str, **more: Any) -> dict[str, Any]:
    return item(id, amount, quantity, hours=quantity, bill_rate=rate, **more)


def test_split_at_the_headroom(calculate: Any) -> None:  # WE-22
    answer = calculate(
        "cap.apply",
        currency="EUR",
        limits={"contract": "50000.00"},
        consumed={"contract": "48760.00"},
        items=[hours("t", "8", "215", "1720.00")],
    )
    assert answer["items"] == [
        {
            "id": "t",
            "billable_amount": "1240.00",
            "billable_quantity": "5.7674",
            "overage_amount": "480.00",
            "overage_quantity": "2.2326",
            "code": "CAP_OVERAGE_HELD",
        }
    ]
    assert answer["consumed"] == {"contract": "50000.00"}


def test_block_entry_lets_smaller_ones_through(calculate: Any) -> None:  # WE-23
    items = [item("1", "620.00"), item("2", "480.00"), item("3", "40.00")]
    answer = calculate("cap.apply", currency="EUR", policy="block_entry", limits={"contract": "500"}, items=items)
    assert [one["billable_amount"] for one in answer["items"]] == ["0.00", "480.00", "0.00"]
    assert [one["code"] for one in answer["items"]] == ["CAP_EXCEEDED", None, "CAP_EXCEEDED"]


@pytest.mark.parametrize(("amount", "billable", "held"), [("600.65", "600.65", "0.00"), ("601.10", "600.00", "1.10")])
def test_tolerance_fits_but_never_splits(calculate: Any, amount: str, billable: str, held: str) -> None:  # WE-24
    answer = calculate(
        "cap.apply",
        currency="EUR",
        tolerance_amount="0.99",
        limits={"contract_line": "12000.00"},
        consumed={"contract_line": "11400.00"},
        items=[item("t", amount)],
    )
    assert (answer["items"][0]["billable_amount"], answer["items"][0]["overage_amount"]) == (billable, held)


def test_the_tightest_of_several_limits(calculate: Any) -> None:  # WE-25
    answer = calculate(
        "cap.apply",
        currency="EUR",
        limits={"contract": "3000.00", "contract_line": "2100.50", "po": "2500.00", "line_hours": "9.5"},
        items=[hours("t", "16", "190", "3040.00")],
    )
    (capped,) = answer["items"]
    assert (capped["billable_amount"], capped["billable_quantity"]) == ("1805.00", "9.5000")
    assert (capped["overage_amount"], capped["overage_quantity"]) == ("1235.00", "6.5000")
    assert answer["consumed"]["line_hours"] == "9.5000"


def test_warn_bills_everything_and_goes_beyond(calculate: Any) -> None:
    answer = calculate("cap.apply", currency="EUR", policy="warn", limits={"po": "10"}, items=[item("a", "25.00")])
    assert (answer["items"][0]["billable_amount"], answer["items"][0]["code"]) == ("25.00", "CAP_SOFT_EXCEEDED")
    assert answer["consumed"] == {"po": "25.00"}


def test_order_is_date_then_approval_then_id(calculate: Any) -> None:  # CAP-2
    items = [
        item("z", "1", service_date="2026-03-01"),
        item("b", "1"),
        item("a", "1"),
        item("c", "1", approved_at="2026-03-04T10:00:00Z"),
    ]
    answer = calculate("cap.apply", currency="EUR", items=items)
    assert [one["id"] for one in answer["items"]] == ["z", "c", "a", "b"]
    assert answer["consumed"] == {}


def test_credits_pass_and_restore(calculate: Any) -> None:  # CAP-6
    items = [hours("1", "-2", "100", "-200.00"), hours("2", "2", "100", "200.00"), hours("3", "1", "100", "100.00")]
    answer = calculate(
        "cap.apply",
        currency="EUR",
        limits={"contract": "1000", "line_hours": "10"},
        consumed={"contract": "1000", "line_hours": "10"},
        items=items,
    )
    assert [one["billable_amount"] for one in answer["items"]] == ["-200.00", "200.00", "0.00"]
    assert answer["consumed"] == {"contract": "1000.00", "line_hours": "10.0000"}


def test_free_items_only_feel_hours(calculate: Any) -> None:  # CAP-6
    caps = {"limits": {"contract": "10", "line_hours": "3"}, "consumed": {"contract": "50", "line_hours": "1"}}
    answer = calculate("cap.apply", currency="EUR", items=[hours("t", "4", "0", "0.00")], **caps)
    (capped,) = answer["items"]
    assert (capped["billable_quantity"], capped["overage_quantity"]) == ("2.0000", "2.0000")
    empty = calculate("cap.apply", currency="EUR", items=[item("t", "0.00", "0")], **caps)
    assert empty["items"][0]["code"] is None


def test_time_only_scope_still_counts_the_order(calculate: Any) -> None:  # CAP-7
    question = {
        "currency": "EUR",
        "nte_scope": "time_only",
        "limits": {"contract": "100", "po": "150"},
        "consumed": {"contract": "100"},
    }
    expenses = [item("1", "120.00", kind="expense"), item("2", "80.00", kind="expense")]
    answer = calculate("cap.apply", items=expenses, **question)
    assert [one["billable_amount"] for one in answer["items"]] == ["120.00", "30.00"]
    assert answer["consumed"] == {"contract": "100.00", "po": "150.00"}


def test_alerts_fire_once_per_level() -> None:  # CAP-8
    assert alert_levels(Decimal(100), Decimal(70), Decimal(90)) == [75, 90]
    assert alert_levels(Decimal(100), Decimal(90), Decimal(99)) == []


_cents = st.integers(0, 500_000).map(lambda cents: Decimal(cents).scaleb(-2))
_limits = st.none() | _cents


@settings(max_examples=50, deadline=None)
@given(
    amounts=st.lists(st.tuples(_cents, st.integers(1, 24)), max_size=6),
    contract=_limits,
    order=_limits,
    line_hours=st.none() | st.integers(0, 60).map(Decimal),
    policy=st.sampled_from(["split", "block_entry"]),
)
def test_caps_are_never_passed_and_nothing_is_lost(
    amounts: Any, contract: Any, order: Any, line_hours: Any, policy: Any
) -> None:
    items = tuple(
        CapItem(
            id=str(n),
            kind="time",
            service_date=dt.date(2026, 1, 1),
            hours=Decimal(worked),
            quantity=Decimal(worked),
            bill_rate=(amount / worked).quantize(Decimal("0.0001")),
            amount=amount,
        )
        for n, (amount, worked) in enumerate(amounts)
    )
    limits = CapAmounts(contract=contract, po=order, line_hours=line_hours)
    answer = apply_caps(CapQuestion(currency="EUR", policy=policy, limits=limits, items=items))
    for before, after in zip(items, answer.items, strict=True):
        assert after.billable_amount + after.overage_amount == before.amount
        assert after.billable_quantity + after.overage_quantity == before.quantity
        assert after.billable_amount >= 0 and after.overage_amount >= 0
    for key, limit in (("contract", contract), ("po", order), ("line_hours", line_hours)):
        assert limit is None or answer.consumed[key] <= limit


def shares(policy: str = "split", **question: Any) -> list[tuple[str, ...]]:
    """Amount, quantity and hours of the billable part, then of the overage."""
    limits = {name: CapAmounts(**convert(question.pop(name, {}), dict[str, Exact])) for name in ("limits", "consumed")}
    asked = CapQuestion(
        currency="EUR", policy=policy, **limits, items=convert(question.pop("items"), tuple[CapItem, ...])
    )
    found, _ = split_items(asked)
    parts = [part for one in found for part in (one.billable, one.overage)]
    return [(str(part.amount), str(part.quantity), str(part.hours)) for part in parts]


def test_the_hours_of_both_parts(calculate: Any) -> None:  # CAP-5, DEC-5
    day = item("t", "1000.00", "1", hours="8", bill_rate="1000")
    assert shares(limits={"contract": "333.33"}, items=[day]) == [
        ("333.33", "0.3333", "2.6666"),
        ("666.67", "0.6667", "5.3334"),
    ]
    assert shares(limits={"line_hours": "6"}, items=[day]) == [
        ("750.00", "0.7500", "6.0000"),
        ("250.00", "0.2500", "2.0000"),
    ]
    assert shares("block_entry", limits={"contract": "1"}, items=[day]) == [
        ("0.00", "0.0000", "0.0000"),
        ("1000.00", "1.0000", "8.0000"),
    ]
    assert shares("warn", limits={"contract": "1"}, items=[day])[0] == ("1000.00", "1.0000", "8.0000")
    cost = item("e", "100.00", kind="expense")
    assert shares(limits={"contract": "40"}, items=[cost])[1] == ("60.00", "0.6000", "0.0000")


@pytest.mark.parametrize(
    ("entry", "consumed", "billable", "hours_after"),
    [
        # An expense counts no hours, whatever it says of them.
        (item("e", "10", kind="expense", hours="5"), "4", "10.00", "4.0000"),
        # Nothing recorded fits limits that are long exceeded (CAP-6).
        (hours("t", "0", "10", "0"), "5", "0.00", "5.0000"),
        (item("t", "10", "1", hours="0"), "5", "10.00", "5.0000"),
        # A negative amount or quantity passes and restores (CAP-6).
        (item("t", "-5", "1", hours="1"), "4", "-5.00", "3.0000"),
        (item("t", "5", "-1", hours="1"), "4", "5.00", "3.0000"),
        (item("t", "0", "-1", hours="-1"), "4", "0.00", "3.0000"),
        (item("t", "-5", "-1", hours="-1"), "0.5", "-5.00", "0.0000"),
        # What is worth less than one unit does not restore.
        (item("t", "0.5", "0.5", hours="0.5"), "3", "0.50", "3.5000"),
        (item("t", "0", "0.5", hours="0.5"), "3", "0.00", "3.5000"),
        (item("t", "0.5", "0", hours="0.5"), "3", "0.50", "3.5000"),
        # Without a rate hours are worth nothing.
        (item("t", "100", "2", hours="2", bill_rate=None), "3", "0.00", "4.0000"),
    ],
)
def test_hours_of_a_line(calculate: Any, entry: Any, consumed: str, billable: str, hours_after: str) -> None:
    question = {"limits": {"line_hours": "4"}, "consumed": {"line_hours": consumed}, "items": [entry]}
    answer = calculate("cap.apply", currency="EUR", policy="split", **question)
    assert (answer["items"][0]["billable_amount"], answer["consumed"]["line_hours"]) == (billable, hours_after)


def test_what_takes_back_passes_an_exhausted_amount(calculate: Any) -> None:  # CAP-6
    question = {"limits": {"contract": "10"}, "consumed": {"contract": "12"}}
    for one in (item("t", "-5", "1"), item("t", "5", "-1")):
        answer = calculate("cap.apply", currency="EUR", items=[one], **question)
        assert (answer["items"][0]["code"], answer["items"][0]["overage_amount"]) == (None, "0.00")
