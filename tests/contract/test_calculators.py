"""The calculators over HTTP answer what they answer in the process, store nothing, and refuse with the member at fault."""

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from contracts.wire import decode, encode
from domain import exceptions, metrics, states
from domain.calculators import CALCULATORS
from tests.support.installation import Installation


@pytest.fixture(scope="module")
def http(installed: Installation) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {installed.token(scopes=('rules:read',))}"}
    with httpx.Client(base_url=f"{installed.base_url}/process/v1", headers=headers, timeout=30) as client:
        yield client


@pytest.mark.parametrize("name", sorted(CALCULATORS))
def test_an_answer_is_that_of_the_function(http: httpx.Client, name: str) -> None:
    calculator = CALCULATORS[name]
    question = msgspec.json.encode(calculator.example.question)
    answer = http.post(f"/calculators/{name}", content=question, headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert answer.content == encode(calculator.function(decode(question, calculator.input)))


def test_a_refusal_names_the_members(http: httpx.Client) -> None:
    answer = http.post("/calculators/fx.rate", json={"from": "EUX", "to": "EUR", "rate": 1.5})
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"#/from", "#/date", "#/rate"}


def test_an_unknown_calculator(http: httpx.Client) -> None:
    answer = http.post("/calculators/rate.tim", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def _items(http: httpx.Client, path: str, key: str) -> set[Any]:
    return {one[key] for one in http.get(path).json()["items"]}


def test_the_catalogues(http: httpx.Client) -> None:
    assert _items(http, "/calculators", "name") == CALCULATORS.keys()
    assert _items(http, "/exception-codes", "code") == exceptions.CATALOGUE.keys()
    assert _items(http, "/metrics", "name") == metrics.CATALOGUE.keys()
    assert _items(http, "/state-machines", "object") == states.MACHINES.keys()
