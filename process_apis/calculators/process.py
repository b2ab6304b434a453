"""Answers questions about the rules. Nothing of its own: it asks `domain`, and no caller sees another's data."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct, structs

from contracts.call import Call
from contracts.process import calculators as shape
from domain import exceptions, metrics, states
from domain.calculators import CALCULATORS, Calculator
from domain.rate_explanation import RateExplanation, explain_time
from domain.rating import RateTime
from process_apis.calculators.contract import Calculators, address, method_name
from runtime.services import Services
from runtime.work.process import Process

_PREFIX = "/process/v1"


class RuleDesk:
    """Implements the contract, by plain functions: nothing waits. A method for each calculator is added below."""

    def list_calculators(self, call: Call) -> shape.CalculatorList:
        return shape.CalculatorList(
            items=tuple(
                shape.CalculatorEntry(
                    name=one.name,
                    summary=one.summary,
                    path=_PREFIX + address(one),
                    example_rule=one.example.rule,
                    example=one.example.question,
                )
                for one in CALCULATORS.values()
            )
        )

    def explain_rate_time(self, call: Call, body: RateTime) -> RateExplanation:
        return explain_time(body)

    def list_exception_codes(self, call: Call) -> shape.ExceptionCatalogue:
        known = sorted(exceptions.CATALOGUE.values(), key=lambda one: one.code)
        owners = exceptions.OWNER_ROLES
        return shape.ExceptionCatalogue(
            items=tuple(shape.ExceptionCode(**structs.asdict(one), owner=owners[one.owner_role]) for one in known)
        )

    def list_metrics(self, call: Call) -> shape.MetricCatalogue:
        items = tuple(shape.MetricDefinition(**structs.asdict(one)) for one in metrics.CATALOGUE.values())
        return shape.MetricCatalogue(items=items)

    def list_state_machines(self, call: Call) -> shape.StateMachines:
        return shape.StateMachines(items=tuple(_machine(name, one) for name, one in states.MACHINES.items()))


def _machine(name: str, machine: states.Machine) -> shape.StateMachine:
    rows = tuple(shape.StateTransition(**structs.asdict(row)) for row in machine.transitions)
    return shape.StateMachine(object=name, initial=machine.initial, transitions=rows)


def _asking(calculator: Calculator) -> Callable[[RuleDesk, Call, Any], Struct]:
    def ask(_desk: RuleDesk, call: Call, body: Any) -> Struct:
        return calculator.answer(body)

    return ask


for _one in CALCULATORS.values():
    setattr(RuleDesk, method_name(_one), _asking(_one))


def build(services: Services) -> Process:
    """The process `calculators`."""
    return Process(name="calculators", contract=Calculators, implementation=RuleDesk())
