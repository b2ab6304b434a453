"""Both sides of limits, and names that other systems read: caps, due dates, draft keys, lines, exceptions, bookings, prices."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.money import Exact
from domain.bookings import BookedDay, BookingQuestion, check_bookings
from domain.caps import CapAmounts, CapItem, CapQuestion, alert_levels, apply_caps
from domain.exceptions import CATALOGUE, entry, severity_of
from domain.invoice_lines import BillableTransaction, LineDetail, aggregate_lines
from domain.invoices import GroupedTransaction, draft_key, due_date
from domain.periods import AccountingPeriod, PostingQuestion, posting_date, within
from domain.quantities import LineTerms
from domain.rate_search import RateLine, RateSearch, find_rate
from domain.rating import CostRate, RateTime, TimeWorked, rate_time
from domain.tax import Supplier, Supply, TaxCustomer, TaxQuestion, TaxRate, determine_tax
from domain.terms import PricingContract, PricingEntity

DAY = dt.date(2026, 3, 16)


def capped(
    amount: str, quantity: str = "1", *, hours: str = "0", limit: str = "100", used: str = "0", **more: Any
) -> Any:
    item = CapItem(
        id="t", kind=more.pop("kind", "time"), service_date=DAY, hours=Exact(hours), quantity=Exact(quantity),
        bill_rate=Exact("10"), amount=Exact(amount),
    )  # fmt: skip
    limits = CapAmounts(contract=Exact(limit), line_hours=more.pop("limit_hours", None))
    consumed = CapAmounts(contract=Exact(used), line_hours=more.pop("used_hours", None))
    return apply_caps(CapQuestion(currency="EUR", limits=limits, consumed=consumed, items=(item,), **more))


def test_what_exactly_fits_a_cap_fits() -> None:
    assert capped("40", used="60").items[0].code is None
    assert capped("40.01", used="60").items[0].code == "CAP_OVERAGE_HELD"
    assert capped("10", hours="2", limit_hours=Exact("2")).items[0].code is None
    assert capped("10", hours="2.01", limit_hours=Exact("2")).items[0].code == "CAP_OVERAGE_HELD"


def test_an_amount_of_zero_fits_every_amount_limit_and_only_hours_hold_it() -> None:
    """CAP-6, also beyond a limit that is used up; nothing of it is restored or consumed."""
    free = capped("0", quantity="2", hours="2", used="150")
    assert (free.items[0].code, free.consumed["contract"]) == (None, Decimal("150.00"))
    held = capped("0", quantity="2", hours="2", limit_hours=Exact("1")).items[0]
    assert (held.code, held.billable_quantity, held.overage_quantity) == ("CAP_OVERAGE_HELD", Decimal(1), Decimal(1))


@pytest.mark.parametrize(
    ("kind", "nte_scope", "billable"),
    [("expense", "time_only", "50"), ("expense", "time_and_expense", "20"), ("time", "time_only", "20")],
)
def test_expenses_ignore_a_cap_that_is_for_time_only(kind: str, nte_scope: Any, billable: str) -> None:  # CAP-7
    found = capped("50", used="80", kind=kind, nte_scope=nte_scope)
    assert found.items[0].billable_amount == Decimal(billable)
    assert found.consumed["contract"] == Decimal(80 if billable == "50" else 100)


def test_a_quantity_of_zero_does_not_pass_a_cap() -> None:
    assert capped("50", quantity="0", used="80").items[0].overage_amount == Decimal(30)


def test_what_is_given_back_never_leaves_less_than_nothing() -> None:
    given_back = capped("-70", quantity="-7", hours="7", used="50", limit_hours=Exact("10"), used_hours=Exact("3"))
    assert given_back.consumed == {"contract": Decimal("0.00"), "line_hours": Decimal("0.0000")}
    some = capped("-20", quantity="-2", hours="2", used="50", limit_hours=Exact("10"), used_hours=Exact("3"))
    assert some.consumed == {"contract": Decimal("30.00"), "line_hours": Decimal("1.0000")}


def test_a_cap_splits_unless_the_contract_says_otherwise() -> None:
    question = CapQuestion(
        currency="EUR",
        limits=CapAmounts(contract=Exact("5")),
        items=(CapItem(id="t", kind="time", service_date=DAY, quantity=Exact("1"), amount=Exact("8")),),
    )
    assert apply_caps(question).items[0].billable_amount == Decimal(5)
    assert apply_caps(replace(question, policy="warn")).items[0].code == "CAP_SOFT_EXCEEDED"


@pytest.mark.parametrize(
    ("before", "after", "levels"),
    [
        ("0", "74.99", []), ("0", "75", [75]), ("75", "89.99", []), ("74.99", "100", [75, 90, 100]), ("89.99", "90", [90]),
        ("100", "120", []), ("99.99", "100", [100]),
    ],
)  # fmt: skip
def test_alerts_are_raised_once(before: str, after: str, levels: list[int]) -> None:  # CAP-8
    assert alert_levels(Decimal(100), Decimal(before), Decimal(after)) == levels


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        ("NET0", "2026-02-10"),
        ("NET30", "2026-03-12"),
        ("EOM0", "2026-02-28"),
        ("EOM15", "2026-03-15"),
        ("IMMEDIATE", "2026-02-10"),
    ],
)
def test_terms_count_from_the_day_or_from_the_end_of_its_month(terms: str, due: str) -> None:  # AR-1
    assert due_date(dt.date(2026, 2, 10), terms) == dt.date.fromisoformat(due)


@pytest.mark.parametrize("terms", ["NET", "NET1000", "net30", "EOM-1", "NET30 ", "2/10", ""])
def test_other_terms_are_refused(terms: str) -> None:
    with pytest.raises(ValueError, match="payment terms"):
        due_date(DAY, terms)


def transaction(**more: Any) -> GroupedTransaction:
    keys: dict[str, Any] = {
        "id": "t", "legal_entity_id": "ent", "bill_to_id": "cus", "currency": "EUR", "payment_terms": "NET30",
        "billing_period": "2026-03", "contract_id": "ctr", "amount": Exact("1"),
    }  # fmt: skip
    return GroupedTransaction(**{**keys, **more})


def test_draft_keys_are_spelled_out() -> None:  # INV-2
    front = "ent|cus|EUR|NET30|-|2026-03|"
    assert draft_key(transaction(), "per_contract") == front + "ctr"
    assert draft_key(transaction(project_id="prj"), "per_project") == front + "ctr/prj"
    assert draft_key(transaction(), "per_customer") == front + "*"
    assert draft_key(transaction(contract_line_id="ctl"), "per_contract_line") == front + "ctl"
    assert draft_key(transaction(), "per_po") == front + "ctr"
    assert draft_key(transaction(po_number="P1"), "per_po") == "ent|cus|EUR|NET30|P1|2026-03|*"


def line(**more: Any) -> BillableTransaction:
    known: dict[str, Any] = {
        "id": "t", "kind": "time", "contract_line_id": "ctl", "currency": "EUR", "quantity": Exact("1"), "unit": "hour",
        "bill_rate": Exact("10"), "amount": Exact("10"), "tax_code": "S19", "tax_rate_pct": Exact("19"),
        "resource_id": "ann", "role_code": "CON", "task_id": "tsk", "project_id": "prj",
    }  # fmt: skip
    return BillableTransaction(**{**known, **more})


@pytest.mark.parametrize(
    ("detail", "field", "shown", "unknown"),
    [
        ("resource_role", "resource_id", "ann/CON", "-/CON"), ("resource_role", "role_code", "ann/CON", "ann/-"),
        ("role", "role_code", "CON", "-"), ("task", "task_id", "tsk", "-"), ("project", "project_id", "prj", "-"),
    ],
)  # fmt: skip
def test_the_detail_of_a_line_is_shown(detail: LineDetail, field: str, shown: str, unknown: str) -> None:
    lines = aggregate_lines([line(), line(id="u", **{field: None})], detail)
    assert sorted(one.detail for one in lines) == sorted([shown, unknown])
    assert [one.id for one in lines] == ["1", "2"]


@pytest.mark.parametrize("field", ["contract_line_id", "kind", "tax_code", "tax_rate_pct", "bill_rate", "unit"])
def test_lines_that_differ_stay_apart(field: str) -> None:  # INV-3
    other: Any = Exact("7") if field in ("tax_rate_pct", "bill_rate") else "other"
    apart = aggregate_lines([line(), line(id="u", **{field: other})], "project")
    together = aggregate_lines([line(), line(id="u", bill_rate=Exact("10.00"))], "project")
    assert (len(apart), len(together)) == (2, 1)
    assert (
        len(aggregate_lines([line(), line(id="u", **{field: None})], "project")) == 2
        if field in ("bill_rate", "unit")
        else True
    )


def test_controls_block_as_the_catalogue_says() -> None:
    blocking = {
        number for number in range(1, 13) if severity_of("RECON_VARIANCE", control=f"REC-{number:02}") == "blocking"
    }
    assert blocking == {1, 2, 5, 6, 7, 9}
    assert severity_of("MDM_CONFLICT") == "blocking"
    assert severity_of("MDM_CONFLICT", critical=False) == "warning"
    assert severity_of("CREDIT_HOLD") == entry("CREDIT_HOLD").severity == "warning"


def test_the_catalogue_is_whole() -> None:
    for code, found in CATALOGUE.items():
        assert found.code == code
        assert found.suggested_fixes
        assert "-" not in (*found.resumes, found.auto_resolves_when, found.meaning)
    assert entry("COST_CENTER_UNMAPPED").resumes == ("4c.2", "4d")
    assert entry("NOT_ASSIGNED").resumes == ()
    assert entry("DEAL_INCOMPLETE").suggested_fixes == ("complete deal", "attach signed document")


@pytest.mark.parametrize(
    ("capacity", "hard", "soft", "level", "over"),
    [
        ("8", "8", "0", "none", "0"), ("8", "8.8", "0", "warn", "0.8"), ("8", "8.81", "0", "block", "0.81"),
        ("8", "0", "9.6", "none", "0"), ("8", "0", "9.61", "soft_warn", "0"), ("8", "8.01", "9", "warn", "0.01"),
        ("0", "0.01", "0", "block", "0.01"), ("0", "0", "0.01", "soft_warn", "0"), ("0", "0", "0", "none", "0"),
    ],
)  # fmt: skip
def test_bookings_at_their_limits(capacity: str, hard: str, soft: str, level: str, over: str) -> None:
    day = BookedDay(date=DAY, capacity_hours=Exact(capacity), hard_hours=(Exact(hard),), soft_hours=(Exact(soft),))
    found = check_bookings(BookingQuestion(days=(day,))).days[0]
    assert (found.level, found.over_hours) == (level, Decimal(over))


def test_weeks_are_those_of_iso() -> None:
    """Sunday and Monday are in different weeks; 31 December and 1 January may be in one."""

    def level(day: str, rest: str) -> str:
        full = BookedDay(date=dt.date.fromisoformat(day), capacity_hours=Exact("8"), hard_hours=(Exact("10"),))
        free = BookedDay(date=dt.date.fromisoformat(rest), capacity_hours=Exact("8"), hard_hours=(Exact("6"),))
        return check_bookings(BookingQuestion(days=(full, free))).days[0].level

    assert level("2026-03-22", "2026-03-23") == "block"
    assert level("2026-12-31", "2027-01-01") == "warn"
    assert level("2026-03-16", "2027-03-16") == "block"


def test_a_range_holds_its_ends() -> None:  # TIME-2
    before, after = DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1)
    assert [within(day, DAY, DAY) for day in (before, DAY, after)] == [False, True, False]
    assert within(DAY, None, None)
    assert within(before, None, DAY)
    assert within(after, DAY, None)


def test_the_earliest_open_period_that_ends_on_or_after_the_day() -> None:  # POST-1
    def period(start: str, end: str, state: Any = "open") -> AccountingPeriod:
        return AccountingPeriod(start=dt.date.fromisoformat(start), end=dt.date.fromisoformat(end), state=state)

    def posted(day: str, *periods: AccountingPeriod) -> Any:
        return posting_date(PostingQuestion(service_date=dt.date.fromisoformat(day), periods=periods))

    march, april = period("2026-03-01", "2026-03-31"), period("2026-04-01", "2026-04-30")
    assert posted("2026-03-31", april, march).posting_date == dt.date(2026, 3, 31)
    assert posted("2026-03-01", april, march).shifted is False
    late = posted("2026-02-28", april, march)
    assert (late.posting_date, late.shifted) == (dt.date(2026, 3, 1), True)
    assert posted("2026-04-01", march).code == "PERIOD_CLOSED"
    assert posted("2026-03-10", replace(march, state="soft_closed"), april).posting_date == dt.date(2026, 4, 1)


def test_a_control_nobody_names_is_as_the_catalogue_has_it() -> None:
    assert severity_of("RECON_VARIANCE") == entry("RECON_VARIANCE").severity == "blocking"


def worked(quantity: str, terms: LineTerms | None = None, *lines: RateLine, **more: Any) -> Any:
    entry = TimeWorked(service_date=DAY, quantity=Exact(quantity), role_code="CON", **more)
    cost = CostRate(rate=Exact("80"), currency="EUR")
    return rate_time(
        RateTime(
            entry=entry,
            contract=PricingContract(currency="EUR"),
            contract_line=terms or LineTerms(),
            legal_entity=PricingEntity(functional_currency="EUR"),
            rate_lines=lines or (RateLine(id="std", scope="standard", rate=Exact("100"), currency="EUR"),),
            cost_rate=cost,
        )
    )


def test_less_than_an_increment_may_be_nothing() -> None:  # QTY-2
    down = LineTerms(increment_minutes=15, increment_mode="down")
    assert (worked("0.1", down).quantity, worked("0.1", down).amount) == (Decimal(0), Decimal(0))
    assert worked("0.25", down).quantity == Decimal("0.25")
    assert worked("0.1", replace(down, minimum_minutes=30)).quantity == Decimal("0.5")


@pytest.mark.parametrize("unit", ["hour", "day", "unit", "month"])
def test_a_price_on_cost_is_per_hour_whatever_its_unit(unit: Any) -> None:  # RATE-7
    line = RateLine(id="cp", scope="standard", method="cost_plus", markup_pct=Exact("50"), unit=unit)
    assert (worked("2", None, line).unit, worked("2", None, line).amount) == ("hour", Decimal(240))
    priced = replace(line, method="amount", rate=Exact("100"), currency="EUR")
    assert worked("2", None, priced).status == ("rated" if unit in ("hour", "day") else "exception")


def test_a_search_goes_down_to_the_standard_card() -> None:
    line = RateLine(id="std", scope="standard", rate=Exact("100"), currency="EUR")
    assert find_rate([line], RateSearch(service_date=DAY)) == line
    assert find_rate([line], RateSearch(service_date=DAY, fallback="client")) == "RATE_MISSING"


def test_of_two_tax_rates_the_later_one_counts() -> None:  # TAX-4
    rates = tuple(
        TaxRate(country="DE", rate_pct=Exact(pct), tax_code=f"S{pct}", valid_from=since)
        for pct, since in (("19", dt.date(2021, 1, 1)), ("16", None), ("18", dt.date(2020, 7, 1)))
    )
    answer = determine_tax(
        TaxQuestion(
            supplier=Supplier(country="DE"),
            customer=TaxCustomer(country="DE", status="business"),
            tax_date=DAY,
            tax_rates=rates,
            supply=Supply(),
        )
    )
    assert (answer.rate_pct, answer.legend) == (Decimal("19.00"), "S19")
