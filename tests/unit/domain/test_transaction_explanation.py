"""A stored transaction explained: the figures of its rating as they were made, and what caps and corrections did to them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from msgspec.structs import replace

from contracts.process.figures import Figure
from contracts.process.time_posting import Rating, Transaction
from contracts.wire import convert, to_builtins
from domain.rate_explanation import explain_time, reasons_for
from domain.rating import RateTime, TimeWorked
from domain.transaction_explanation import explain_transaction
from tests.unit.domain import given as some

DAY = date(2026, 10, 14)
NOW = datetime(2026, 10, 16, 9, tzinfo=UTC)
RATING = Rating(
    rate_line_id="rtl_1",
    level="project_role",
    base_rate=Decimal("215.0000"),
    base_currency="EUR",
    fx_rate=Decimal("1.0000000000"),
    multiplier=Decimal("1.0000"),
    discount_pct=Decimal("0.00"),
    bill_rate=Decimal("215.0000"),
    unit="hour",
    quantity=Decimal("8.0000"),
    amount=Decimal("1720.00"),
    recorded_hours=Decimal("8.0000"),
    non_billable_hours=Decimal("0.0000"),
)
WHOLE = Transaction(
    id="txn_1",
    kind="time",
    source_id="tme_1",
    source_version=1,
    source_ref="certinia:time:1",
    contract_id="ctr_1",
    contract_line_id="ctl_1",
    project_id="prj_1",
    legal_entity_id="DE01",
    bill_to_id="cus_1",
    service_date=DAY,
    posting_date=DAY,
    approved_at=NOW,
    hours=Decimal("8.0000"),
    quantity=Decimal("8.0000"),
    unit="hour",
    rating=RATING,
    rating_version=1,
    amount=Decimal("1720.00"),
    currency="EUR",
    part="billable",
    state="queued",
    correlation_id="cor_1",
    version=3,
    updated_at=NOW,
)
PRICE = [
    ("recorded_hours", "8.0000", "hour", "QTY-1 RP-1"),
    ("quantity", "8.0000", "hour", "QTY-2 QTY-3 QTY-4 QTY-5 RP-1"),
    ("rate_line_id", "rtl_1", "", "RATE-1 RATE-2 RATE-3 RATE-4"),
    ("base_rate", "215.0000", "EUR", "RATE-7 RATE-9"),
    ("fx_rate", "1.0000000000", "EUR per EUR", "FX-1 FX-2 FX-3 RP-2"),
    ("multiplier", "1.0000", "", "MULT-1 MULT-2 MULT-3"),
    ("discount_pct", "0.00", "%", "CHAIN-1"),
    ("bill_rate", "215.0000", "EUR per hour", "CHAIN-1 RP-2"),
    ("amount", "1720.00", "EUR", "CHAIN-2 RP-3 DEC-3"),
    ("non_billable_quantity", "0.0000", "hour", "BILL-4"),
]
POSTED = ("posting_date", "2026-10-14", "", "POST-1 TIME-R1")


def told(**changed: Any) -> list[tuple[str, str, str, str]]:
    found = explain_transaction(replace(WHOLE, **changed))
    return [(one.name, one.value, one.unit, " ".join(one.rules)) for one in found]


def how(**changed: Any) -> dict[str, str]:
    return {one.name: one.how for one in explain_transaction(replace(WHOLE, **changed))}


def test_every_figure_has_its_rules() -> None:
    assert told() == [*PRICE, POSTED]
    assert how() == {
        "recorded_hours": "recorded on 2026-10-14",
        "quantity": "as recorded",
        "rate_line_id": "found at level project role",
        "base_rate": "before unit and currency",
        "fx_rate": "on the service date",
        "multiplier": "time type standard governs",
        "discount_pct": "of the contract line",
        "bill_rate": "base rate, in the billing unit, x fx rate x multiplier x (1 - discount), rounded once",
        "amount": "quantity x bill rate, rounded HALF_UP",
        "non_billable_quantity": "recorded but not billed",
        "posting_date": "the day of the work",
    }


def test_what_was_unusual_is_told_as_it_was_kept() -> None:
    reasons = {"multiplier": "time type weekend governs", "amount": "quantity x bill rate, rounded HALF_EVEN"}
    allowed = replace(RATING, reasons=reasons, billable_hours=Decimal("7.4000"))
    found = how(rating=allowed, posting_date=date(2026, 11, 1))
    assert {name: found[name] for name in reasons} == reasons
    assert found["billable_hours"] == "the approver set what is billed"
    assert found["posting_date"] == "the first open day after the work: its period takes no more"
    assert ("billable_hours", "7.4000", "hour", "BILL-4") in told(rating=allowed)


def test_a_cap_divides_the_whole() -> None:  # WE-22
    billable = {"quantity": Decimal("5.7674"), "hours": Decimal("5.7674"), "amount": Decimal("1240.00")}
    codes = ("CAP_OVERAGE_HELD",)
    assert told(codes=codes, **billable) == [
        *PRICE,
        ("part_quantity", "5.7674", "hour", "CAP-4 CAP-5 RP-4"),
        ("part_amount", "1240.00", "EUR", "CAP-4 CAP-5 RP-3"),
        ("code", "CAP_OVERAGE_HELD", "", "CAP-4"),
        POSTED,
    ]
    assert how(codes=codes, **billable)["part_amount"] == "what the cap lets be billed"
    assert how(codes=codes, part="overage", **billable)["part_amount"] == "above the cap: held, until it has room"
    released = told(codes=(), **billable)
    assert [name for name, *_ in released][-3:] == ["part_quantity", "part_amount", "posting_date"]
    assert [name for name, *_ in told(codes=("CAP_SOFT_EXCEEDED",))][-4:-1] == ["part_quantity", "part_amount", "code"]
    half = told(codes=(), quantity=Decimal("4.0000"))
    assert ("part_amount", "1720.00", "EUR", "CAP-4 CAP-5 RP-3") in half


def test_an_adjustment_is_the_difference_and_keeps_the_agreed_rate() -> None:  # WE-47
    rating = replace(RATING, bill_rate=Decimal("325.00"), agreed_rate=Decimal("162.5000"), amount=Decimal("975.00"))
    found = told(kind="adjustment", rating=rating, quantity=Decimal(-1), unit="unit", amount=Decimal("-325.00"))
    assert ("bill_rate", "162.5000", "EUR per hour", "CHAIN-1 RP-2") in found
    assert ("amount", "975.00", "EUR", "CHAIN-2 RP-3 DEC-3") in found
    assert found[-2:] == [("adjustment", "-325.00", "EUR", "IMP-8 TXN-3 DEC-5"), POSTED]


def test_work_that_only_costs() -> None:
    nothing = {"part": "non_billable", "amount": Decimal(0), "rating": Rating(), "posting_date": None}
    assert told(codes=("COST_ONLY",), **nothing) == [
        ("recorded_hours", "8.0000", "hour", "QTY-1 RP-1"),
        ("status", "COST_ONLY", "", "BILL-1"),
        ("quantity", "8.0000", "hour", "BILL-4"),
        ("amount", "0", "EUR", "BILL-1 BILL-2"),
    ]
    assert told(codes=("NOT_BILLABLE", "NOT_ASSIGNED"), **nothing)[1] == ("status", "NOT_BILLABLE", "", "BILL-2 BILL-4")
    assert how(codes=("NOT_BILLABLE",), **nothing)["status"] == "the work costs and is not billed"


def test_what_waits_in_exception_says_why() -> None:
    waits = {"state": "exception", "rating": Rating(), "amount": Decimal(0), "posting_date": None}
    assert told(codes=("RATE_MISSING", "PERIOD_CLOSED", "DESCRIPTION_MISSING"), **waits)[1:] == [
        ("status", "RATE_MISSING", "", "RATE-6"),
        ("status", "PERIOD_CLOSED", "", "POST-1"),
        ("status", "DESCRIPTION_MISSING", "", "4c"),
    ]
    assert how(codes=("RATE_MISSING",), **waits)["status"] == "the entry is not priced"


def test_a_milestone_and_a_reversal() -> None:
    made = {
        "kind": "milestone",
        "rating": Rating(),
        "quantity": Decimal("1.0000"),
        "unit": "unit",
        "posting_date": None,
    }
    assert told(state="reversed", **made) == [
        ("quantity", "1.0000", "unit", "MS-4"),
        ("amount", "1720.00", "EUR", "MS-1 MS-4"),
        ("state", "reversed", "", "DEC-6 QTY-6"),
    ]


def test_a_price_of_nothing_is_told() -> None:
    assert ("code", "ZERO_RATE", "", "RATE-8") in told(codes=("NOT_ASSIGNED", "ZERO_RATE"))


def test_ratings_from_before_these_figures_were_kept_are_those_of_the_part() -> None:
    kept = ("unit", "quantity", "amount", "recorded_hours", "non_billable_hours")
    assert told(rating=replace(RATING, **dict.fromkeys(kept))) == [*PRICE, POSTED]


@given(some.pricing_terms(), some.entries(), some.costs)
def test_stored_and_read_again_it_is_the_explanation_of_the_question(terms: Any, entry: TimeWorked, cost: Any) -> None:
    """No figure drifts: what is told of the stored transaction is what `rate.time` tells of its question."""
    entry = replace(entry, unit="hour")
    asked = RateTime(**{name: getattr(terms, name) for name in terms.__struct_fields__}, entry=entry, cost_rate=cost)
    explained = explain_time(asked)
    rated = explained.result
    if rated.status != "rated":
        return
    names = (
        "rate_line_id",
        "level",
        "base_rate",
        "base_currency",
        "fx_rate",
        "multiplier",
        "discount_pct",
        "bill_rate",
    )
    rating = Rating(
        **{name: getattr(rated, name) for name in names},
        unit=rated.unit,
        quantity=rated.quantity,
        amount=rated.amount,
        recorded_hours=entry.quantity,
        billable_hours=entry.billable_quantity,
        non_billable_hours=rated.non_billable_quantity,
        reasons=reasons_for(entry, terms, rated),
    )
    stored = replace(
        WHOLE,
        rating=rating,
        quantity=rated.quantity,
        unit=rated.unit,
        amount=rated.amount,
        currency=rated.currency,
        codes=(rated.code,) if rated.code else (),
        posting_date=None,
    )
    again = explain_transaction(convert(to_builtins(stored), Transaction))
    assert [_same(one) for one in again] == [_same(one) for one in explained.figures]


def _same(one: Figure) -> tuple[str, object, str, tuple[str, ...], str]:
    value = Decimal(one.value) if one.name.endswith("_hours") else one.value
    return one.name, value, one.unit, one.rules, "" if one.name == "recorded_hours" else one.how
