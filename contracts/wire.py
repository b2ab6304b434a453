"""JSON in and out for our structs: decimals as strings without exponent (DEC-1), all violations of a type at once.

Values are quantized where they are made; `encode` still repairs a decimal that Python would print with an exponent.
"""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar, overload

import msgspec

from contracts.money import EXACT_MAX_LENGTH, EXACT_PATTERN, Exact, parse_exact, plain
from contracts.violations import violations

__all__ = ["convert", "decode", "encode", "schema_hook", "to_builtins", "violations"]

T = TypeVar("T")

_UNPLAIN = re.compile(rb'"-?(?:[0-9](?:\.[0-9]+)?E[+-]?[0-9]+|s?NaN[0-9]*|Infinity)"|"-0(?:\.0+)?"')
_MINUS = re.compile(rb'-(?:(?<=E-)|(?<="-)0)')


def _read(kind: type[Any], value: object) -> object:
    if kind is not Exact:
        raise TypeError(f"{kind} has no wire form")
    if isinstance(value, str):
        return parse_exact(value)
    if isinstance(value, Decimal):
        return Exact(value)
    raise ValueError("Expected a decimal string such as '12.50'")


def _write(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    raise TypeError(f"{type(value)} has no wire form")


_encoder = msgspec.json.Encoder(enc_hook=_write)


@lru_cache(maxsize=1024)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, dec_hook=_read)


@overload
def decode(raw: bytes | str, type: type[T]) -> T: ...
@overload
def decode(raw: bytes | str, type: Any) -> Any: ...
def decode(raw: bytes | str, type: Any) -> Any:
    """Read JSON; msgspec.ValidationError or msgspec.DecodeError when it is not that type or not JSON."""
    return _decoder(type).decode(raw)


@overload
def convert(obj: Any, type: type[T]) -> T: ...
@overload
def convert(obj: Any, type: Any) -> Any: ...
def convert(obj: Any, type: Any) -> Any:
    """Read builtins (a jsonb column, a record); decimals may be strings or Decimal."""
    return msgspec.convert(obj, type, dec_hook=_read)


def to_builtins(obj: Any) -> Any:
    """The JSON form as Python builtins; every decimal a plain string."""
    return _plain(msgspec.to_builtins(obj, enc_hook=_write, builtin_types=(Decimal,)))


def encode(obj: Any) -> bytes:
    """JSON bytes; every decimal a plain string."""
    raw = _encoder.encode(obj)
    return _encoder.encode(to_builtins(obj)) if _may_be_unplain(raw) and _UNPLAIN.search(raw) else raw


def _may_be_unplain(raw: bytes) -> bool:
    """What such a decimal is always written with: looking for it costs a fraction of the expression's search, and looking for one
    byte, which most answers do not have or have seldom, a fraction of looking for two."""
    return bool(
        (b"+" in raw and b"E+" in raw)
        or _MINUS.search(raw)
        or (b"N" in raw and b"NaN" in raw)
        or (b"I" in raw and b"Infinity" in raw)
    )


def schema_hook(kind: type[Any]) -> dict[str, Any]:
    """JSON Schema of Exact, for msgspec.json.schema and schema_components."""
    if kind is not Exact:
        raise TypeError(f"{kind} has no schema")
    return {"type": "string", "pattern": f"^{EXACT_PATTERN}$", "maxLength": EXACT_MAX_LENGTH}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
