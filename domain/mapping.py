"""A record of an acquired firm's time tool as a time entry (MAP-1, MAP-2, MAP-4). Nothing is guessed."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct, field

from contracts.money import HOURS_PLACES, parse_exact, plain, precise, round_places
from domain.terms import Input, Result

QUANTITY = "quantity"

_LEVELS = 20
_ANY_OTHER = "*"
_MINUTES = Decimal(60)
_CLOCK = re.compile(r"([0-9]{1,3}):([0-5][0-9])")


class SourceMapping(Input, frozen=True, kw_only=True):
    """How a source's records read: canonical field to source field, and canonical field to the meaning of its values.

    In a value map `*` gives the value for everything else, an absent one included.
    """

    source_system: str
    id_field: str
    version_field: str
    duration_format: Literal["decimal_hours", "minutes", "hh:mm"]
    fields: dict[str, str]
    value_maps: dict[str, dict[str, Any]] | None = None


class MapQuestion(Input, frozen=True, kw_only=True):
    """One record, as the source gave it."""

    mapping: SourceMapping
    record: dict[str, Any]

    def __post_init__(self) -> None:
        for name, given in (("mapping", self.mapping.value_maps), ("record", self.record)):
            if _deep(given):
                raise ValueError(f"`{name}` nests more than {_LEVELS} levels")


def _deep(value: Any, levels: int = 0) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > _LEVELS or any(_deep(part, levels + 1) for part in parts)


class MappedRecord(Result, frozen=True, kw_only=True):
    """The entry and its idempotency key, or code MAP_UNMAPPED with the canonical names that could not be read."""

    status: Literal["mapped", "exception"]
    code: str | None = None
    fields: tuple[str, ...] | None = None
    entry: dict[str, Any] | None = None
    idempotency_key: str | None = None


class _Reading(Struct, frozen=True):
    """What could be read, and the canonical names of what could not."""

    entry: dict[str, Any] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)


@precise
def map_time(question: MapQuestion) -> MappedRecord:
    """Read a record; one unreadable field and the whole record waits (MAP-1)."""
    mapping, record = question.mapping, question.record
    identity = {"id": _text(record.get(mapping.id_field)), "version": _text(record.get(mapping.version_field))}
    reading = _read(mapping, record)
    hours = _hours(_text(record.get(mapping.fields.get(QUANTITY, ""))), mapping.duration_format)
    unread = reading.unread | {name for name, text in identity.items() if not text}
    if hours is None:
        unread.add(QUANTITY)
    if unread or hours is None:
        return MappedRecord(status="exception", code="MAP_UNMAPPED", fields=tuple(sorted(unread)))
    key = f"{mapping.source_system}:{identity['id']}:{identity['version']}"
    measured = {QUANTITY: plain(hours), "unit": "hour"}
    return MappedRecord(status="mapped", entry=reading.entry | measured, idempotency_key=key)


def _read(mapping: SourceMapping, record: Mapping[str, Any]) -> _Reading:
    reading, maps = _Reading(), mapping.value_maps or {}
    for name in dict.fromkeys((*mapping.fields, *maps)):
        if name == QUANTITY:
            continue
        value = record.get(mapping.fields.get(name, ""))
        meanings = maps.get(name)
        if meanings is None:
            reading.entry[name] = value
        elif (known := _known(meanings, value)) is not None:
            reading.entry[name] = meanings[known]
        else:
            reading.unread.add(name)
    return reading


def _known(meanings: Mapping[str, Any], value: Any) -> str | None:
    text = _text(value)
    if text in meanings:
        return text
    return _ANY_OTHER if _ANY_OTHER in meanings else None


def _text(value: Any) -> str | None:
    """A scalar as the source wrote it; None when absent, or when it is no scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None or isinstance(value, dict | list) else str(value)


def _hours(text: str | None, duration_format: str) -> Decimal | None:
    """The duration in hours at 4 decimals (MAP-2, RP-1), or None when it cannot be read."""
    if text is None:
        return None
    if duration_format == "hh:mm":
        clock = _CLOCK.fullmatch(text)
        return clock and round_places(Decimal(clock[1]) + Decimal(clock[2]) / _MINUTES, HOURS_PLACES)
    try:
        number = parse_exact(text)
    except ValueError:
        return None
    return round_places(number / _MINUTES if duration_format == "minutes" else number, HOURS_PLACES)
