"""Reconciliation, impact plans, bookings, posting dates, alerts (WE-42 to WE-47, WE-55 to WE-57)."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest


def test_hours_control(calculate: Any) -> None:  # WE-55
    values = {
        "approved": "412.5",
        "billed": "300",
        "unbilled": "96.5",
        "held": "8",
        "written_off": "2",
        "non_billable": "4",
        "in_exception": "0",
        "in_flight": "0",
    }
    answer = calculate("recon.evaluate", control="REC-01", currency="EUR", values=values)
    assert answer == {"variance": "2.0000", "tolerance": "0.0000", "status": "breach"}


def test_margin_control(calculate: Any) -> None:  # WE-56
    values = {"psa_revenue": "84000.00", "psa_cost": "61250.00", "erp_revenue": "83950.00", "erp_cost": "61239.50"}
    answer = calculate("recon.evaluate", control="REC-03", currency="EUR", values=values)
    assert answer == {"variance": "39.50", "tolerance": "83.95", "status": "within_tolerance"}


@pytest.mark.parametrize(
    ("control", "values", "answer"),
    [
        (
            "REC-02",
            {
                "approved_reimbursable": "100.04",
                "invoiced_cost": "100",
                "unbilled": "0",
                "held": "0",
                "written_off": "0",
                "non_billable_excess": "0",
                "item_count": 7,
            },
            ("0.04", "0.04", "within_tolerance"),
        ),
        ("REC-04", {"mismatched": 3, "critical": False, "compared": 799}, (3, 3, "within_tolerance")),
        ("REC-04", {"mismatched": 1, "critical": True, "compared": 799}, (1, 0, "breach")),
        ("REC-05", {"canonical_gross": "118.99", "erp_gross": "119.00"}, ("-0.01", "0.00", "breach")),
        (
            "REC-06",
            {
                "opening": "10",
                "additions": "5",
                "invoiced": "3",
                "written_off": "1",
                "adjustments": "-1",
                "closing": "10",
            },
            ("0.00", "0.00", "matched"),
        ),
        (
            "REC-07",
            {"published": 9, "processed": 7, "duplicates": 1, "dead_lettered": 0, "in_flight": 1},
            (0, 0, "matched"),
        ),
        ("REC-08", {"legacy_amount": "1.01", "cloud_amount": "1.00"}, ("0.01", "0.01", "within_tolerance")),
        ("REC-09", {"payroll_cost": "9.00", "allocated": ["4.50", "4.50"]}, ("0.00", "0.00", "matched")),
        ("REC-12", {"accrued": "1021.00", "vendor_invoice": "1000.00"}, ("21.00", "20.00", "breach")),
    ],
)
def test_controls(calculate: Any, control: str, values: Any, answer: tuple[Any, ...]) -> None:
    found = calculate("recon.evaluate", control=control, currency="EUR", values=values)
    assert (found["variance"], found["tolerance"], found["status"]) == answer


# The values of each control (4m), with figures that agree.
AGREEING: dict[str, dict[str, Any]] = {
    "REC-01": {
        "approved": "28",
        "billed": "1",
        "unbilled": "2",
        "held": "3",
        "written_off": "4",
        "non_billable": "5",
        "in_exception": "6",
        "in_flight": "7",
    },
    "REC-02": {
        "approved_reimbursable": "15",
        "invoiced_cost": "1",
        "unbilled": "2",
        "held": "3",
        "written_off": "4",
        "non_billable_excess": "5",
        "item_count": "1",
    },
    "REC-03": {"psa_revenue": "9", "psa_cost": "4", "erp_revenue": "8", "erp_cost": "3"},
    "REC-04": {"mismatched": 0, "critical": True},
    "REC-05": {"canonical_gross": "119", "erp_gross": "119"},
    "REC-06": {
        "opening": "9",
        "additions": "8",
        "adjustments": "7",
        "invoiced": "6",
        "written_off": "5",
        "closing": "13",
    },
    "REC-07": {"published": 10, "processed": "4", "duplicates": 3, "dead_lettered": 2, "in_flight": 1},
    "REC-08": {"legacy_amount": "7", "cloud_amount": "7"},
    "REC-09": {"payroll_cost": "7", "allocated": ["3", "4"]},
    "REC-10": {"recognised": "7", "gl_revenue": "7"},
    "REC-11": {"canonical_open": ["5", "2"], "erp_ar": "7"},
    "REC-12": {"accrued": "7", "vendor_invoice": "7"},
}
COUNTED = ("REC-01", "REC-04", "REC-07")


@pytest.mark.parametrize("control", AGREEING)
def test_what_agrees_is_matched(calculate: Any, control: str) -> None:
    found = calculate("recon.evaluate", control=control, currency="EUR", values=AGREEING[control])
    assert (found["status"], Decimal(found["variance"])) == ("matched", 0)


@pytest.mark.parametrize(("control", "name"), [(one, name) for one, values in AGREEING.items() for name in values])
def test_a_control_needs_all_its_values(calculate: Any, control: str, name: str) -> None:
    values = {other: value for other, value in AGREEING[control].items() if other != name}
    if name == "critical":  # a flag that is absent is not set: then half a percent of what was compared may differ
        with pytest.raises(msgspec.ValidationError, match="`compared` is required unless critical"):
            calculate("recon.evaluate", control=control, values=values)
        return
    with pytest.raises(msgspec.ValidationError, match=f"`{name}`"):
        calculate("recon.evaluate", control=control, currency="EUR", values=values)


@pytest.mark.parametrize("control", AGREEING)
def test_a_control_takes_no_other_values(calculate: Any, control: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="other"):
        calculate("recon.evaluate", control=control, currency="EUR", values=AGREEING[control] | {"other": "1"})


@pytest.mark.parametrize("control", AGREEING)
def test_money_has_a_currency(calculate: Any, control: str) -> None:
    question = {"control": control, "values": AGREEING[control]}
    if control in COUNTED:
        assert calculate("recon.evaluate", **question)["status"] == "matched"
        return
    with pytest.raises(msgspec.ValidationError, match="`currency`"):
        calculate("recon.evaluate", **question)


@pytest.mark.parametrize(
    ("control", "name", "value"),
    [
        ("REC-09", "allocated", "1e3"),
        ("REC-11", "canonical_open", "7,00"),
        ("REC-12", "accrued", "9" * 41),
        ("REC-09", "allocated", ["1", "x"]),
        ("REC-11", "canonical_open", 7),
    ],
)
def test_a_sum_is_a_decimal_or_a_list_of_them(calculate: Any, control: str, name: str, value: Any) -> None:
    with pytest.raises(msgspec.ValidationError, match=name):
        calculate("recon.evaluate", control=control, currency="EUR", values=AGREEING[control] | {name: value})


@pytest.mark.parametrize(
    ("control", "change", "answer"),
    [
        ("REC-02", {"item_count": 2000, "invoiced_cost": "-4"}, ("5.00", "5.00", "within_tolerance")),
        ("REC-02", {"item_count": 2000, "invoiced_cost": "-4.01"}, ("5.01", "5.00", "breach")),
        ("REC-03", {"erp_revenue": "9"}, ("-1.00", "1.00", "within_tolerance")),
        ("REC-03", {"erp_revenue": "9.01"}, ("-1.01", "1.00", "breach")),
        ("REC-03", {"psa_revenue": "-1999", "erp_revenue": "-2000"}, ("0.00", "2.00", "matched")),
        ("REC-04", {"critical": False, "compared": 199, "mismatched": 1}, (1, 0, "breach")),
        ("REC-04", {"critical": False, "compared": 200, "mismatched": 1}, (1, 1, "within_tolerance")),
        ("REC-08", {"legacy_amount": "6.98"}, ("-0.02", "0.01", "breach")),
        ("REC-10", {"recognised": "6.99"}, ("-0.01", "0.01", "within_tolerance")),
        ("REC-11", {"erp_ar": "7.01"}, ("-0.01", "0.00", "breach")),
        ("REC-11", {"canonical_open": "7.01"}, ("0.01", "0.00", "breach")),
        ("REC-12", {"vendor_invoice": "17"}, ("-10.00", "10.00", "within_tolerance")),
        ("REC-12", {"vendor_invoice": "17.01"}, ("-10.01", "10.00", "breach")),
        ("REC-12", {"accrued": ["600", "420.01"], "vendor_invoice": "1000"}, ("20.01", "20.00", "breach")),
    ],
)
def test_tolerances_to_the_last_unit(calculate: Any, control: str, change: Any, answer: tuple[Any, ...]) -> None:
    found = calculate("recon.evaluate", control=control, currency="EUR", values=AGREEING[control] | change)
    assert (found["variance"], found["tolerance"], found["status"]) == answer


@pytest.mark.parametrize(
    ("control", "change", "answer"),
    [
        ("REC-02", {"item_count": 100}, ("0.000", "0.500", "matched")),
        ("REC-02", {"item_count": 2000}, ("0.000", "5.000", "matched")),
        ("REC-03", {}, ("0.000", "1.000", "matched")),
        ("REC-08", {}, ("0.000", "0.010", "matched")),
        ("REC-12", {}, ("0.000", "10.000", "matched")),
        ("REC-12", {"accrued": "1000", "vendor_invoice": "1000.1"}, ("-0.100", "20.002", "within_tolerance")),
    ],
)
def test_money_has_the_scale_of_its_currency(
    calculate: Any, control: str, change: Any, answer: tuple[Any, ...]
) -> None:
    found = calculate("recon.evaluate", control=control, currency="KWD", values=AGREEING[control] | change)
    assert (found["variance"], found["tolerance"], found["status"]) == answer
    yen = calculate("recon.evaluate", control=control, currency="JPY", values=AGREEING[control] | change)
    assert "." not in yen["variance"]


def test_the_rounding_mode_is_for_money_only(calculate: Any) -> None:  # DEC-3
    money = {"legacy_amount": "0.125", "cloud_amount": "0"}
    hours = AGREEING["REC-01"] | {"approved": "28.00005"}
    found = [
        calculate("recon.evaluate", control=control, currency="EUR", values=values, rounding_mode="HALF_EVEN")
        for control, values in (("REC-08", money), ("REC-01", hours))
    ]
    assert [one["variance"] for one in found] == ["0.12", "0.0001"]


def transaction(id: str, state: str, old: str, new: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "state": state, "service_date": "2026-03-20", "old_amount": old, "new_amount": new} | more


def plan(calculate: Any, *transactions: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    question = {"trigger": "rerate", "changed_on": "2026-04-10", "currency": "EUR", "transactions": transactions}
    return [(one["action"], one["delta"]) for one in calculate("impact.plan", **(question | more))["actions"]]


def test_rerating_by_state(calculate: Any) -> None:  # WE-42 to WE-46
    actions = plan(
        calculate,
        transaction("42", "rated", "1280.00", "1380.00"),
        transaction("43", "queued", "1280.00", "1380.00"),
        transaction("44a", "invoiced", "10.00", "10.60", invoice_id="I1"),
        transaction("45a", "invoiced", "100.00", "180.00", invoice_id="I2"),
        transaction("44b", "invoiced", "10.00", "9.90", invoice_id="I1"),
        transaction("45b", "invoiced", "100.00", "20.50", invoice_id="I2"),
        transaction("46", "invoiced", "100.00", "200.00", invoice_id="I1", service_date="2026-01-09"),
    )
    assert actions == [
        ("replace", "100.00"),
        ("reverse_and_repost", "100.00"),
        ("ignore_below_tolerance", "0.60"),
        ("adjust_next_invoice", "80.00"),
        ("ignore_below_tolerance", "-0.10"),
        ("adjust_next_invoice", "-79.50"),
        ("needs_window_approval", "100.00"),
    ]


def test_corrections_know_neither_tolerance_nor_window(calculate: Any) -> None:  # WE-47
    old = transaction("47", "invoiced", "1300.00", "975.00", invoice_id="I", service_date="2025-01-09")
    tiny = transaction("t", "invoiced", "1.00", "0.99", invoice_id="J")
    assert plan(calculate, old, tiny, trigger="correction") == [
        ("adjust_next_invoice", "-325.00"),
        ("adjust_next_invoice", "-0.01"),
    ]
    rebill = plan(calculate, old, trigger="correction", mode="credit_and_rebill")
    assert rebill == [("credit_and_rebill", "-325.00")]


@pytest.mark.parametrize(
    ("state", "more", "action"),
    [
        ("reversed", {}, "none"),
        ("drafted", {"invoice_state": "in_review"}, "pull_replace_readd"),
        ("drafted", {"invoice_state": "post_failed"}, "needs_unapprove"),
        ("held", {"new_amount": "1.00"}, "none"),
    ],
)
def test_other_rows(calculate: Any, state: str, more: dict[str, Any], action: str) -> None:
    assert plan(calculate, transaction("t", state, "1.00", "2.00") | more)[0][0] == action


def test_a_correction_may_change_more_than_the_amount(calculate: Any) -> None:  # IMP-1
    same = transaction("t", "queued", "1.00", "1.00", billed_fields_changed=True)
    assert plan(calculate, same, trigger="correction") == [("reverse_and_repost", "0.00")]
    assert plan(calculate, same) == [("none", "0.00")]


def booked(date: str, capacity: str, hard: list[str], soft: list[str]) -> dict[str, Any]:
    return {"date": date, "capacity_hours": capacity, "hard_hours": hard, "soft_hours": soft}


def levels(calculate: Any, *days: dict[str, Any]) -> list[tuple[str, str]]:
    return [(day["over_hours"], day["level"]) for day in calculate("booking.check", days=days)["days"]]


def test_a_fitting_week_softens_a_block(calculate: Any) -> None:  # WE-57
    rest = [booked(f"2026-03-{day}", "8", ["7.75"], []) for day in (17, 18, 19, 20)]
    answer = levels(calculate, booked("2026-03-16", "8", ["5", "4"], []), *rest)
    assert answer == [("1.0000", "warn"), *[("0.0000", "none")] * 4]


@pytest.mark.parametrize(
    ("capacity", "hard", "soft", "level"),
    [
        ("8", ["8.8"], [], "warn"),
        ("8", ["8.9"], [], "block"),
        ("10", ["11"], [], "warn"),
        ("10", ["11.001"], [], "block"),
        ("0", ["1"], [], "block"),
        ("8", ["8"], ["1.6"], "none"),
        ("8", ["8"], ["1.61"], "soft_warn"),
    ],
)
def test_booking_levels(calculate: Any, capacity: str, hard: list[str], soft: list[str], level: str) -> None:
    assert levels(calculate, booked("2026-03-16", capacity, hard, soft))[0][1] == level


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-03-31", {"posting_date": "2026-03-31", "shifted": False}),
        ("2026-01-31", {"posting_date": "2026-03-01", "shifted": True}),
        ("2026-04-01", {"code": "PERIOD_CLOSED"}),
    ],
)
def test_posting_date(calculate: Any, day: str, expected: dict[str, Any]) -> None:  # POST-1
    periods = [
        {"start": "2026-04-01", "end": "2026-04-30", "state": "future"},
        {"start": "2026-03-01", "end": "2026-03-31", "state": "open", "legal_entity_id": "ent_1"},
        {"start": "2026-02-01", "end": "2026-02-28", "state": "soft_closed"},
    ]
    assert calculate("period.posting_date", service_date=day, periods=periods) == expected


@pytest.mark.parametrize(
    ("severity", "hours", "amount", "priority"),
    [
        ("blocking", None, None, "P3"),
        ("warning", None, "100000", "P3"),
        ("blocking", "72", "0", "P2"),
        ("warning", "24.0", "99999.99", "P2"),
        ("blocking", "-3", "100000", "P1"),
        ("warning", 73, 0, "P4"),
    ],
)
def test_priority(calculate: Any, severity: str, hours: Any, amount: Any, priority: str) -> None:  # ALR-1
    answer = calculate("alert.priority", severity=severity, hours_to_cutoff=hours, amount_at_risk=amount)
    assert answer == {"priority": priority}


@pytest.mark.parametrize(
    ("created", "hours", "due"),
    [
        ("2026-03-16T10:30:00", 4, "2026-03-16T14:30:00"),
        ("2026-03-16T09:00:00", 8, "2026-03-16T17:00:00"),
        ("2026-03-16T17:00:00", 1, "2026-03-17T10:00:00"),
        ("2026-03-16T06:00:00", 16, "2026-03-17T17:00:00"),
        ("2026-03-20T16:00:00", 4, "2026-03-24T12:00:00"),
        ("2026-03-21T12:00:00", 0, "2026-03-24T09:00:00"),
    ],
)
def test_sla(calculate: Any, created: str, hours: int, due: str) -> None:  # ALR-3; the 23rd is a holiday
    answer = calculate("sla.due", created_at=created, sla_hours=hours, holidays=["2026-03-23"])
    assert answer == {"due_at": due}
