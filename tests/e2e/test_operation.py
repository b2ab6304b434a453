"""What an operator sees of the running product: one trace of a main job, metrics of both roles, health pages, lines of the log."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.e2e.test_main_job import group_of, transactions
from tests.support import vendors
from tests.support.collector import Collector, Seen, collector
from tests.support.demo import ROOT, Demo, demo, request, until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def sink() -> Iterator[Collector]:
    with collector() as taking:
        yield taking


@pytest.fixture(scope="module")
def running(sink: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    where = tmp_path_factory.mktemp("operation") / "state"
    with demo(where, OTEL_EXPORTER_OTLP_ENDPOINT=sink.url) as product:
        yield product


@pytest.fixture(scope="module")
def onboarded(running: Demo) -> str:
    """The run of a won deal that was onboarded, started by somebody with a trace of their own."""
    deals = running.api("integration-developer", "GET", "/system/v1/salesforce/deals?limit=200").body["items"]
    deal = next(d for d in deals if d["name"] in vendors.won_deal_names(running, "D-2201"))
    told = {"traceparent": f"00-{TRACE}-{PARENT}-01", "x-correlation-id": "ops-1"}
    body = {"deal_ref": deal["ref"]}
    started = running.api("project-manager", "POST", "/process/v1/onboarding/runs", body, **told)
    assert started.status == 202, started
    run: str = started.body["id"]
    until(lambda: status(running, run) == "completed", "the onboarding run to end", 60)
    return run


def status(running: Demo, run: str) -> str:
    found: str = running.api("project-manager", "GET", f"/process/v1/runs/{run}").body["status"]
    return found


def test_a_main_job_is_one_trace(running: Demo, sink: Collector, onboarded: str) -> None:
    spans = complete(sink, TRACE, "run onboarding")
    by_id = {span.span_id: span for span in spans}
    assert len(by_id) == len(spans)
    [top] = [span for span in spans if span.parent_id not in by_id]
    assert (top.parent_id, top.service, top.kind) == (PARENT, "ledgerway-api", 2)
    assert top.name == "POST onboarding.start"
    assert top.attributes["ledgerway.correlation_id"] == "ops-1"

    [run] = [span for span in spans if span.name == "run onboarding"]
    assert run.attributes["ledgerway.run"] == onboarded
    assert _above(run, by_id, "POST ")
    steps = {span.name: span for span in spans if span.name.startswith("step ")}
    assert {"step read deal", "step ensure project", "step ensure shell", "step activate project"} <= set(steps)
    assert {span.parent_id for span in steps.values()} >= {run.span_id}
    asked = [span for span in spans if span.name.startswith("netsuite ")]
    assert asked
    assert all(s.kind == 3 and _above(s, by_id, "step ") for s in asked), "vendors are asked by steps"
    relayed = [span for span in spans if span.name == "relay run.requested to engine"]
    assert [s.parent_id for s in relayed] == [top.span_id] or _above(relayed[0], by_id, "POST ")
    assert all(span.service == "ledgerway-worker" for span in spans if span.name.startswith(("step", "relay", "run")))


def complete(sink: Collector, trace: str, last: str) -> list[Seen]:
    """The spans of a trace once the last one has come and nothing more does."""

    def settled() -> list[Seen] | None:
        before = len(sink.trace(trace))
        if not any(span.name == last for span in sink.trace(trace)):
            return None
        time.sleep(1.5)
        seen = sink.trace(trace)
        return seen if len(seen) == before else None

    try:
        return until(settled, f"the spans up to {last}", 30)  # type: ignore[no-any-return]
    except AssertionError as missing:
        names = sorted({span.name for span in sink.trace(trace)})
        raise AssertionError(f"{missing}; there were {names}") from missing


def test_the_trace_of_a_posted_invoice_reaches_the_view(running: Demo, sink: Collector, onboarded: str) -> None:
    invoice = approved_invoice(running, onboarded)
    trace = "a" * 31 + "1"
    told = {"traceparent": f"00-{trace}-{PARENT}-01"}
    posting = running.api("billing-manager", "POST", f"/process/v1/invoices/{invoice}/post", **told)
    assert posting.status == 202, posting
    spans = complete(sink, trace, "relay invoice.posted to finance_dashboard")
    by_id = {span.span_id: span for span in spans}
    [top] = [span for span in spans if span.parent_id not in by_id]
    assert (top.service, top.parent_id) == ("ledgerway-api", PARENT)
    [shown] = [span for span in spans if span.name == "relay invoice.posted to finance_dashboard"]
    assert (shown.service, shown.kind) == ("ledgerway-worker", 5)
    assert _above(shown, by_id, "step ")
    assert _above(shown, by_id, "run post_invoice")


def approved_invoice(running: Demo, run: str) -> str:
    """Of an hour of work on the onboarded project."""
    deal = running.api("project-manager", "GET", f"/process/v1/runs/{run}").body["key"]
    projects = running.api("billing-analyst", "GET", "/process/v1/projects?limit=200").body["items"]
    project = next(p for p in projects if p.get("opportunity_id") and p["opportunity_id"] in deal)
    day = max(datetime.now(UTC).date().isoformat(), project["start"])
    entry = vendors.approve_time(running, project["code"], "1.0", day)
    [queued] = until(lambda: transactions(running, entry.source_ref, "queued"), "the time to be queued", 180)
    group = until(lambda: group_of(running, queued), "a bill group", 30)
    running.api("billing-analyst", "POST", f"/process/v1/bill-groups/{group}/recheck")
    wanted = {"acknowledge_warnings": "Agreed with the client."}
    drafted = running.api("billing-analyst", "POST", f"/process/v1/bill-groups/{group}/draft", wanted).body
    seen = {"draft_version": drafted["draft_version"]}
    approved = running.api("billing-manager", "POST", f"/process/v1/invoices/{drafted['id']}/approve", seen)
    assert approved.status == 200, approved
    invoice: str = drafted["id"]
    return invoice


def _above(span: Seen, by_id: dict[str, Seen], start: str) -> bool:
    while span.parent_id in by_id:
        span = by_id[span.parent_id]
        if span.name.startswith(start):
            return True
    return False


def metrics(url: str) -> dict[str, float]:
    """Samples by name and labels."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as got:
        assert got.headers["content-type"].startswith("text/plain; version=0.0.4")
        lines = got.read().decode().splitlines()
    return {name: float(value) for name, _, value in (x.rpartition(" ") for x in lines if not x.startswith("#"))}


