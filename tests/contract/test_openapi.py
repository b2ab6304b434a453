"""The committed descriptions: what the code generates, nothing taken from callers, and what the server does in every case.

Schemathesis drives each description against the gateway with the simulated systems behind it: a few examples with a fixed
seed here, many and all phases with CONTRACT_EXAMPLES=200 (`make contract`).
"""

import json
import os
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from schemathesis.engine import from_schema
from schemathesis.engine.events import EngineFinished, FatalError, NonFatalError

from gateway.apis import described
from gateway.cli.openapi import MENDED, RELEASED, WHOLE
from runtime.http.spec_changes import breaking_changes
from runtime.http.specs import check, render
from tests.support.cases import ACCEPTED, prepare, refusal
from tests.support.installation import Installation

FOLDER = Path(__file__).parents[2] / "openapi"
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "4"))
THOROUGH = EXAMPLES > 20


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / name).read_bytes())
    return found


def test_the_files_are_what_the_code_generates() -> None:
    assert check(FOLDER, described()) == [], "run `make openapi`"


def test_nothing_is_taken_from_callers_of_the_released_version() -> None:
    assert breaking_changes(read(RELEASED), read(WHOLE)) == sorted(read(MENDED)), (
        "and nothing is excused that is not so"
    )


def _customer(document: dict[str, Any]) -> Any:
    return document["components"]["schemas"]["NewCustomer"]


def _remove_operation(document: dict[str, Any]) -> None:
    del document["paths"]["/process/v1/invoices/{invoice_id}/post"]


def _remove_field(document: dict[str, Any]) -> None:
    del document["components"]["schemas"]["DraftInvoice"]["properties"]["gross"]


def _require_field(document: dict[str, Any]) -> None:
    _customer(document)["required"].append("tax_id")


def _change_type(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["RunView"]["properties"]["version"] = {"type": "string"}


def _refuse_null(document: dict[str, Any]) -> None:
    _customer(document)["properties"]["tax_id"] = {"type": "string"}


def _shorten(document: dict[str, Any]) -> None:
    _customer(document)["properties"]["name"]["maxLength"] = 10


PLANTED = {
    "POST /process/v1/invoices/{invoice_id}/post: removed": _remove_operation,
    "gross: removed": _remove_field,
    "tax_id: became required": _require_field,
    "version: type integer became string": _change_type,
    "tax_id: takes no null any more": _refuse_null,
    "name: maxLength is now 10": _shorten,
}


@pytest.mark.parametrize("says", list(PLANTED))
def test_the_comparison_can_fail(says: str) -> None:
    released = read(RELEASED)
    current = deepcopy(released)
    PLANTED[says](current)
    assert any(sentence.endswith(says) for sentence in breaking_changes(released, current))


def test_served_bytes_are_the_committed_ones(installed: Installation) -> None:
    with httpx.Client(base_url=installed.base_url) as http:
        listed = http.get("/openapi").json()["items"]
        assert listed == sorted(f"/openapi/{name}" for name in render(described()))
        for path in listed:
            assert http.get(path).content == (FOLDER / path.removeprefix("/openapi/")).read_bytes(), path


def _described_by(name: str, **more: Any) -> Any:
    """A description to be driven. What a connected system refuses is 502 by design; our own failures are none."""
    config: dict[str, Any] = {
        "seed": 20261120,
        "suppress-health-check": ["all"],
        "generation": {"max-examples": EXAMPLES, "database": "none"},
        "phases": {"coverage": {"enabled": THOROUGH}},
        "checks": {
            "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "501", "502"]},
            "positive_data_acceptance": {"expected-statuses": ACCEPTED},
        },
        **more,
    }
    return schemathesis.openapi.from_dict(read(name), config=schemathesis.Config.from_dict(config))


@schemathesis.check
def refused_rightly(ctx: Any, response: Any, case: Any) -> None:
    why = refusal(case, response.status_code, response.content)
    assert why is None, why


class Driver:
    """Sends cases with a token of every scope and judges the answers."""

    def __init__(self, at: Installation, session: requests.Session) -> None:
        self._at, self._session = at, session
        self._headers = {"Authorization": f"Bearer {at.token()}"}

    def drive(self, case: Any, instance: str = "") -> None:
        prepare(case, self._at.pools | {"instance": (instance,)})
        case.call_and_validate(self._at.base_url, self._session, self._headers, additional_checks=[refused_rightly])


@pytest.fixture(scope="module")
def driver(installed: Installation) -> Iterator[Driver]:
    with requests.Session() as session:
        yield Driver(installed, session)


public, salesforce, certinia = map(_described_by, (WHOLE, "system/salesforce.json", "system/certinia.json"))
netsuite, workday = map(_described_by, ("system/netsuite.json", "system/workday.json"))


@public.parametrize()
def test_processes_and_views(case: Any, driver: Driver) -> None:
    driver.drive(case)


@salesforce.parametrize()
def test_salesforce(case: Any, driver: Driver) -> None:
    driver.drive(case, "salesforce")


@certinia.parametrize()
def test_certinia(case: Any, driver: Driver) -> None:
    driver.drive(case, "certinia")


@netsuite.parametrize()
def test_netsuite(case: Any, driver: Driver) -> None:
    driver.drive(case, "netsuite")


@workday.parametrize()
def test_workday(case: Any, driver: Driver) -> None:
    driver.drive(case, "workday")


# Each request may lead to more of them, so this has no size of its own: it is for `make contract`, which asks for many.
@pytest.mark.skipif(not THOROUGH, reason="many requests: `make contract`")
def test_sequences_of_requests(installed: Installation) -> None:
    """What one operation makes, others are asked for: the order that answers and Location headers suggest."""
    phases = {name: {"enabled": name == "stateful"} for name in ("examples", "coverage", "fuzzing", "stateful")}
    headers = {"Authorization": f"Bearer {installed.token()}"}
    schema = _described_by(WHOLE, phases=phases, headers=headers, **{"base-url": installed.base_url})

    @schema.hook  # type: ignore[untyped-decorator]
    def map_case(context: Any, case: Any) -> Any:
        prepare(case, installed.pools)
        return case

    events = list(from_schema(schema).execute())
    finished = next(event for event in events if isinstance(event, EngineFinished))
    assert finished.failures == []
    assert [event.info for event in events if isinstance(event, NonFatalError | FatalError)] == []
