"""Invoice assembly: grouping, lines, totals, discount, retainers, splits, milestones (WE-29 to WE-36), due dates."""

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.money import allocate
from domain.discounts import NetLine, VolumeQuestion, VolumeTier, volume_discount
from domain.invoice_lines import BillableTransaction, LineDetail, aggregate_lines, credit_invoice_lines
from domain.invoices import credit_lines, due_date
from domain.milestones import MilestoneBilling, billing_obstacles
from domain.retainers import BlockHours, cover_hours


def net(id: str, kind: str, amount: str, tax_code: str) -> dict[str, str]:
    return {"id": id, "kind": kind, "amount": amount, "tax_code": tax_code}


def test_retainers_fifo_same_tax_code(calculate: Any) -> None:  # WE-29
    retainer = {"state": "posted", "tax_code": "S19"}
    answer = calculate(
        "retainer.apply",
        currency="EUR",
        period_end="2026-03-31",
        lines=[net("1", "time", "6200.00", "S19"), net("2", "expense", "410", "S19"), net("3", "time", "900", "RC")],
        retainers=[
            retainer | {"id": "B", "posted_on": "2026-02-01", "available": "5000.00"},
            retainer | {"id": "A", "posted_on": "2026-01-01", "available": "2500.00", "expires_on": "2026-03-31"},
            retainer | {"id": "C", "posted_on": "2026-01-01", "available": "70", "expires_on": "2026-03-30"},
            retainer | {"id": "D", "state": "draft", "available": "70"},
        ],
    )
    assert answer == {
        "applications": [{"retainer_id": "A", "amount": "-2500.00"}, {"retainer_id": "B", "amount": "-4110.00"}],
        "remaining": {"B": "890.00", "A": "0.00", "C": "70.00", "D": "70.00"},
        "net_before": "7510.00",
        "net_after": "900.00",
    }


def test_block_hours() -> None:  # WE-30
    block = BlockHours(currency="EUR", available_hours=Decimal("4.5"), hours=Decimal(8), bill_rate=Decimal(165))
    covered = cover_hours(block)
    assert [str(covered.covered_hours), str(covered.excess_hours)] == ["4.5000", "3.5000"]
    assert str(covered.excess_amount) == "577.50"


TIERS = [{"from": "0", "pct": "0"}, {"from": "100000", "pct": "5"}, {"from": "120000", "pct": "8"}]


def test_marginal_volume_discount(calculate: Any) -> None:  # WE-31
    lines = [net("1", "time", "20000.40", "S19"), net("2", "time", "11250.20", "S07"), net("3", "expense", "9", "S19")]
    answer = calculate("discount.volume", currency="EUR", prior_net="92400.00", lines=lines, tiers=TIERS)
    shares = [{"tax_code": "S07", "amount": "-465.14"}, {"tax_code": "S19", "amount": "-826.91"}]
    assert answer == {"discount": "1292.05", "lines": shares}
    assert calculate("discount.volume", currency="EUR", lines=lines, tiers=TIERS) == {"discount": "0.00", "lines": []}


def total_line(id: str, amount: str, code: str, rate: str) -> dict[str, str]:
    return {"id": id, "amount": amount, "tax_code": code, "tax_rate_pct": rate}


def test_tax_per_group_not_per_line(calculate: Any) -> None:  # WE-32
    lines = [total_line(str(n), "33.33", "S19", "19") for n in range(3)]
    assert calculate("invoice.totals", currency="EUR", lines=lines) == {
        "net": "99.99",
        "tax_groups": [{"tax_code": "S19", "rate_pct": "19.00", "base": "99.99", "tax": "19.00"}],
        "tax": "19.00",
        "gross": "118.99",
    }


def test_functional_net_by_subtraction(calculate: Any) -> None:  # WE-33
    functional = {"currency": "USD", "fx_rate": "1.1087"}
    lines = [total_line("1", "1234.01", "S20", "20")]
    answer = calculate("invoice.totals", currency="EUR", lines=lines, functional=functional)
    assert (answer["tax"], answer["gross"]) == ("246.80", "1480.81")
    assert answer["functional"] == {"currency": "USD", "net": "1368.14", "tax": "273.63", "gross": "1641.77"}


