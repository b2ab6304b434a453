"""Answers of all calculators to their own examples, and how large and how long a figure may grow."""

import msgspec
import pytest

from contracts import wire
from contracts.money import Exact
from contracts.problems import RuleViolated
from domain.calculators import CALCULATORS
from domain.splits import Allocation, Weight


@pytest.mark.parametrize("name", sorted(CALCULATORS))
def test_its_example_is_answered_with_its_output(name: str) -> None:
    calculator = CALCULATORS[name]
    asked = wire.decode(msgspec.json.encode(calculator.example.question), calculator.input)
    assert type(asked) in calculator.inputs
    answer = calculator.answer(asked)
    assert type(answer) is calculator.output
    assert answer == calculator.answer(asked)
    assert wire.decode(wire.encode(answer), calculator.output) == answer


def allocation(amount: str, weight: str = "1") -> Allocation:
    return Allocation(currency="EUR", amount=Exact(amount), weights=(Weight(key="a", weight=Exact(weight)),))


def test_figures_that_outgrow_amounts_are_refused() -> None:
    """30 digits before the point are the last that an amount may have; what is nested counts as well."""
    most = CALCULATORS["alloc.split"].answer(allocation("9" * 30))
    assert wire.to_builtins(most) == {"parts": [{"key": "a", "amount": "9" * 30 + ".00"}]}
    for amount in ("1" + "0" * 30, "-1" + "0" * 30):
        with pytest.raises(RuleViolated, match="30 digits") as refused:
            CALCULATORS["alloc.split"].answer(allocation(amount))
        assert refused.value.code == "OUT_OF_RANGE"


def test_dates_are_no_figures() -> None:
    question = {"created_at": "2026-03-16T10:30:00", "sla_hours": 4}
    asked = wire.convert(question, CALCULATORS["sla.due"].input)
    assert wire.to_builtins(CALCULATORS["sla.due"].answer(asked)) == {"due_at": "2026-03-16T14:30:00"}


def test_the_longest_figures_stay_exact() -> None:
    """DEC-4: nothing is rounded on the way to the last digit, however many there are."""
    long = "123456789012345678901234567.89"
    parts = CALCULATORS["alloc.split"].answer(allocation(long, "3"))
    assert wire.to_builtins(parts) == {"parts": [{"key": "a", "amount": long}]}
    keys = {"legal_entity_id": "e", "bill_to_id": "b", "currency": "EUR", "payment_terms": "NET30", "contract_id": "c"}
    transactions = [{**keys, "id": id, "billing_period": "2026-03", "amount": long} for id in "ab"]
    asked = {"contract": {"invoice_grouping": "per_contract"}, "transactions": transactions}
    calculator = CALCULATORS["invoice.group"]
    answer = wire.to_builtins(calculator.answer(wire.convert(asked, calculator.input)))
    assert answer["drafts"][0]["net"] == "246913578024691357802469135.78"
    question = {"control": "REC-09", "currency": "EUR", "values": {"payroll_cost": long, "allocated": [long, "-0.01"]}}
    calculator = CALCULATORS["recon.evaluate"]
    found = wire.to_builtins(calculator.answer(wire.convert(question, calculator.input)))
    assert (found["variance"], found["status"]) == ("0.01", "breach")
