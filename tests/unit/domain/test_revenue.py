"""Revenue by method (WE-48 to WE-51) and the release of supplier invoices (WE-52)."""

from typing import Any

import msgspec
import pytest


def test_cost_to_cost(calculate: Any) -> None:  # WE-48
    answer = calculate(
        "revrec.compute",
        method="cost_to_cost",
        currency="EUR",
        contract_value="240000.00",
        to_date="61250",
        estimate_to_complete="113750",
        previously_recognised="52000.00",
    )
    assert answer == {
        "cumulative": "84000.00",
        "period_revenue": "32000.00",
        "percent_complete": "0.350000",
        "loss_provision": "0.00",
    }


def test_catch_up_counts_with_the_rounded_percent(calculate: Any) -> None:  # WE-49
    answer = calculate(
        "revrec.compute",
        method="cost_to_cost",
        currency="EUR",
        contract_value="270000.00",
        to_date="94600",
        estimate_to_complete="95400",
        previously_recognised="84000.00",
        billed_to_date="105000.00",
    )
    assert answer == {
        "cumulative": "134431.65",
        "period_revenue": "50431.65",
        "percent_complete": "0.497895",
        "loss_provision": "0.00",
        "contract_asset": "29431.65",
        "contract_liability": "0.00",
    }


@pytest.mark.parametrize(
    ("as_of", "before", "days", "cumulative", "period"),
    [
        ("2026-03-31", "0", 50, "18461.54", "18461.54"),
        ("2026-04-30", "18461.54", 80, "29538.46", "11076.92"),
        ("2026-02-09", "0", 0, "0.00", "0.00"),
        ("2027-06-30", "120000", 325, "120000.00", "0.00"),
    ],
)
def test_straight_line(
    calculate: Any, as_of: str, before: str, days: int, cumulative: str, period: str
) -> None:  # WE-50
    answer = calculate(
        "revrec.compute",
        method="straight_line",
        currency="EUR",
        contract_value="120000.00",
        start="2026-02-10",
        end="2026-12-31",
        as_of=as_of,
        previously_recognised=before,
    )
    assert answer == {
        "cumulative": cumulative,
        "period_revenue": period,
        "days_elapsed": days,
        "days_total": 325,
    }


def test_loss_provision(calculate: Any) -> None:  # WE-51; hours cannot run over a value
    given = {"currency": "EUR", "contract_value": "80000.00", "to_date": "54000", "estimate_to_complete": "36000"}
    answer = calculate("revrec.compute", method="cost_to_cost", **given)
    assert answer == {
        "cumulative": "48000.00",
        "period_revenue": "48000.00",
        "percent_complete": "0.600000",
        "loss_provision": "4000.00",
    }
    assert "loss_provision" not in calculate("revrec.compute", method="hours", **given)


@pytest.mark.parametrize(
    ("to_date", "estimate", "percent"), [("0", "0", "0.000000"), ("10", "-4", "1.000000"), ("1", "2", "0.333333")]
)
def test_percent_complete_bounds(calculate: Any, to_date: str, estimate: str, percent: str) -> None:  # REVC-1
    given = {"currency": "EUR", "contract_value": "9", "to_date": to_date, "estimate_to_complete": estimate}
    assert calculate("revrec.compute", method="hours", **given)["percent_complete"] == percent