def test_tax_groups_by_code_then_rate_down(calculate: Any) -> None:
    lines = [total_line("1", "1", "B", "7"), total_line("2", "1", "A", "7"), total_line("3", "1", "B", "19.0")]
    answer = calculate("invoice.totals", currency="EUR", lines=[*lines, total_line("4", "1", "B", "19")])
    groups = [(group["tax_code"], group["rate_pct"], group["base"]) for group in answer["tax_groups"]]
    assert groups == [("A", "7.00", "1.00"), ("B", "19.00", "2.00"), ("B", "7.00", "1.00")]


def test_half_even_totals_and_negative_tax(calculate: Any) -> None:  # DEC-3, DEC-6
    line = [total_line("1", "-0.50", "X", "25")]
    assert calculate("invoice.totals", currency="EUR", lines=line)["tax"] == "-0.13"
    assert calculate("invoice.totals", currency="EUR", lines=line, rounding_mode="HALF_EVEN")["tax"] == "-0.12"


@pytest.mark.parametrize(
    ("grouping", "keys"),
    [
        ("per_contract", ["E|C|EUR|NET30|-|2026-03|ctr", "E|C|EUR|NET30|P1|2026-03|ctr"]),
        ("per_project", ["E|C|EUR|NET30|-|2026-03|ctr/p1", "E|C|EUR|NET30|P1|2026-03|ctr/p2"]),
        ("per_contract_line", ["E|C|EUR|NET30|-|2026-03|l1", "E|C|EUR|NET30|P1|2026-03|l2"]),
        ("per_customer", ["E|C|EUR|NET30|-|2026-03|*", "E|C|EUR|NET30|P1|2026-03|*"]),
        ("per_po", ["E|C|EUR|NET30|-|2026-03|ctr", "E|C|EUR|NET30|P1|2026-03|*"]),
    ],
)
def test_draft_keys(calculate: Any, grouping: str, keys: list[str]) -> None:  # INV-1, INV-2
    shared = {
        "legal_entity_id": "E",
        "bill_to_id": "C",
        "currency": "EUR",
        "payment_terms": "NET30",
        "billing_period": "2026-03",
        "contract_id": "ctr",
    }
    transactions = [
        shared | {"id": "t2", "po_number": "P1", "project_id": "p2", "contract_line_id": "l2", "amount": "5.00"},
        shared | {"id": "t9", "project_id": "p1", "contract_line_id": "l1", "amount": "0.10"},
        shared | {"id": "t10", "project_id": "p1", "contract_line_id": "l1", "amount": "0.20"},
    ]
    answer = calculate("invoice.group", contract={"invoice_grouping": grouping}, transactions=transactions)
    assert [draft["key"] for draft in answer["drafts"]] == keys
    assert answer["drafts"][0] == {"key": keys[0], "transaction_ids": ["t10", "t9"], "net": "0.30"}


def time(id: str, amount: str, **more: Any) -> BillableTransaction:
    plain = BillableTransaction(
        id=id,
        kind="time",
        contract_line_id="ctl",
        currency="EUR",
        quantity=Decimal("0.5"),
        unit="hour",
        bill_rate=Decimal("100.25"),
        amount=Decimal(amount),
        tax_code="S19",
        tax_rate_pct=Decimal(19),
        role_code="CON",
        resource_id="ann",
        project_id="p",
    )
    return msgspec.structs.replace(plain, **more)


def test_line_amounts_are_summed_not_recomputed() -> None:  # INV-3
    (line,) = aggregate_lines([time("2", "50.13"), time("1", "50.13", resource_id="bob")], "role")
    assert (str(line.quantity), str(line.amount)) == ("1.0000", "100.26")  # 1.0 x 100.25 would be 100.25
    assert (line.transaction_ids, line.detail) == (("1", "2"), "CON")


@pytest.mark.parametrize(
    ("detail", "count"), [("entry", 2), ("resource_role", 2), ("role", 1), ("task", 1), ("project", 1)]
)
def test_line_detail(detail: LineDetail, count: int) -> None:
    assert len(aggregate_lines([time("1", "1"), time("2", "1", resource_id="bob")], detail)) == count