def worker_url(running: Demo) -> str:
    return f"http://127.0.0.1:{json.loads((running.state_dir / 'demo.json').read_text())['worker_port']}"


def test_both_roles_show_their_numbers(running: Demo, onboarded: str) -> None:
    api, worker = metrics(running.url), metrics(worker_url(running))
    assert api['ledgerway_requests_total{operation="onboarding.start",status="202",problem=""}'] == 1
    assert api['ledgerway_request_duration_seconds_count{operation="onboarding.start"}'] == 1
    assert api["ledgerway_facts_up"] == 1
    assert api['ledgerway_slots{state="live"}'] == 1
    assert api["ledgerway_outbox_age_seconds"] < 60
    assert api['ledgerway_feed_age_seconds{instance="netsuite",feed="erp"}'] < 1800
    assert worker['ledgerway_steps_total{step="ensure project",outcome="done"}'] >= 1
    assert worker['ledgerway_runs_ended_total{workflow="onboarding",ending="completed"}'] == 1
    assert worker['ledgerway_vendor_breaker_state{vendor="netsuite"}'] == 0
    assert worker['ledgerway_events_total{type="project.created",outcome="relayed"}'] >= 1
    assert worker["process_resident_memory_bytes"] > 10_000_000
    assert sum(v for k, v in worker.items() if k.startswith('ledgerway_vendor_requests_total{vendor="netsuite"')) > 0


def test_health_tells_of_vendors_what_the_process_remembers(running: Demo) -> None:
    items = request("GET", f"{running.url}/health/vendors").body["items"]
    salesforce = next(item for item in items if item["vendor"] == "salesforce")
    assert (salesforce["breaker"], salesforce["credentials"]) == ("closed", "good")
    assert abs(salesforce["clock_skew_s"]) <= 2
    assert request("GET", f"{worker_url(running)}/health/ready").body["status"] == "ready"
    assert request("GET", f"{worker_url(running)}/health/live").body == {"status": "live"}


def lines(running: Demo, name: str) -> list[dict[str, Any]]:
    text = (running.state_dir / "log" / f"{name}.log").read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_one_line_a_request_a_step_and_an_event(running: Demo, onboarded: str) -> None:
    def said() -> list[dict[str, Any]]:
        mine = [one for one in lines(running, "api") if one.get("correlation_id") == "ops-1"]
        return [one for one in mine if one["event"] == "request.answered"]

    [line] = until(said, "the line of the request", 5)
    assert (line["operation"], line["status"], line["tenant"]) == ("onboarding.start", 202, "demo")
    assert line["client"] == "project-manager"
    assert line["request_id"].startswith("req_")
    worker = [one for one in lines(running, "worker") if one.get("correlation_id") == "ops-1"]
    steps = [one["step"] for one in worker if one["event"] == "step.done"]
    assert "ensure project" in steps
    assert len(steps) == len(set(steps)), "one line a step"
    relayed = [one["event_id"] for one in worker if one["event"] == "event.relayed"]
    assert relayed
    assert len(relayed) == len(set(relayed)), "one line an event"
    assert all(one["tenant"] == "demo" for one in worker)
    everything = json.dumps([*lines(running, "api"), *lines(running, "worker")])
    assert "sandbox-project-manager" not in everything
    assert "Bearer ey" not in everything


def ledgerway(running: Demo, *line: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWAY_")}
    command = [sys.executable, "-m", "gateway.cli.main", *line, "--state-dir", str(running.state_dir)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90)


def test_one_command_shows_what_a_request_did_everywhere(running: Demo, onboarded: str) -> None:
    said = ledgerway(running, "logs", "--correlation", "ops-1", "--jsonl", "--lines", "5000")
    assert said.returncode == 0, said.stderr
    found = [json.loads(text) for text in said.stdout.splitlines()]
    assert {one["role"] for one in found} == {"api", "worker"}
    assert [one["at"] for one in found] == sorted(one["at"] for one in found)


def test_the_doctor_finds_nothing_ill_also_after_a_crash(running: Demo, onboarded: str) -> None:
    def well() -> bool:
        """On a machine that has other things to do, systems may be read late, and events may wait."""
        found = json.loads(ledgerway(running, "doctor", "--json").stdout)["items"]
        return {one["check"] for one in found if one["state"] == "ill"} <= {"feed", "outbox"} and len(found) > 15

    until(well, "everything well", 90, 2)
    os.kill(running.children()["worker"], signal.SIGKILL)
    until(well, "the next worker in its slot", 90, 2)
