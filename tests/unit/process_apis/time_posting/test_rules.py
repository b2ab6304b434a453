"""What becomes of an approved day of work (4c.1 to 4c.5): every check, chargeability, caps, remainder, cost, posting date."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.canon.worker import CostRate
from contracts.process.register_objects import PurchaseOrder
from domain import quantities
from domain.periods import AccountingPeriod
from process_apis.time_posting import pricing, rules
from process_apis.time_posting.checks import failures, lines_for
from process_apis.time_posting.verdict import Verdict
from tests.unit.process_apis.time_posting.time_facts import CONTRACT, DAY, LINE, NOW, OCTOBER, STANDARD, facts

H8 = Decimal(8)
EXPIRED = PurchaseOrder(number="PO-1", expires_on=DAY - timedelta(days=1))


def codes(**changed: Any) -> list[str]:
    return [f.code for f in failures(facts(**changed))]


def decided(**changed: Any) -> Verdict:
    return rules.decide(facts(**changed))


def parts(**changed: Any) -> list[tuple[str, str, Decimal, Decimal, Decimal]]:
    return [(p.part, p.state, p.hours, p.quantity, p.amount) for p in decided(**changed).parts]


def test_a_sound_day_is_rated() -> None:
    verdict = decided()
    assert (codes(), verdict.failures, verdict.posting_date) == ([], (), DAY)
    assert parts() == [("billable", "rated", H8, H8, Decimal("1200.00"))]


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("DUPLICATE_SUSPECTED", {"twins": ("tme_0",)}),
        ("PROJECT_STATUS_INVALID", {"project": {"status": "ready"}}),
        ("PROJECT_STATUS_INVALID", {"project": {"status": "on_hold", "hold_from": DAY}}),
        ("PROJECT_STATUS_INVALID", {"project": {"status": "closing"}}),
        ("DATE_OUT_OF_RANGE", {"project": {"start": DAY + timedelta(days=1)}}),
        ("DATE_OUT_OF_RANGE", {"project": {"end": DAY - timedelta(days=1)}}),
        ("PROJECT_CODE_INVALID", {"task": {"open": False}}),
        ("DATE_OUT_OF_RANGE", {"task": {"start_on": DAY + timedelta(days=1)}}),
        ("DATE_OUT_OF_RANGE", {"task": {"end_on": DAY - timedelta(days=1)}}),
        ("DATE_OUT_OF_RANGE", {"worker": {"end_on": DAY - timedelta(days=1)}}),
        ("DATE_OUT_OF_RANGE", {"contract": {"po": EXPIRED}}),
        ("CONTRACT_LINE_UNRESOLVED", {"contracts": ()}),
        ("CONTRACT_LINE_UNRESOLVED", {"contract": {"lines": (LINE, replace(LINE, id="ctl_2"))}}),
        ("CONTRACT_LINE_UNRESOLVED", {"line": {"task_ids": ("TEST",)}}),
        ("CONTRACT_NOT_ACTIVE", {"contract": {"state": "suspended"}}),
        ("CONTRACT_NOT_ACTIVE", {"contract": {"start": DAY + timedelta(days=1)}}),
        ("CONTRACT_NOT_ACTIVE", {"contract": {"end": DAY - timedelta(days=1)}}),
        ("NOT_ASSIGNED", {"assigned": False}),
        ("TIME_QTY_INVALID", {"entry": {"hours": Decimal("24.5")}}),
        ("TIME_QTY_INVALID", {"entry": {"hours": Decimal(0)}}),
        ("TIME_QTY_INVALID", {"hours_on_day": Decimal("24.25")}),
        ("COST_CENTER_UNMAPPED", {"cost_center": None}),
        ("TIME_RETRO_LIMIT", {"entry": {"worked_on": NOW.date() - timedelta(days=61)}}),
        ("TIME_RETRO_LIMIT", {"retro_limit_days": 1}),
        ("DESCRIPTION_MISSING", {"line": {"description_required": True}, "entry": {"description": "  "}}),
    ],
)
def test_each_check_fails_alone(code: str, changed: dict[str, Any]) -> None:
    assert codes(**changed) == [code]


def test_a_project_nobody_knows() -> None:
    assert [f.code for f in failures(replace(facts(), project=None))] == ["PROJECT_CODE_INVALID"]


@pytest.mark.parametrize(
    "changed",
    [
        {"project": {"status": "on_hold", "hold_from": DAY + timedelta(days=1)}},
        {"project": {"status": "closing", "hold_from": DAY + timedelta(days=1)}},
        {"project": {"start": DAY, "end": DAY}},
        {"task": {"start_on": DAY, "end_on": DAY}},
        {"contract": {"state": "completed", "start": DAY, "end": DAY}},
        {"line": {"task_ids": ("BUILD", "TEST")}},
        {"entry": {"hours": Decimal(24)}, "hours_on_day": Decimal(24)},
        {"entry": {"worked_on": NOW.date() - timedelta(days=60)}},
        {"assigned": None},
        {"worker": {"end_on": DAY}},
    ],
)
def test_the_limits_themselves_are_allowed(changed: dict[str, Any]) -> None:
    assert codes(**changed) == []


def test_everything_that_fails_is_collected_in_the_order_of_the_checks() -> None:
    changed: dict[str, Any] = {
        "twins": ("tme_0",),
        "project": {"status": "closed", "end": DAY - timedelta(days=1)},
        "task": {"open": False},
        "contract": {"state": "suspended"},
        "assigned": False,
        "hours_on_day": Decimal(30),
        "cost_center": None,
        "retro_limit_days": 1,
        "line": {"description_required": True},
        "entry": {"description": ""},
    }
    wanted = [
        "DUPLICATE_SUSPECTED",
        "PROJECT_STATUS_INVALID",
        "PROJECT_CODE_INVALID",
        "DATE_OUT_OF_RANGE",
        "CONTRACT_NOT_ACTIVE",
        "NOT_ASSIGNED",
        "TIME_QTY_INVALID",
        "COST_CENTER_UNMAPPED",
        "TIME_RETRO_LIMIT",
        "DESCRIPTION_MISSING",
    ]
    assert codes(**changed) == wanted
    (part,) = decided(**changed).parts
    assert (part.state, part.codes) == ("exception", tuple(code for code in wanted if code != "NOT_ASSIGNED"))


def test_a_warning_does_not_stop_the_entry() -> None:
    verdict = decided(assigned=False)
    assert [f.code for f in verdict.failures] == ["NOT_ASSIGNED"]
    assert verdict.parts[0].state == "rated"


def test_last_years_contract_and_next_years_draft_do_not_stand_in_the_way() -> None:
    ended = replace(CONTRACT, id="ctr_0", state="completed", end=DAY - timedelta(days=1))
    draft = replace(CONTRACT, id="ctr_2", state="draft")
    assert [c.id for c, _ in lines_for(facts(contracts=(ended, CONTRACT, draft)))] == ["ctr_1"]
    assert codes(contracts=(ended, draft)) == ["CONTRACT_NOT_ACTIVE"]


def test_a_line_for_expenses_leaves_time_to_the_line_for_time() -> None:
    expenses = replace(LINE, id="ctl_2", includes_time=False)
    assert codes(contract={"lines": (expenses, LINE)}) == []


@pytest.mark.parametrize("code", ["DUPLICATE_SUSPECTED", "TIME_RETRO_LIMIT", "NOT_ASSIGNED"])
def test_a_persons_word_holds_on_the_same_grounds_only(code: str) -> None:
    doubtful: dict[str, Any] = {"twins": ("tme_0",), "retro_limit_days": 1, "assigned": False}
    (failure,) = [f for f in failures(facts(**doubtful)) if f.code == code]
    assert code not in codes(**doubtful, settled=frozenset({(code, failure.grounds)}))
    assert code in codes(**doubtful, settled=frozenset({(code, "something else")}))


def test_no_word_of_a_person_replaces_what_can_be_looked_up() -> None:
    assert codes(cost_center=None, settled=frozenset({("COST_CENTER_UNMAPPED", "")})) == ["COST_CENTER_UNMAPPED"]


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("COST_ONLY", {"line": {"billing_method": "fixed_price"}}),
        ("COST_ONLY", {"line": {"billing_method": "milestone"}, "rate_lines": ()}),
        ("NOT_BILLABLE", {"entry": {"billable": False}}),
        ("NOT_BILLABLE", {"line": {"includes_time": False}}),
        ("NOT_BILLABLE", {"task": {"chargeable": False}}),
        ("NOT_BILLABLE", {"entry": {"billable_hours": Decimal(0)}}),
    ],
)
def test_work_that_is_not_charged_is_excluded_whole_and_still_costs(reason: str, changed: dict[str, Any]) -> None:
    verdict = decided(**changed)
    assert parts(**changed) == [("non_billable", "excluded", H8, H8, Decimal(0))]
    assert verdict.parts[0].codes == (reason,)
    assert pricing.cost_amount(verdict, verdict.parts[0]) == Decimal("570.80")


def test_hours_that_are_not_billed_are_a_part_of_their_own() -> None:
    changed = {"entry": {"hours": Decimal("10.0000"), "billable_hours": Decimal("7.5")}, "hours_on_day": Decimal(10)}
    assert parts(**changed) == [
        ("billable", "rated", Decimal("7.5"), Decimal("7.5"), Decimal("1125.00")),
        ("non_billable", "excluded", Decimal("2.5"), Decimal("2.5"), Decimal(0)),
    ]


def test_more_billable_than_recorded_hours_need_a_reason() -> None:
    assert [f.code for f in decided(entry={"billable_hours": Decimal(9)}).failures] == ["BILLABLE_QTY_INVALID"]


def test_a_cap_splits_an_entry_and_no_minute_or_cent_is_lost() -> None:
    """WE-22: headroom 1240.00 of 1720.00."""
    price = replace(STANDARD, rate=Decimal("215.0000"))
    verdict = decided(
        rate_lines=(price,), contract={"nte_amount": Decimal("50000.00")}, consumed={"contract": Decimal("48760.00")}
    )
    billable, overage = verdict.parts
    assert (billable.amount, billable.quantity, billable.hours) == (1240, Decimal("5.7674"), Decimal("5.7674"))
    assert (overage.amount, overage.quantity, overage.hours) == (480, Decimal("2.2326"), Decimal("2.2326"))
    assert (billable.state, overage.state) == ("rated", "held")
    (told,) = verdict.failures
    assert (told.code, told.amount, told.warning) == ("CAP_OVERAGE_HELD", 480, True)


def test_a_used_up_cap_holds_the_whole_entry() -> None:
    changed = {"line": {"nte_hours": Decimal(40)}, "consumed": {"line_hours:ctl_1": Decimal(40)}}
    assert parts(**changed) == [("overage", "held", H8, H8, Decimal("1200.00"))]


def test_a_cap_that_blocks_says_so() -> None:
    limits = {"nte_amount": Decimal("1000.00"), "cap_policy": "block_entry"}
    verdict = decided(contract=limits)
    assert [f.code for f in verdict.failures] == ["CAP_EXCEEDED"]
    assert [p.state for p in verdict.parts] == ["held"]


def test_a_cap_that_warns_bills_all_and_tells_the_contracts_owner() -> None:
    verdict = decided(contract={"nte_amount": Decimal("1000.00"), "cap_policy": "warn"})
    (told,) = verdict.failures
    assert (told.code, told.contract_wide, told.amount) == ("CAP_SOFT_EXCEEDED", True, None)
    assert [(p.state, p.amount) for p in verdict.parts] == [("rated", 1200)]


def test_the_purchase_order_is_a_cap_as_well() -> None:
    order = PurchaseOrder(number="PO-1", amount=Decimal("900.00"))
    assert [p.amount for p in decided(contract={"po": order}).parts] == [900, 300]


def test_a_rate_of_zero_is_a_price_somebody_should_know_of() -> None:
    verdict = decided(rate_lines=(replace(STANDARD, rate=Decimal(0)),))
    (told,) = verdict.failures
    assert (told.code, told.contract_wide, told.grounds) == ("ZERO_RATE", True, "rtl_1")
    assert [(p.state, p.amount) for p in verdict.parts] == [("rated", 0)]


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("RATE_MISSING", {"rate_lines": ()}),
        ("RATE_EXPIRED", {"rate_lines": (replace(STANDARD, effective_to=DAY - timedelta(days=1)),)}),
        ("RATE_OVERLAP", {"rate_lines": (STANDARD, replace(STANDARD, id="rtl_2"))}),
        ("FX_MISSING", {"contract": {"currency": "USD"}}),
        (
            "COST_RATE_MISSING",
            {
                "rate_lines": (replace(STANDARD, method="cost_plus", rate=None, markup_pct=Decimal(30)),),
                "worker": {"cost_rates": ()},
            },
        ),
    ],
)
def test_a_price_that_cannot_be_found_is_never_guessed(code: str, changed: dict[str, Any]) -> None:
    verdict = decided(**changed)
    assert [(f.code, f.amount) for f in verdict.failures] == [(code, None)]
    assert parts(**changed) == [("billable", "exception", H8, H8, Decimal(0))]


def test_what_a_check_stops_is_at_risk_with_what_it_would_be_worth() -> None:
    (stopped,) = decided(project={"status": "closed"}).failures
    assert stopped.amount == Decimal("1200.00")


def test_price_and_period_are_both_told() -> None:
    assert [f.code for f in decided(rate_lines=(), periods=()).failures] == ["RATE_MISSING", "PERIOD_CLOSED"]


def test_the_posting_date_moves_to_the_next_open_period() -> None:
    closed = replace(OCTOBER, state="closed")
    november = AccountingPeriod(start=date(2026, 11, 1), end=date(2026, 11, 30), state="open")
    assert decided(periods=(closed, november)).posting_date == date(2026, 11, 1)
    assert [f.code for f in decided(periods=(closed,)).failures] == ["PERIOD_CLOSED"]


def test_cost_is_that_of_the_day_and_in_the_currency_of_the_cost_rate() -> None:
    verdict = decided(entry={"hours": Decimal("7.7500")})
    assert (pricing.cost_amount(verdict, verdict.parts[0]), verdict.cost_currency) == (Decimal("552.96"), "EUR")
    unknown = decided(worker={"cost_rates": ()})
    assert pricing.cost_amount(unknown, unknown.parts[0]) is None


def test_what_a_person_holds_stays_held() -> None:
    assert [p.state for p in rules.held(decided()).parts] == ["held"]
    excluded = decided(entry={"billable": False})
    assert rules.held(excluded) == excluded


def test_days_that_were_billed_count_as_hours_that_were_billed() -> None:
    """QTY-4 where a line bills exact days: 10 minutes and 10 more come to two quarters of an hour, not to three."""
    line = {"billing_unit": "day", "increment_minutes": 15, "rounding_scope": "day", "hours_per_day": Decimal(8)}
    entry = {"hours": Decimal("0.1667")}
    first = decided(line=line, entry=entry).parts[0].quantity
    prior = quantities.prior_day(Decimal("0.1667"), Decimal(0), first, Decimal(8))
    assert (first, decided(line=line, entry=entry, prior_day=prior).parts[0].quantity) == (
        Decimal("0.0313"),
        Decimal("0.0312"),
    )


def test_money_is_rounded_as_the_entity_does() -> None:  # DEC-3, WE-20
    half = {"entry": {"hours": Decimal("0.5000")}, "rate_lines": (replace(STANDARD, rate=Decimal("100.25")),)}
    half["worker"] = {"cost_rates": (CostRate(rate=Decimal("100.25"), currency="EUR", valid_from=date(2026, 1, 1)),)}
    usual, banker = decided(**half), decided(entity={"rounding_mode": "HALF_EVEN"}, **half)
    assert [v.parts[0].amount for v in (usual, banker)] == [Decimal("50.13"), Decimal("50.12")]
    assert [pricing.cost_amount(v, v.parts[0]) for v in (usual, banker)] == [Decimal("50.13"), Decimal("50.12")]


def test_a_cap_by_hours_rounds_as_the_entity_does() -> None:
    capped = {"line": {"nte_hours": Decimal("0.5")}, "rate_lines": (replace(STANDARD, rate=Decimal("100.25")),)}
    for mode, amount in ((None, "50.13"), ("HALF_EVEN", "50.12")):
        billable, _ = decided(entity={"rounding_mode": mode}, **capped).parts
        assert billable.amount == Decimal(amount)


def test_an_entity_has_its_own_working_day_and_multipliers() -> None:  # QTY-1, MULT-1
    by_day = {"rate_lines": (replace(STANDARD, rate=Decimal(1150), unit="day"),), "line": {"billing_unit": "hour"}}
    assert [decided(entity={"hours_per_day": day}, **by_day).parts[0].amount for day in (None, Decimal("7.5"))] == [
        Decimal("1150.00"),
        Decimal("1226.67"),
    ]
    late = {"entry": {"time_types": ("overtime",)}, "entity": {"multipliers": {"overtime": Decimal("1.5")}}}
    assert decided(**late).parts[0].amount == Decimal("1800.00")
    own = decided(**late, line={"multipliers": {"overtime": Decimal(2)}})
    assert own.parts[0].amount == Decimal("2400.00")


def test_more_may_be_billed_than_recorded_with_a_reason() -> None:  # BILL-4
    more = {"billable_hours": Decimal("9.0000")}
    assert [f.code for f in decided(entry=more).failures] == ["BILLABLE_QTY_INVALID"]
    allowed = decided(entry=more | {"billable_override_reason": "Agreed minimum of nine hours"})
    assert [(p.state, p.amount) for p in allowed.parts] == [("rated", Decimal("1350.00"))]


def test_the_hours_of_a_part_follow_its_amount() -> None:  # CAP-5: not its rounded quantity
    terms = {"billing_unit": "day", "nte_amount": Decimal("333.33")}
    billable, held = decided(line=terms, rate_lines=(replace(STANDARD, rate=Decimal(1000), unit="day"),)).parts
    assert (billable.quantity, billable.hours) == (Decimal("0.3333"), Decimal("2.6666"))
    assert (held.quantity, held.hours, held.amount) == (Decimal("0.6667"), Decimal("5.3334"), Decimal("666.67"))