def test_different_rates_stay_apart() -> None:
    lines = aggregate_lines(
        [time("1", "1"), time("2", "1", bill_rate=Decimal("100.250")), time("3", "1", tax_code="R")], "role"
    )
    assert [line.transaction_ids for line in lines] == [("3",), ("1", "2")]
    assert [line.id for line in lines] == ["1", "2"]


def test_credit_notes_negate() -> None:  # INV-8
    lines = aggregate_lines([time("1", "50.13")], "role")
    (credit,) = credit_invoice_lines(lines)
    assert (str(credit.amount), str(credit.quantity), credit.tax_rate_pct) == ("-50.13", "-0.5000", Decimal(19))
    assert credit_lines([lines[0].as_amount()])[0].amount == Decimal("-50.13")


@pytest.mark.parametrize(
    ("terms", "due"),
    [("NET30", "2026-03-02"), ("EOM10", "2026-02-10"), ("EOM0", "2026-01-31"), ("IMMEDIATE", "2026-01-31")],
)
def test_due_date(terms: str, due: str) -> None:  # AR-1
    assert due_date(dt.date(2026, 1, 31), terms) == dt.date.fromisoformat(due)


def test_unknown_terms_are_refused() -> None:
    with pytest.raises(ValueError, match="NETn"):
        due_date(dt.date(2026, 1, 31), "2/10 NET30")


def test_rounding_customer_takes_the_residual(calculate: Any) -> None:  # WE-34
    splits = [
        {"customer_id": "A", "pct": "50", "rounding": True},
        {"customer_id": "B", "pct": "30"},
        {"customer_id": "C", "pct": "20"},
    ]
    answer = calculate("split.customers", currency="EUR", amount="1000.01", splits=splits)
    assert [part["amount"] for part in answer["parts"]] == ["500.01", "300.00", "200.00"]
    for broken in (splits[:2], [splits[0], splits[1] | {"rounding": True}, splits[2]]):
        found = calculate("split.customers", currency="EUR", amount="1000.01", splits=broken)
        assert found == {"code": "SPLIT_NOT_100"}


def test_largest_remainder(calculate: Any) -> None:  # WE-35
    weights = [{"key": key, "weight": weight} for key, weight in (("a", "61.5"), ("b", "70.25"), ("c", "28.25"))]
    answer = calculate("alloc.split", currency="EUR", amount="9876.55", weights=weights)
    assert [part["amount"] for part in answer["parts"]] == ["3796.30", "4336.42", "1743.83"]


def test_remainder_ties_go_by_key_and_keep_the_sign(calculate: Any) -> None:  # ALLOC-1
    weights = [{"key": key, "weight": "1"} for key in "cab"]
    answer = calculate("alloc.split", currency="EUR", amount="-0.05", weights=weights)
    assert [(part["key"], part["amount"]) for part in answer["parts"]] == [
        ("c", "-0.01"),
        ("a", "-0.02"),
        ("b", "-0.02"),
    ]


def test_last_milestone_takes_the_residual(calculate: Any) -> None:  # WE-36
    shares = [("m3", 3, "33.3334"), ("m1", 1, "33.3333"), ("m2", 2, "33.3333")]
    plan = [{"id": id, "sequence": sequence, "pct": pct} for id, sequence, pct in shares]
    answer = calculate("milestone.schedule", currency="EUR", line_value="100000.01", milestones=plan)
    amounts = [(one["id"], one["amount"]) for one in answer["milestones"]]
    assert amounts == [("m1", "33333.30"), ("m2", "33333.30"), ("m3", "33333.41")]
    short = calculate("milestone.schedule", currency="EUR", line_value="100", milestones=plan[:2])
    assert short == {"code": "MILESTONE_SUM_MISMATCH"}


