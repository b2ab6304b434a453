"""`ledgerway calc`: the business rules, asked directly. Needs no running server."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import msgspec
from cyclopts import Parameter

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Asked, Session

if TYPE_CHECKING:
    from contracts.problems import Violation
    from domain.calculators import Calculator

_STDIN = Path("-")
_BOM = b"\xef\xbb\xbf"


class _Case(msgspec.Struct, frozen=True):
    """A line of a batch; `input` is read later, as the calculator needs it."""

    calculator: str
    input: msgspec.Raw


def calc(
    name: str | None = None,
    file: Path = _STDIN,
    /,
    *,
    batch: bool = False,
    list_: Annotated[bool, Parameter(name="--list")] = False,
    example: bool = False,
    explain: bool = False,
    session: Asked,
) -> Exit:
    """Ask a calculator: JSON in, JSON out, the same answer as the API gives.

    With --batch each line is {"id", "calculator", "input"}; the answers come in the same order, {"id", "output"} or
    {"id", "problem"}: a problem is an answer too, so a line that cannot be read does not stop the others.

    Example: `ledgerway calc fx.rate --example | ledgerway calc fx.rate`

    Parameters
    ----------
    name
        The calculator: `ledgerway calc --list` names them.
    file
        Where the question is; stdin if none is given, or -. With --batch the file is the only argument.
    batch
        Read JSON lines and answer each.
    list_
        Show the calculators.
    example
        Show a question that the calculator answers.
    explain
        Show every figure with the rules it follows from; rate.time only.
    """
    if list_:
        return _list(session)
    if batch:
        return _batch(Path(name) if name else file)
    if name is None:
        raise Complaint(Exit.MISUSE, "Name a calculator, or use --batch.", look="ledgerway calc --list")
    if example:
        return _show_example(name)
    return _explain(name, file, session) if explain else _one(name, file)


def _explain(name: str, file: Path, session: Session) -> Exit:
    from contracts.wire import encode
    from domain.rate_explanation import explain_time
    from domain.rating import RateTime
    from gateway.cli import explanation_text
    from runtime.http.arguments import decode_body

    if name != "rate.time":
        raise Complaint(Exit.MISUSE, "Only rate.time is explained.")
    found = explain_time(decode_body(_question(file), RateTime))
    session.show(encode(found), explanation_text.figures(found.figures))
    return Exit.DONE


def _one(name: str, file: Path) -> Exit:
    calculator = _find(name)
    sys.stdout.write(msgspec.json.format(_answer(calculator, _question(file)), indent=2).decode() + "\n")
    return Exit.DONE


def _question(file: Path) -> bytes:
    from contracts.problems import TooLarge
    from runtime.http.arguments import BODY_LIMIT

    with _opened(file) as source:
        raw = source.read(BODY_LIMIT + 1).removeprefix(_BOM)
    if len(raw) > BODY_LIMIT:
        raise TooLarge(f"A question may have {BODY_LIMIT} bytes.", limit_bytes=BODY_LIMIT)
    return raw


def _find(name: str) -> "Calculator":
    from domain.calculators import CALCULATORS

    found = CALCULATORS.get(name)
    if found is None:
        raise Complaint(Exit.NOT_FOUND, f"{_unknown(name, list(CALCULATORS))}", look="ledgerway calc --list")
    return found


def _unknown(name: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name[:60], known, n=1)
    return f"There is no calculator {name[:60]!r}." + (f" The nearest is {near[0]}." if near else "")


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if file == _STDIN:
        yield sys.stdin.buffer
        return
    try:
        source = file.open("rb")
    except OSError as error:
        raise Complaint(Exit.NOT_FOUND, f"{file} cannot be read: {error.strerror}.") from error
    with source:
        yield source


def _answer(calculator: "Calculator", raw: bytes) -> bytes:
    """Raises the problems the API would answer with."""
    from contracts.wire import encode
    from runtime.http.arguments import decode_body

    return encode(calculator.answer(decode_body(raw, calculator.input)))


def _batch(file: Path) -> Exit:
    with _opened(file) as source:
        for number, line in enumerate(_lines(source)):
            line = line if number else line.removeprefix(_BOM)
            sys.stdout.buffer.write(_answered(line) + b"\n")
            sys.stdout.buffer.flush()
    return Exit.DONE


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """Lines with something on them; of one that is too long only so much as shows that it is."""
    from runtime.http.arguments import BODY_LIMIT

    while line := source.readline(BODY_LIMIT + 1):
        whole = line
        while not line.endswith(b"\n") and (line := source.readline(BODY_LIMIT)):
            pass
        if whole.strip():
            yield whole


def _answered(line: bytes) -> bytes:
    """The answer to a line: an output, or the problem the API would answer with."""
    from contracts.problems import Problem
    from runtime.http.replies import problem_body

    case_id = b"null"
    try:
        case_id = _id(line)
        case = _case(line)
        return b'{"id":%b,"output":%b}' % (case_id, _answer(_named(case), bytes(case.input)))
    except Problem as problem:
        document = problem_body(problem, correlation_id="")
        del document["correlation_id"]
        document.setdefault("errors", [{"pointer": "#", "code": problem.slug, "detail": problem.detail}])
        return b'{"id":%b,"problem":%b}' % (case_id, msgspec.json.encode(document))


def _id(line: bytes) -> bytes:
    """The id of a line as it stands there; `null` where there is none."""
    from contracts.problems import InvalidRequest, TooLarge
    from gateway.cli import loose_json
    from runtime.http.arguments import BODY_LIMIT

    if len(line) > BODY_LIMIT:
        raise TooLarge(f"A line may have {BODY_LIMIT} bytes.", limit_bytes=BODY_LIMIT)
    try:
        members = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        loose = loose_json.read_object(line)
        if loose is None:
            raise InvalidRequest(f"The line is no JSON object: {error}.") from error
        return msgspec.json.encode(loose.get("id"))
    return bytes(members.get("id", b"null"))


def _case(line: bytes) -> _Case:
    from contracts.problems import InvalidContent, InvalidRequest, Violation
    from contracts.wire import violations

    try:
        return msgspec.json.decode(line, type=_Case)
    except msgspec.ValidationError as error:
        wires = violations(msgspec.json.decode(line), _Case)
        found = [Violation(code=w["code"], detail=w["detail"], pointer=w["pointer"]) for w in wires]
        raise InvalidContent(f"The line is no case: {error}.", errors=found) from error
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"The line is no JSON: {error}.", errors=_no_numbers(line)) from error


def _no_numbers(line: bytes) -> "list[Violation]":
    """What is wrong with a line that only a loose reader reads; pointers into the input begin there."""
    from contracts.problems import Violation
    from contracts.violations import child_pointer
    from gateway.cli import loose_json

    members = (loose_json.read_object(line) or {}).items()
    places = [("#" if name == "input" else child_pointer("#", name), value) for name, value in members]
    pointers = [found for place, value in places for found in loose_json.no_numbers(value, place)]
    return [Violation(code="decimal", detail="NaN and Infinity are no numbers of JSON", pointer=p) for p in pointers]


def _named(case: _Case) -> "Calculator":
    from contracts.problems import NotFound, Violation
    from domain.calculators import CALCULATORS

    found = CALCULATORS.get(case.calculator)
    if found is None:
        detail = _unknown(case.calculator, list(CALCULATORS))
        raise NotFound(detail, errors=[Violation(code="enum", detail=detail, pointer="#/calculator")])
    return found


def _show_example(name: str) -> Exit:
    question = msgspec.json.encode(_find(name).example.question)
    sys.stdout.write(msgspec.json.format(question, indent=2).decode() + "\n")
    return Exit.DONE


def _list(session: Session) -> Exit:
    from domain.calculators import CALCULATORS
    from gateway.cli.tables import table

    rows = [(one.name, one.summary, one.example.rule) for one in CALCULATORS.values()]
    items = [{"name": name, "summary": summary, "example": rule} for name, summary, rule in rows]
    session.show(msgspec.json.encode({"items": items}), table(("CALCULATOR", "WHAT IT ANSWERS", "EXAMPLE"), rows))
    return Exit.DONE
