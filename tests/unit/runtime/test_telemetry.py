"""Logs: one JSON object per event, bound fields on it, no secret in it."""

import json
import logging

import pytest

from runtime import telemetry
from runtime.settings import Settings
from runtime.telemetry import log, redacted

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]):
    telemetry.configure(Settings(log_format="json"), "api")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    telemetry.structlog.contextvars.clear_contextvars()


def test_an_event_carries_its_fields_and_the_bound_ones(lines) -> None:
    with telemetry.bound(tenant="acme", correlation_id="cor_1"):
        log.info("step.done", run="run_1", ms=12)
    log.debug("step.detail")
    (line,) = lines()
    assert line.pop("at").endswith("Z")
    assert line == {
        "event": "step.done", "level": "info", "role": "api", "run": "run_1", "ms": 12, "tenant": "acme",
        "correlation_id": "cor_1",
    }  # fmt: skip


def test_secrets_do_not_reach_the_log(lines) -> None:
    log.warning("vendor.refused", access_token="abc", url="postgresql://me:hush@db/x", headers={"Authorization": "x"})
    (line,) = lines()
    assert (line["access_token"], line["headers"]) == ("[redacted]", {"Authorization": "[redacted]"})
    assert line["url"] == "postgresql://me:[redacted]@db/x"


@pytest.mark.parametrize("text", [f"sent {JWT}", f"Bearer {JWT}", "Authorization: Basic aHVzaDpodXNo"])
def test_tokens_inside_text_are_struck_out(text: str) -> None:
    struck = redacted(text)
    assert "[redacted]" in struck
    assert "eyJ" not in struck
    assert "aHVzaDpodXNo" not in struck


def test_warnings_of_libraries_become_events_and_their_chatter_does_not(lines) -> None:
    logging.getLogger("httpx").info("GET http://x")
    logging.getLogger("aiohttp.client").warning("late")
    assert [(line["event"], line["message"]) for line in lines()] == [("library.aiohttp.client", "late")]
