"""One calculator against many inputs: each gives an output of its type or a problem that names a pointer, in bounded time."""

import json
import random
import re
import time
import traceback
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import msgspec
from msgspec import Struct, inspect

from contracts import wire
from contracts.money import EXACT_PATTERN, Exact
from contracts.problems import RuleViolated
from domain.calculators import Calculator
from tests.fuzz.generate import Generator
from tests.fuzz.mutate import mutated

# Most inputs take well under a millisecond of processor time; none may take a second.
LONGEST_NS = 1_000_000_000
# Every so often an input is not even JSON.
_BROKEN = (b"", b"{", b"\xff", b'{"a":1}{', b"[" * 100_000, b"nul", b'"\\ud800"')


class Tally(Struct):
    """What became of the inputs; a fault is an input that was neither answered nor refused."""

    outputs: int = 0
    problems: int = 0
    slowest_ns: int = 0
    codes: Counter[str] = msgspec.field(default_factory=Counter)
    faults: list[str] = msgspec.field(default_factory=list)


def fuzz(calculator: Calculator, count: int, seed: int, watch: Callable[[int], None] = lambda _: None) -> Tally:
    """Try `count` inputs that depend on nothing but the seed; stops at the tenth fault."""
    rng, tally = random.Random(f"{seed}/{calculator.name}"), Tally()
    generator, kind = Generator(rng), inspect.type_info(calculator.input)
    for number in range(count):
        raw = _input(calculator, generator, kind, rng)
        started = time.process_time_ns()
        _try(calculator, raw, tally)
        took = time.process_time_ns() - started
        tally.slowest_ns = max(tally.slowest_ns, took)
        if took > LONGEST_NS:
            tally.faults.append(f"{took // 1_000_000} ms: {_shown(raw)}")
        if len(tally.faults) >= 10:
            break
        watch(number)
    return tally


def _input(calculator: Calculator, generator: Generator, kind: inspect.Type, rng: random.Random) -> bytes:
    """Whole or damaged inputs of the type, damaged worked examples, and now and then what is not JSON."""
    way = rng.random()
    if way < 0.002:
        return rng.choice(_BROKEN)
    value = generator.of(kind) if way < 0.7 else deepcopy(calculator.example.question)
    return json.dumps(value if way < 0.4 else mutated(value, rng)).encode()


def _try(calculator: Calculator, raw: bytes, tally: Tally) -> None:
    try:
        answer = _answer(calculator, raw)
    except Exception:
        tally.faults.append(f"{_shown(raw)}\n{traceback.format_exc(limit=-4)}")
        return
    if isinstance(answer, list):
        tally.problems += 1
        tally.codes.update({fault["code"] for fault in answer})
        if not answer or not all(fault["pointer"].startswith("#") and fault["detail"] for fault in answer):
            tally.faults.append(f"a problem without a pointer: {_shown(raw)} {answer}")
        return
    tally.outputs += 1
    tally.codes[str(answer.get("code") or answer.get("error") or answer.get("status") or "-")] += 1


def _answer(calculator: Calculator, raw: bytes) -> dict[str, Any] | list[dict[str, str]]:
    """The answer as JSON has it, or what is wrong with the input."""
    try:
        asked = wire.decode(raw, calculator.input)
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError):
        return _refusal(raw, calculator)
    try:
        given = wire.encode(calculator.answer(asked))
    except RuleViolated as refused:
        return [{"pointer": "#", "code": refused.code or "", "detail": str(refused)}]
    answer: dict[str, Any] = msgspec.json.decode(given)
    msgspec.convert(answer, calculator.output, dec_hook=_plain)
    return answer


def _plain(_kind: Any, value: object) -> Exact:
    """A decimal as DEC-1 has it; sums of the longest inputs are longer than any input."""
    if not isinstance(value, str) or not re.fullmatch(EXACT_PATTERN, value) or re.fullmatch(r"-0(\.0+)?", value):
        raise ValueError(f"{value!r} is not a decimal in a string")
    return Exact(value)


def _refusal(raw: bytes, calculator: Calculator) -> list[dict[str, str]]:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return [{"pointer": "#", "code": "json", "detail": "not JSON"}]
    return wire.violations(value, calculator.input)


def _shown(raw: bytes) -> str:
    return raw[:2000].decode(errors="replace")
