"""The command line against the product as a user starts it: refusals, held runs, and what is said where."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support import vendors
from tests.support.demo import ROOT, Demo, demo, until


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo(tmp_path_factory.mktemp("cli") / "state") as product:
        yield product


def ledgerway(running: Demo, *line: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWAY_")}
    command = [sys.executable, "-m", "gateway.cli.main", *line, "--state-dir", str(running.state_dir)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90)


def test_a_deal_without_its_contract_is_held_for_a_person(running: Demo) -> None:
    listed = json.loads(ledgerway(running, "deals", "list", "--open", "--json").stdout)["items"]
    assert len(listed) == 5
    incomplete = next(deal for deal in listed if deal["signed_on"] is None)
    said = ledgerway(running, "run", "onboarding", "--deal", incomplete["ref"], "--follow", "--json")
    assert said.returncode == 5, said
    run = json.loads(said.stdout)
    assert run["waiting_for"]["kind"] == "person"
    assert "DEAL_INCOMPLETE" in said.stderr
    assert run["waiting_for"]["exception_id"] in ledgerway(running, "exceptions", "list", "--limit", "5000").stdout
    assert ledgerway(running, "runs", "cancel", run["id"], "--follow").returncode == 0


def test_an_unfinished_run_is_left_with_7_and_found_again(running: Demo) -> None:
    name = vendors.won_deal_names(running, "D-2201").pop()
    listed = json.loads(ledgerway(running, "deals", "list", "--json").stdout)["items"]
    ref = next(deal["ref"] for deal in listed if deal["name"] == name)
    assert ledgerway(running, "sandbox", "fault", "netsuite", "server-error", "--times", "1000").returncode == 0
    said = ledgerway(running, "run", "onboarding", "--deal", ref, "--follow", "--timeout", "4")
    assert said.returncode == 7, said
    assert "ledgerway runs show" in said.stderr
    assert ledgerway(running, "sandbox", "fault", "netsuite", "--clear").returncode == 0
    run_id = said.stdout.split()[1]
    ledgerway(running, "runs", "resume", run_id)
    assert ledgerway(running, "runs", "show", run_id, "--follow", "--timeout", "60").returncode == 0
    assert ref not in ledgerway(running, "deals", "list", "--open").stdout


def test_the_queue_tells_what_blocks_and_a_blocked_group_cannot_be_drafted(running: Demo) -> None:
    until(lambda: "bg_" in ledgerway(running, "billing", "blocked", "--limit", "1").stdout, "a blocked group", 60, 1)
    group = json.loads(ledgerway(running, "billing", "blocked", "--limit", "1", "--json").stdout)["items"][0]["id"]
    explained = ledgerway(running, "billing", "explain", group).stdout
    for word in ("Blocked: ", "  Evidence ", "  Who ", "  Fix ", f"ledgerway billing recheck {group}"):
        assert word in explained
    refused = ledgerway(running, "billing", "draft", group)
    assert refused.returncode == 1
    assert f"Look: ledgerway billing explain {group}" in refused.stderr


def test_an_event_is_triggered_and_explained(running: Demo) -> None:
    told = json.loads(ledgerway(running, "trigger", "time.approved", "--json").stdout)
    assert (told["type"], told["specversion"]) == ("time.approved", "1.0")
    explained = ledgerway(running, "explain", told["subject"])
    assert explained.returncode == 0, explained
    assert f"time.approved {told['subject']}" in explained.stdout
    heard = ledgerway(running, "listen", "--after", "0.0", "--events", "time.approved", "--count", "1", "--json")
    assert json.loads(heard.stdout)["type"] == "time.approved"


def test_every_connection_of_the_demo_works(running: Demo) -> None:
    listed = json.loads(ledgerway(running, "connection", "list", "--json").stdout)["items"]
    assert {c["instance"] for c in listed} == {"certinia", "netsuite", "salesforce", "workday"}
    for connection in listed:
        tested = ledgerway(running, "connection", "test", connection["instance"])
        assert tested.returncode == 0, tested


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (("runs", "list", "--as", "executive"), 4),
        (("billing", "explain", "inv_nope"), 3),
        (("transactions", "list", "--state", "queud"), 2),
        (("exceptions", "waive", "exc_nope", "--note", "x"), 3),
        (("audit", "verify"), 0),
        (("db", "pending"), 0),
        (("sandbox", "list"), 0),
        (("demo",), 6),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else None,
)
def test_exit_codes(running: Demo, line: tuple[str, ...], code: int) -> None:
    said = ledgerway(running, *line)
    assert said.returncode == code, said
    assert (said.stderr == "") if code == 0 else (said.stderr != "" and said.stdout == "")