@pytest.mark.parametrize(
    ("question", "cumulative"),
    [
        ({"method": "completed_contract", "contract_value": "500.00", "complete": False}, "0.00"),
        ({"method": "completed_contract", "contract_value": "500.00", "complete": True}, "500.00"),
        (
            {
                "method": "milestone",
                "milestones": [
                    {"amount": "100.00", "state": "accepted"},
                    {"amount": "50.00", "state": "billed"},
                    {"amount": "25.00", "state": "completed"},
                ],
            },
            "150.00",
        ),
        (
            {
                "method": "right_to_invoice",
                "transactions": [
                    {"amount": str(n), "state": state}
                    for n, state in enumerate(
                        ["rated", "queued", "drafted", "invoiced", "held", "written_off", "reversed"], start=1
                    )
                ],
            },
            "10.00",
        ),
    ],
)
def test_other_methods(calculate: Any, question: dict[str, Any], cumulative: str) -> None:  # REVC-3 to REVC-6
    answer = calculate("revrec.compute", currency="EUR", previously_recognised="200", billed_to_date="200", **question)
    assert answer["cumulative"] == cumulative
    assert answer["contract_liability"] == f"{max(0.0, 200 - float(cumulative)):.2f}"
    assert answer["contract_asset"] == f"{max(0.0, float(cumulative) - 200):.2f}"


def test_the_inputs_are_those_of_the_method(calculate: Any) -> None:
    with pytest.raises(msgspec.ValidationError, match="estimate_to_complete"):
        calculate("revrec.compute", method="hours", currency="EUR", contract_value="1", to_date="1")
    with pytest.raises(msgspec.ValidationError, match="`end` is not before start"):
        spread = {"contract_value": "1", "start": "2026-02-02", "end": "2026-02-01", "as_of": "2026-02-02"}
        calculate("revrec.compute", method="straight_line", currency="EUR", **spread)


def release(calculate: Any, **given: Any) -> tuple[str, str | None]:
    asked = {
        "mode": "proportional",
        "currency": "EUR",
        "vendor_amount": "9000.00",
        "already_released": "2000.00",
        "customer_gross": "23800.00",
        "customer_paid": "14280.00",
        "pm_confirmed": True,
    }
    answer = calculate("vendor.release", **asked | given)
    return answer["releasable"], answer["code"]


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({}, ("3400.00", "PWP_WAITING")),  # WE-52
        ({"pm_confirmed": False, "override": True}, ("0.00", "VENDOR_NOT_CONFIRMED")),
        ({"override": True}, ("7000.00", None)),
        ({"mode": "none", "customer_gross": None, "customer_paid": None}, ("7000.00", None)),
        ({"mode": "none", "already_released": "9500.00"}, ("0.00", None)),
        ({"mode": "threshold"}, ("0.00", "PWP_WAITING")),
        ({"mode": "threshold", "threshold_pct": "60"}, ("7000.00", None)),
        ({"mode": "threshold", "threshold_pct": "60.0001"}, ("0.00", "PWP_WAITING")),
        ({"customer_gross": "0"}, ("0.00", "PWP_WAITING")),
        ({"customer_paid": "23800.00"}, ("7000.00", None)),
        ({"customer_paid": "30000.00"}, ("7000.00", None)),
        ({"customer_paid": "99999.00"}, ("7000.00", None)),
        ({"already_released": None}, ("5400.00", "PWP_WAITING")),
        ({"already_released": "6000.00"}, ("0.00", "PWP_WAITING")),
        (
            {"currency": "JPY", "vendor_amount": "1000", "already_released": "0", "customer_paid": "1"},
            ("0", "PWP_WAITING"),
        ),
    ],
)
def test_release(calculate: Any, given: dict[str, Any], answer: tuple[str, str | None]) -> None:  # PWP-1 to PWP-4
    assert release(calculate, **given) == answer


def test_what_the_client_paid_must_be_known(calculate: Any) -> None:
    with pytest.raises(msgspec.ValidationError, match="`customer_gross` is required for mode threshold"):
        release(calculate, mode="threshold", customer_gross=None)


@pytest.mark.parametrize("given", [{"pm_confirmed": False}, {"override": True}])
def test_what_the_client_paid_need_not_be_known_where_it_decides_nothing(calculate: Any, given: dict[str, Any]) -> None:
    known, unknown = release(calculate, **given), release(calculate, **given, customer_gross=None, customer_paid=None)
    assert unknown == known
