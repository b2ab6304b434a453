"""Picklist values that both products share: multi-selects and billing methods."""

from typing import get_args

from contracts.canon.deal import BillingMethod

_METHODS: tuple[BillingMethod, ...] = get_args(BillingMethod)


def choices(value: str | None) -> tuple[str, ...]:
    """The values of a multi-select, which come joined by semicolons."""
    return tuple(choice.strip() for choice in (value or "").split(";") if choice.strip())


def billing_method(value: str | None) -> BillingMethod | None:
    """`Time and Materials` -> `time_and_materials`; None for what the canon does not know."""
    name = (value or "").strip().lower().replace(" ", "_")
    return name if name in _METHODS else None


def billing_type(method: BillingMethod) -> str:
    """`time_and_materials` -> `Time and Materials`."""
    return method.replace("_", " ").title().replace(" And ", " and ")
