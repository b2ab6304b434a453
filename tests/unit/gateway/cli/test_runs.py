"""Starting, following and steering runs."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from contracts.money import Exact
from contracts.process.exception_objects import BusinessException
from contracts.process.onboarding import CountryPreview, Obstacle, Preview
from contracts.process.runs import RunPage, RunView, StepView, WaitingFor
from tests.unit.gateway.cli.conftest import Product, Run, problem

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
RUN = "/process/v1/runs/run_1"
ONBOARD = ("run", "onboarding", "--deal", "salesforce:deal:006")


def run(status: Any = "running", waiting: WaitingFor | None = None, **more: Any) -> RunView:
    step = StepView(name="create project", kind="step", status="running", attempt=2, started_at=AT)
    return RunView(
        id="run_1",
        workflow="onboarding",
        key="onboard:006:1",
        status=status,
        waiting_for=waiting,
        created_at=AT,
        updated_at=AT,
        version=3,
        correlation_id="c0ffee",
        steps=(step,),
        **more,
    )


HELD = run("waiting", WaitingFor(kind="person", step="create project", exception_id="exc_1", detail="No legal entity."))
RETRIES = run(
    "waiting", WaitingFor(kind="retry", step="create project", retry_at=AT, detail="NetSuite did not answer.")
)
EXCEPTION = BusinessException(
    id="exc_1",
    code="DEAL_INCOMPLETE",
    meaning="a won deal lacks its entity",
    severity="blocking",
    object_id="salesforce:deal:006",
    rule_key="",
    owner_role="SO",
    created_at=AT,
    due_at=AT,
    state="open",
    suggested_fixes=("complete the deal",),
    version=1,
    updated_at=AT,
)


@pytest.fixture
def started(product: Product) -> Product:
    product.on("POST", "/process/v1/onboarding/runs", (202, run()))
    return product


def test_starting_shows_the_run_and_how_to_follow_it(ledgerway: Run, started: Product) -> None:
    said = ledgerway(*ONBOARD, "--contract-version", "2")
    assert said.code == 0
    assert "run_1" in said.out
    assert "ledgerway runs show run_1 --follow" in said.err
    sent = started.requests("/process/v1/onboarding/runs")[0]
    assert msgspec.json.decode(sent.body) == {"deal_ref": "salesforce:deal:006", "contract_version": 2}


def test_following_until_it_is_done(ledgerway: Run, started: Product) -> None:
    started.on("GET", RUN, run(), RETRIES, run("completed", result={"project": "PRJ-1"}))
    said = ledgerway(*ONBOARD, "--follow", "--json")
    assert said.code == 0
    assert msgspec.json.decode(said.out)["result"] == {"project": "PRJ-1"}
    assert "create project (try 2)" in said.err


@pytest.mark.parametrize(("status", "code"), [("failed", 1), ("compensated", 1), ("cancelled", 1), ("completed", 0)])
def test_ends(ledgerway: Run, product: Product, status: str, code: int) -> None:
    product.on("GET", RUN, run(status, error={"detail": "NetSuite refused."} if status == "failed" else None))
    assert ledgerway("runs", "show", "run_1", "--follow").code == code


def test_held_ends_with_5_and_tells_who_does_what(ledgerway: Run, started: Product) -> None:
    started.on("GET", RUN, HELD)
    started.on("GET", "/process/v1/exceptions/exc_1", EXCEPTION)
    said = ledgerway(*ONBOARD, "--follow")
    assert said.code == 5
    for told in ("No legal entity.", "a won deal lacks its entity (DEAL_INCOMPLETE)", "SO, by", "complete the deal"):
        assert told in said.err


def test_held_is_told_also_when_the_exception_may_not_be_read(ledgerway: Run, started: Product) -> None:
    started.on("GET", RUN, HELD)
    started.on("GET", "/process/v1/exceptions/exc_1", problem(403, "forbidden"))
    said = ledgerway(*ONBOARD, "--follow")
    assert said.code == 5
    assert "ledgerway exceptions show exc_1" in said.err


def test_patience_ends_with_7_while_a_system_is_away(ledgerway: Run, started: Product) -> None:
    started.on("GET", RUN, RETRIES)
    said = ledgerway(*ONBOARD, "--follow", "--timeout", "1")
    assert said.code == 7
    assert "NetSuite did not answer. It is tried again at" in said.err


def test_a_cancelled_run_is_what_cancel_asked_for(ledgerway: Run, product: Product) -> None:
    product.on("POST", f"{RUN}/cancel", (202, run("compensating")))
    product.on("GET", RUN, run("compensated"))
    assert ledgerway("runs", "cancel", "run_1", "--follow").code == 0


def test_a_refused_step_points_to_the_run(ledgerway: Run, product: Product) -> None:
    product.on("POST", f"{RUN}/resume", problem(409, "conflict", "The run is completed."))
    said = ledgerway("runs", "resume", "run_1", "--reason", "again")
    assert said.code == 6
    assert "Look: ledgerway runs show run_1" in said.err


def test_a_list_in_a_pipe_is_never_cut(ledgerway: Run, product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    product.on("GET", "/process/v1/runs", RunPage(items=(HELD, run("completed", result={"a": 1}))))
    said = ledgerway("runs", "list", "--status", "waiting")
    assert said.out.splitlines()[0].split() == ["RUN", "WORKFLOW", "STATUS", "AGE", "KEY"]
    assert "held" in said.out
    assert "onboard:006:1" in said.out
    assert product.requests("/process/v1/runs")[0].query == {"status": ["waiting"], "sort": ["-id"], "limit": ["50"]}


def test_ctrl_c_leaves_the_run_and_says_how_to_follow_it(product: Product, tmp_path: Any) -> None:
    product.on("GET", RUN, run())
    environment = os.environ | {"LEDGERWAY_URL": product.url, "LEDGERWAY_STATE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "gateway.cli.main", "runs", "show", "run_1", "--follow"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 15
    while len(product.requests(RUN)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Detached; the run goes on. Follow it: ledgerway runs show run_1 --follow" in err


def test_a_dry_run_tells_what_would_be_done_and_what_would_hold_it(ledgerway: Run, product: Product) -> None:
    seen = Preview(
        deal_ref="salesforce:deal:006",
        name="Grid telemetry",
        amount=Exact("148210.00"),
        currency="USD",
        customer="known",
        customer_id="cus_7",
        countries=(
            CountryPreview(country="DE", adopts="certinia:project:a7", adopts_code="GRID-001", demands=3, milestones=0),
        ),
    )
    path = "/process/v1/onboarding/previews/salesforce:deal:006"
    held = Obstacle(code="DEAL_INCOMPLETE", detail="It lacks a signed date.", missing=("signed date",))
    product.on("GET", path, seen, msgspec.structs.replace(seen, obstacles=(held,)))
    said = ledgerway(*ONBOARD, "--dry-run")
    assert said.code == 0
    for told in ("USD 148,210.00", "known cus_7", "adopts GRID-001"):
        assert told in said.out
    assert "Nothing was changed." in said.err
    said = ledgerway(*ONBOARD, "--dry-run")
    assert (said.code, "It lacks a signed date. (DEAL_INCOMPLETE)" in said.out) == (5, True)
    assert product.requests("/process/v1/onboarding/runs") == []
