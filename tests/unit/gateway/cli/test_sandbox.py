"""Switches of the simulated systems, at the addresses the state directory remembers."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway import addresses
from gateway.addresses import Demo, SimulatedSystem
from gateway.cli.complaints import Complaint
from gateway.cli.simulators import seconds
from tests.unit.gateway.cli.conftest import Product, Run

FAULTS = "/_sandbox/faults"


@pytest.fixture
def simulated(product: Product, tmp_path: Path) -> Product:
    systems = tuple(
        SimulatedSystem(name=name, port=product.server.server_port, tls_port=1) for name in addresses.SYSTEMS
    )
    addresses.write(tmp_path, Demo(as_of=date(2026, 11, 20), url=product.url, systems=systems))
    return product


def test_without_a_demo_there_is_nothing_to_switch(ledgerway: Run) -> None:
    said = ledgerway("sandbox", "reset", "netsuite")
    assert said.code == 7
    assert "ledgerway demo" in said.err


def test_a_fault_is_armed_as_described(ledgerway: Run, simulated: Product) -> None:
    simulated.on("POST", FAULTS, (201, {"id": "fault-1"}))
    line = ("too-many", "--method", "POST", "--path", "invoice", "--times", "2", "--retry-after", "3", "--delay", "4")
    assert ledgerway("sandbox", "fault", "certinia", *line).code == 0
    assert msgspec.json.decode(simulated.requests(FAULTS)[0].body) == {
        "kind": "too_many",
        "method": "POST",
        "path": "invoice",
        "times": 2,
        "after": 0,
        "retry_after": 3,
        "delay_s": 4,
    }


def test_faults_are_listed_and_cleared(ledgerway: Run, simulated: Product) -> None:
    fired = {"kind": "lock", "id": "fault-1", "method": "POST", "target": "/x"}
    simulated.on("GET", FAULTS, {"armed": [{"id": "fault-2", "kind": "timeout"}], "fired": [fired]})
    simulated.on("DELETE", FAULTS, (204, None))
    assert "fault-2" in ledgerway("sandbox", "fault", "workday", "--list").out
    assert ledgerway("sandbox", "fault", "workday", "--clear").code == 0
    assert simulated.asked[-1].method == "DELETE"


@pytest.mark.parametrize(
    ("line", "near"),
    [(("netsuit", "lock"), "netsuite"), (("netsuite", "lok"), "lock"), (("netsuite", "lock", "--clear"), "--clear")],
)
def test_unknown_names_are_misuse(ledgerway: Run, simulated: Product, line: tuple[str, ...], near: str) -> None:
    said = ledgerway("sandbox", "fault", *line)
    assert said.code == 2
    assert near in said.err


@pytest.mark.parametrize(
    ("line", "method", "body"),
    [
        ((), "GET", None),
        (("--advance", "2h"), "POST", {"advance_s": 7200}),
        (("--advance", "-1d"), "POST", {"advance_s": -86400}),
        (("--set", "2026-12-01T08:00:00", "--freeze"), "POST", {"now": "2026-12-01T08:00:00+00:00", "frozen": True}),
        (("--reset",), "DELETE", None),
    ],
)
def test_the_clock(ledgerway: Run, simulated: Product, line: tuple[str, ...], method: str, body: Any) -> None:
    simulated.on(method, "/_sandbox/clock", {"now": "2026-12-01T08:00:00+00:00", "frozen": False})
    assert ledgerway("sandbox", "clock", "netsuite", *line).code == 0
    sent = simulated.requests("/_sandbox/clock")[0]
    assert sent.method == method
    assert (msgspec.json.decode(sent.body) if sent.body else None) == body


def test_a_simulator_that_refuses_is_misuse(ledgerway: Run, simulated: Product) -> None:
    simulated.on("POST", FAULTS, (400, {"error": "times must be at least 1"}))
    said = ledgerway("sandbox", "fault", "netsuite", "lock", "--times", "0")
    assert said.code == 2
    assert "times must be at least 1" in said.err


@pytest.mark.parametrize(("text", "expected"), [("90s", 90), ("3d", 259200), ("PT2H30M", 9000), ("P1DT1S", 86401)])
def test_durations(text: str, expected: int) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "2", "h", "P", "1w", "PT"])
def test_no_durations(text: str) -> None:
    with pytest.raises(Complaint, match="15m"):
        seconds(text)
