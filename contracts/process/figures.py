"""A figure of a price with the rules it follows from, ready to be shown to a client or an auditor."""

from msgspec import Struct


class Figure(Struct, frozen=True, kw_only=True):
    """One figure: its value as it was stored, the unit it is in, the rules it follows from, and how."""

    name: str
    value: str
    unit: str
    rules: tuple[str, ...]
    how: str