def test_milestone_obstacles() -> None:  # MS-1..MS-3
    billing = MilestoneBilling(
        amount=Decimal(60),
        billed_before=Decimal(50),
        line_value=Decimal(100),
        sequential=True,
        predecessor_posted=False,
        holding_change_order=True,
    )
    assert billing_obstacles(billing) == ("MILESTONE_OVER_VALUE", "PRIOR_INVOICE_OPEN", "CHANGE_ORDER_PENDING")


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({}, ()),
        ({"amount": Decimal("50.01")}, ("MILESTONE_OVER_VALUE",)),
        ({"sequential": True}, ()),
        ({"predecessor_posted": False}, ()),
        ({"sequential": True, "predecessor_posted": False}, ("PRIOR_INVOICE_OPEN",)),
        ({"holding_change_order": True}, ("CHANGE_ORDER_PENDING",)),
    ],
)
def test_each_milestone_obstacle_alone(given: dict[str, Any], codes: tuple[str, ...]) -> None:
    plain = {"amount": Decimal(50), "billed_before": Decimal(50), "line_value": Decimal(100)}
    assert billing_obstacles(MilestoneBilling(**plain | given)) == codes


GROUPED = {
    "id": "t1",
    "legal_entity_id": "ent",
    "bill_to_id": "cus",
    "currency": "EUR",
    "payment_terms": "NET30",
    "billing_period": "2026-03",
    "contract_id": "ctr",
    "amount": "1.00",
}


@pytest.mark.parametrize(
    ("grouping", "key"),
    [(None, "ctr"), ("per_contract", "ctr"), ("per_project", "ctr/-"), ("per_contract_line", "-"), ("per_po", "ctr")],
)
def test_what_is_missing_is_a_dash_in_the_key(calculate: Any, grouping: str | None, key: str) -> None:  # INV-2
    contract = {"invoice_grouping": grouping}
    (draft,) = calculate("invoice.group", contract=contract, transactions=[GROUPED])["drafts"]
    assert draft["key"] == f"ent|cus|EUR|NET30|-|2026-03|{key}"


@pytest.mark.parametrize("rate", ["0", "-1"])
def test_a_rate_of_exchange_is_above_zero(calculate: Any, rate: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="`fx_rate`"):
        calculate("invoice.totals", currency="EUR", lines=[], functional={"currency": "USD", "fx_rate": rate})


_cents = st.integers(-1_000_000, 1_000_000).map(lambda cents: Decimal(cents).scaleb(-2))
_weights = st.lists(st.integers(0, 10_000).map(lambda n: Decimal(n).scaleb(-2)), min_size=1, max_size=8)


@settings(max_examples=50, deadline=None)
@given(amount=_cents, weights=_weights)
def test_allocation_sums_and_stays_within_a_cent(amount: Decimal, weights: list[Decimal]) -> None:
    total = sum(weights)
    keyed = [(str(n), weight) for n, weight in enumerate(weights)]
    if not total:
        with pytest.raises(ValueError, match="above zero"):
            allocate(amount, keyed, 2)
        return
    parts = allocate(amount, keyed, 2)
    assert sum(part for _, part in parts) == amount
    assert all(
        abs(part - amount * weight / total) < Decimal("0.01") for (_, part), weight in zip(parts, weights, strict=True)
    )


@settings(max_examples=50, deadline=None)
@given(prior=st.integers(0, 200_000), amounts=st.lists(st.integers(0, 90_000_00), max_size=4))
def test_discount_is_bounded_and_fully_shared(prior: int, amounts: list[int]) -> None:
    lines = tuple(
        NetLine(id=str(n), kind="time", amount=Decimal(cents).scaleb(-2), tax_code=f"T{n % 2}")
        for n, cents in enumerate(amounts)
    )
    tiers = tuple(
        VolumeTier(from_=Decimal(start), pct=Decimal(pct)) for start, pct in ((0, 0), (50_000, 5), (90_000, 8))
    )
    answer = volume_discount(VolumeQuestion(currency="EUR", prior_net=Decimal(prior), lines=lines, tiers=tiers))
    billed = sum((line.amount for line in lines), Decimal(0))
    assert 0 <= answer.discount <= (billed * Decimal("0.08")).quantize(Decimal("0.01")) + Decimal("0.01")
    assert sum((line.amount for line in answer.lines), Decimal(0)) == -answer.discount
