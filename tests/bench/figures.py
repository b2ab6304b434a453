"""What a benchmark found: a value, its goal, and the numbers behind it."""

from typing import Any

from msgspec import Struct


class Figure(Struct, frozen=True, kw_only=True):
    """One figure. `reference` is what the value was compared with in the same run, when the value is a rate."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    facts: dict[str, Any] = {}

    @property
    def met(self) -> bool:
        """Whether the goal is reached; a figure without a goal always is."""
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    @property
    def goal(self) -> str:
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return "" if self.at_most is None else f"<= {self.at_most:g}"

    def line(self, before: float | None = None) -> str:
        """As it is printed: value, goal, what the baseline says, and the facts."""
        facts = "  ".join(
            f"{name}={value:,}" if isinstance(value, int) else f"{name}={value}" for name, value in self.facts.items()
        )
        was = "" if before is None else f"(baseline {before:,.2f})"
        mark = " " if self.met else "!"
        return f"{mark} {self.name:<46} {self.value:>10,.2f} {self.unit:<18} {self.goal:<9} {was:<20} {facts}"
