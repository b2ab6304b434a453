"""`ledgerway calc`: one question, a batch of them, and the page that describes the rules."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from domain import states
from domain.calculators import CALCULATORS
from gateway.cli import rule_reference
from tests.unit.gateway.cli.conftest import Run

FX = {"from": "EUR", "to": "EUR", "date": "2026-03-16"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a text on standard input."""

    def put(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return put


def batch(ledgerway: Run, tmp_path: Path, *lines: bytes) -> list[dict[str, Any]]:
    """The answers to lines, decoded."""
    file = tmp_path / "cases.jsonl"
    file.write_bytes(b"\n".join(lines))
    said = subprocess.run(
        [sys.executable, "-m", "gateway.cli.main", "calc", "--batch", str(file)], capture_output=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, b"")
    return [json.loads(line) for line in said.stdout.splitlines()]


def test_the_list_names_all(ledgerway: Run) -> None:
    said = ledgerway("calc", "--list", "--json")
    assert {one["name"] for one in json.loads(said.out)["items"]} == CALCULATORS.keys()
    assert "Price a time entry." in ledgerway("calc", "--list").out


def test_a_question_from_standard_input(ledgerway: Run, asked: Any) -> None:
    asked(json.dumps(FX))
    said = ledgerway("calc", "fx.rate")
    assert json.loads(said.out) == {"rate": "1.0000000000", "path": "identity", "as_of": "2026-03-16"}


@pytest.mark.parametrize("name", sorted(CALCULATORS))
def test_every_example_is_answered(ledgerway: Run, tmp_path: Path, name: str) -> None:
    file = tmp_path / "question.json"
    file.write_text(ledgerway("calc", name, "--example").out)
    said = ledgerway("calc", name, str(file))
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        (("calc",), 2, "Name a calculator"),
        (("calc", "rate.tim"), 3, "The nearest is rate.time"),
        (("calc", "fx.rate", "/nowhere/at/all"), 3, "cannot be read"),
    ],
)
def test_misuse(ledgerway: Run, line: tuple[str, ...], code: int, says: str) -> None:
    said = ledgerway(*line)
    assert said.code == code
    assert says in said.err


def test_a_refused_question_names_its_members(ledgerway: Run, asked: Any) -> None:
    asked(json.dumps(FX | {"from": "EUX", "to": 1}))
    said = ledgerway("calc", "fx.rate", "--json")
    assert said.code == 2
    assert {error["pointer"] for error in json.loads(said.err)["errors"]} == {"#/from", "#/to"}


def test_a_batch_goes_on_whatever_a_line_holds(ledgerway: Run, tmp_path: Path) -> None:
    good = json.dumps({"id": "a", "calculator": "fx.rate", "input": FX}).encode()
    answers = batch(
        ledgerway,
        tmp_path,
        good,
        b"garbage",
        b"",
        b'{"id": 7}',
        b'{"id": [1], "calculator": "fx.rat", "input": {}}',
        b'{"calculator": "fx.rate", "input": {"from": 1}}',
        b'{"id": "big", "calculator": "fx.rate", "input": "' + b"x" * 2_000_000 + b'"}',
        b"\xff\xfe",
        b'{"id": "huge", "calculator": "fx.rate", "input": {"from": 1e999}}',
        good.replace(b'"a"', b'"z"'),
    )
    assert [one["id"] for one in answers] == ["a", None, 7, [1], None, None, None, "huge", "z"]
    assert [one.get("problem", {}).get("code") for one in answers] == [
        None,
        "invalid-request",
        "invalid-content",
        "not-found",
        "invalid-content",
        "too-large",
        "invalid-request",
        "invalid-request",
        None,
    ]
    unreadable = (answers[1], answers[5], answers[6], answers[7])
    assert [one["problem"]["errors"][0]["pointer"] for one in unreadable] == ["#"] * 4
    assert [error["pointer"] for error in answers[3]["problem"]["errors"]] == ["#/calculator"]
    assert [error["pointer"] for error in answers[4]["problem"]["errors"]] == ["#/from", "#/to", "#/date"]


