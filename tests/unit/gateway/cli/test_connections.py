"""`ledgerway connection` on a real database, against the simulated Workday and against nobody."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest
import uvicorn

from tests.contract.vendors import workday
from tests.unit.gateway.cli.conftest import Run

ADD = ("connection", "add", "hr", "--vendor", "workday")
SETTINGS = ("--set", "tenant={tenant}", "--set", "report_owner={report_owner}")


@pytest.fixture
def stored(ledgerway: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("LEDGERWAY_DATABASE_URL", database_url)
    return ledgerway


@pytest.fixture
def vendor() -> Iterator[str]:
    """The simulated Workday on a socket."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(workday.simulator(), log_level="error", lifespan="off", loop="asyncio"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def secret(folder: Path, **changed: str) -> str:
    place = folder / "workday.json"
    place.write_text(json.dumps(workday.SECRET | changed))
    return f"file:{place}"


def settings() -> list[str]:
    known = workday.connection("file:none").settings
    return [text.format(**known) for text in SETTINGS]


def test_added_listed_and_tested(stored: Run, vendor: str, tmp_path: Path) -> None:
    added = stored(*ADD, "--base-url", vendor, "--secret", secret(tmp_path), *settings())
    assert added.code == 0, added.err
    assert "ledgerway connection test hr" in added.err
    (one,) = msgspec.json.decode(stored("connection", "list", "--json").out)["items"]
    assert (one["vendor"], one["ports"], one["secret"]) == ("workday", ["hcm"], f"file:{tmp_path / 'workday.json'}")
    tested = stored("connection", "test", "hr")
    assert tested.code == 0, tested
    assert tested.out.splitlines()[1].split()[:2] == ["hcm", "works"]


def test_every_change_of_a_connection_is_in_the_trail(stored: Run, database_url: str, vendor: str) -> None:
    for secret_at in ("env:A", "env:B"):
        assert stored(*ADD, "--base-url", vendor, "--secret", secret_at).code == 0
    with psycopg.connect(database_url) as session:
        rows = session.execute(
            "select operation, object, client, facts ->> 'secret' from audit where tenant = 'demo' order by position"
        ).fetchall()
    assert rows == [
        ("connections.put", "hr", "command-line", "env:A"),
        ("connections.put", "hr", "command-line", "env:B"),
    ]


def test_a_wrong_secret_is_named(stored: Run, vendor: str, tmp_path: Path) -> None:
    stored(*ADD, "--base-url", vendor, "--secret", secret(tmp_path, client_secret="wrong"), *settings())
    tested = stored("connection", "test", "hr")
    assert tested.code == 4
    assert "vendor-credentials" in tested.out
    assert "Put the right secret where file:" in tested.err


def test_a_secret_that_is_not_there_is_named(stored: Run, vendor: str, tmp_path: Path) -> None:
    stored(*ADD, "--base-url", vendor, "--secret", f"file:{tmp_path / 'none'}", *settings())
    tested = stored("connection", "test", "hr")
    assert tested.code == 4
    assert "No such file" in tested.out


def test_a_system_that_is_away_is_named(stored: Run, tmp_path: Path) -> None:
    stored(*ADD, "--base-url", "http://127.0.0.1:9", "--secret", secret(tmp_path), *settings())
    tested = stored("connection", "test", "hr")
    assert tested.code == 7
    assert "vendor-unavailable" in tested.out


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (("hr", "--vendor", "workdy", "--base-url", "http://x", "--secret", "env:A"), "did you mean workday?"),
        (("HR", "--vendor", "workday", "--base-url", "http://x", "--secret", "env:A"), "lower-case letters"),
        (("hr", "--vendor", "workday", "--base-url", "x", "--secret", "env:A"), "no address"),
        (("hr", "--vendor", "workday", "--base-url", "http://u:p@x", "--secret", "env:A"), "no address"),
        (("hr", "--vendor", "workday", "--base-url", "http://x", "--secret", "hunter2"), "never the secret itself"),
        (("hr", "--vendor", "workday", "--base-url", "http://x", "--secret", "env:A", "--ports", "erp"), "serves hcm"),
        (("hr", "--vendor", "workday", "--base-url", "http://x", "--secret", "env:A", "--set", "x"), "NAME=VALUE"),
        (
            (
                "hr",
                "--vendor",
                "workday",
                "--base-url",
                "http://x",
                "--secret",
                "env:A",
                "--set",
                "record_url=https://x",
            ),
            "an address with {id} in it",
        ),
    ],
)
def test_what_cannot_be_added(stored: Run, line: tuple[str, ...], told: str) -> None:
    said = stored("connection", "add", *line)
    assert said.code == 2
    assert told in said.err
    assert "hunter2" not in said.err


def test_live_connections_are_encrypted_and_meant(stored: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGERWAY_MODE", "live")
    plain = stored(*ADD, "--base-url", "http://x", "--secret", "env:A")
    assert (plain.code, "https://" in plain.err) == (2, True)
    unsure = stored(*ADD, "--base-url", "https://x", "--secret", "env:A")
    assert (unsure.code, "--yes" in unsure.err) == (2, True)
    assert stored("connection", "list", "--json").out.split() == ["{", '"items":', "[]", "}"]


def test_an_unknown_connection(stored: Run) -> None:
    assert stored("connection", "test", "hr").code == 3
