"""The contract of this process, made from the table of calculators: one operation each, with its own types and example."""

from typing import Any, Protocol

from contracts.call import Call
from contracts.operation import operation
from contracts.problems import RuleViolated
from contracts.process.calculators import Rules
from domain.calculators import CALCULATORS, Calculator
from domain.rate_explanation import RateExplanation
from domain.rating import RateTime


def method_name(calculator: Calculator) -> str:
    """`rate.time` is the operation `rate_time`."""
    return calculator.name.replace(".", "_")


def address(calculator: Calculator) -> str:
    """Where it is asked, below the API."""
    return f"/calculators/{calculator.name}"


def _operation(calculator: Calculator) -> Any:
    async def ask(self: object, call: Call, body: Any) -> Any: ...

    ask.__name__ = method_name(calculator)
    ask.__doc__ = f"{calculator.summary}\n\nThe example is {calculator.example.rule}. Nothing is stored."
    ask.__annotations__ = {"call": Call, "body": calculator.input, "return": calculator.output}
    declare = operation(
        "POST",
        address(calculator),
        scope="rules:read",
        effects=False,
        problems=(RuleViolated,),
        example=calculator.example.question,
    )
    return declare(ask)


class Explained(Rules, Protocol):
    """The rules, and a price with the reasons for it."""

    @operation(
        "POST",
        "/calculators/rate.time/explanation",
        scope="rules:read",
        effects=False,
        problems=(RuleViolated,),
        example=CALCULATORS["rate.time"].example.question,
    )
    async def explain_rate_time(self, call: Call, body: RateTime) -> RateExplanation:
        """Price a time entry and show every figure with the rules it follows from.

        The example is that of `rate.time`. Nothing is stored.
        """
        ...


Calculators: type = type(
    "Calculators",
    (Explained,),
    {"__doc__": "The business rules: ask them, and read what they cite.", "__module__": __name__}
    | {method_name(one): _operation(one) for one in CALCULATORS.values()},
)