def test_a_figure_that_json_does_not_know_is_named(ledgerway: Run, tmp_path: Path) -> None:
    quote = {"from": "EUR", "to": "USD", "date": "2026-03-16", "rate": float("nan")}
    strange = {
        "id": "n",
        "calculator": "fx.rate",
        "input": FX | {"quotes": [quote | {"rate": "1"}, quote]},
        "a/b": -1e999,
    }
    broken = b'{"id": "s", "calculator": "fx.rate", "input": "\\ud800"}'
    number, text = batch(ledgerway, tmp_path, json.dumps(strange).encode(), broken)
    assert (number["id"], number["problem"]["code"]) == ("n", "invalid-request")
    assert [error["pointer"] for error in number["problem"]["errors"]] == ["#/quotes/1/rate", "#/a~1b"]
    assert (text["id"], [error["pointer"] for error in text["problem"]["errors"]]) == ("s", ["#"])


def test_a_thousand_cases_in_seconds(ledgerway: Run, tmp_path: Path) -> None:
    examples = [(name, one.example.question) for name, one in CALCULATORS.items()]
    lines = [
        json.dumps({"id": n, "calculator": name, "input": question}).encode()
        for n in range(1000)
        for name, question in (examples[n % len(examples)],)
    ]
    began = time.monotonic()
    answers = batch(ledgerway, tmp_path, *lines)
    assert [one["id"] for one in answers] == list(range(1000))
    assert all("output" in one for one in answers)
    assert time.monotonic() - began < 5


def test_the_page_of_the_rules_is_what_the_tables_say() -> None:
    written = (Path(__file__).parents[4] / "docs/reference/rules.md").read_text("utf-8")
    assert written == rule_reference.page(), "run `make docs`"


def test_every_transition_is_drawn() -> None:
    drawn = rule_reference.diagram("invoice")
    for row in states.MACHINES["invoice"].transitions:
        for source in row.from_states:
            assert f"    {source} --> {row.to or source}: {row.command}\n" in drawn


def test_figures_are_explained(ledgerway: Run, asked: Any) -> None:
    asked(json.dumps(CALCULATORS["rate.time"].example.question))
    said = ledgerway("calc", "rate.time", "--explain")
    assert "1213.19" in said.out
    assert "CHAIN-2 RP-3" in said.out
    assert ledgerway("calc", "fx.rate", "--explain").code == 2


@pytest.mark.parametrize("line", [("fx.rate", "-"), ("--batch", "-"), ("fx.rate", "--json", "-")])
def test_a_hyphen_is_standard_input(line: tuple[str, ...]) -> None:
    question = {"id": 1, "calculator": "fx.rate", "input": FX} if "--batch" in line else FX
    said = subprocess.run(
        [sys.executable, "-m", "gateway.cli.main", "calc", *line],
        input=json.dumps(question).encode(),
        capture_output=True,
        check=True,
    )
    assert b"identity" in said.stdout


def test_a_hyphen_is_standard_input_where_a_file_is_read_only(ledgerway: Run) -> None:
    said = ledgerway("docs", "-")
    assert said.code == 2
    assert "Unknown option: -." in said.err


def test_a_mark_of_the_byte_order_is_no_part_of_a_question(ledgerway: Run, tmp_path: Path) -> None:
    file = tmp_path / "question.json"
    file.write_text(json.dumps(FX), "utf-8-sig")
    assert ledgerway("calc", "fx.rate", str(file)).code == 0
    line = json.dumps({"id": 1, "calculator": "fx.rate", "input": FX}).encode()
    first, second = batch(ledgerway, tmp_path, b"\xef\xbb\xbf" + line, line)
    assert first == second and "output" in first


def test_a_batch_whose_reader_went_away_ends_quietly(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text((json.dumps({"id": 1, "calculator": "fx.rate", "input": FX}) + "\n") * 5000)
    command = [sys.executable, "-m", "gateway.cli.main", "calc", "--batch", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None and running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert (running.wait(30), running.stderr.read()) == (0, b"")
