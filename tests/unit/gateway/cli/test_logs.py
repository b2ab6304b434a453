"""`ledgerway logs`: lines of several processes in the order of time, filtered; new ones as they come."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.demo import ROOT, until
from tests.unit.gateway.cli.conftest import Run


def line(second: int, event: str, **fields: object) -> str:
    at = {"at": f"2026-11-20T12:00:{second:02}.000000Z", "level": fields.pop("level", "info"), "event": event}
    return json.dumps(at | fields) + "\n"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    folder.mkdir()
    (folder / "api.log").write_text(
        line(4, "request.answered", role="api", correlation_id="c2", status=429, problem="throttled")
        + line(1, "request.answered", role="api", correlation_id="c1", status=202)
    )
    (folder / "worker.log").write_text(
        line(2, "step.done", role="worker", correlation_id="c1", run="r1")
        + line(3, "step.failed", role="worker", level="warning", correlation_id="c1", problem="vendor-unavailable")
        + "Traceback (most recent call last):\n"
    )
    return tmp_path


def shown(ledgerway: Run, state: Path, *options: str) -> list[str]:
    said = ledgerway("logs", *options, "--state-dir", str(state))
    assert said.code == 0, said
    return said.out.splitlines()


def test_all_processes_in_the_order_of_time(ledgerway: Run, state: Path) -> None:
    lines = shown(ledgerway, state)
    assert [text.split()[4] for text in lines if text.startswith("2026")] == [
        "request.answered", "step.done", "step.failed", "request.answered",
    ]  # fmt: skip
    assert lines[0] == "2026-11-20 12:00:01 info    api       request.answered correlation_id=c1 status=202"
    assert lines[3] == "Traceback (most recent call last):"


@pytest.mark.parametrize(
    ("options", "events"),
    [
        (("--problem", "vendor-unavailable"), ["step.failed"]),
        (("--correlation", "c1"), ["request.answered", "step.done", "step.failed"]),
        (("--run", "r1"), ["step.done"]),
        (("--level", "warning", "--process", "worker", "--lines", "2"), ["step.failed", None]),
        (("--lines", "1"), ["request.answered"]),
        (("--lines", "0"), []),
        (("--problem", "no-such"), []),
    ],
)
def test_filters(ledgerway: Run, state: Path, options: tuple[str, ...], events: list[str | None]) -> None:
    lines = [json.loads(text) for text in shown(ledgerway, state, *options, "--jsonl")]
    assert [one.get("event") for one in lines] == events


def test_where_there_are_none(ledgerway: Run, tmp_path: Path, state: Path) -> None:
    said = ledgerway("logs", "--state-dir", str(tmp_path / "empty"))
    assert (said.code, said.out) == (3, "")
    said = ledgerway("logs", "--process", "apy", "--state-dir", str(state))
    assert said.code == 3
    assert "api, worker" in said.err


def test_follow_shows_what_comes_and_ends_with_ctrl_c(state: Path) -> None:
    command = [sys.executable, "-m", "gateway.cli.main", "logs", "--follow", "--correlation", "c9"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWAY_")}
    output = state / "followed"
    with output.open("wb") as target:
        following = subprocess.Popen([*command, "--state-dir", str(state)], cwd=ROOT, env=environment, stdout=target)
    log = state / "log" / "api.log"
    time.sleep(1.5)
    with log.open("a") as growing:
        growing.write(line(8, "other", correlation_id="c1") + line(9, "half", correlation_id="c9")[:20])
        growing.flush()
        time.sleep(0.5)
        growing.write(line(9, "half", correlation_id="c9")[20:])
    until(lambda: "half" in output.read_text(), "the new line", 20)
    log.write_text(line(11, "begun again", correlation_id="c9"))
    until(lambda: "begun again" in output.read_text(), "the line after the file was begun again", 20)
    assert "other" not in output.read_text()
    following.send_signal(signal.SIGINT)
    assert following.wait(20) == 130
