"""Every operation refuses what it must, as described and audited: a small table of refusals over the whole surface."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import psycopg
import pytest
from msgspec import Struct, inspect

from contracts.examples import BODIES
from contracts.operation import Operation
from contracts.wire import decode, encode
from gateway.apis import described
from runtime.bind import Served
from tests.support.installation import Installation

FOLDER = Path(__file__).parents[2] / "openapi"
# Headers of HTTP itself and those that make any answer harmless in a browser are not described per operation.
COMMON = {
    *("content-type", "content-length", "date", "connection"),
    *("x-content-type-options", "x-frame-options", "referrer-policy", "content-security-policy"),
}


class Place(Struct, frozen=True, kw_only=True):
    """An operation, the description it stands in, and a connection that serves it."""

    served: Served
    document: dict[str, Any]
    instance: str

    @property
    def described(self) -> dict[str, Any]:
        """What the description says of it."""
        found: dict[str, Any] = self.document["paths"][self.served.path][self.served.operation.method.lower()]
        return found

    def path(self) -> str:
        """An address of it where nothing is."""
        return re.sub(r"\{\w+\}", "nowhere:thing:1", self.served.path.replace("{instance}", self.instance))


def places() -> Iterator[Any]:
    for api in described():
        document = json.loads((FOLDER / api.file).read_bytes())
        for served in api.served:
            if served.operation.id not in api.unsupported:
                place = Place(served=served, document=document, instance=Path(api.file).stem)
                yield pytest.param(place, id=f"{api.file}-{served.operation.id}")


PLACES = list(places())
everywhere = pytest.mark.parametrize("place", PLACES)


@everywhere
def test_it_is_named_scoped_and_summarised(place: Place) -> None:
    found = place.described
    assert found["operationId"] == place.served.operation.id
    assert found["summary"].endswith(".")
    assert all(found["security"][0]["token"])
    assert found["tags"] == [place.served.operation.api]


def test_operation_ids_are_unique() -> None:
    ids = [place.values[0].served.operation.id for place in PLACES]
    assert len(set(ids)) == len(ids)


def _request(place: Place, **changes: Any) -> dict[str, Any]:
    """A good request to nothing in particular."""
    operation = place.served.operation
    headers = {"idempotency-key": f"{operation.id}-{time.monotonic_ns()}"} if operation.effects else {}
    if operation.body is not None:
        headers["content-type"] = "application/json"
        changes.setdefault("content", encode(_example(operation)))
    headers |= changes.pop("headers", {})
    return {"method": operation.method, "url": place.path(), "headers": headers, **changes}


def _example(operation: Operation) -> Any:
    """A body the operation takes; KeyError when nobody gave one."""
    assert operation.body is not None
    return operation.example if operation.example is not None else BODIES[operation.body.type]


Refusal = Callable[[Place], dict[str, Any] | None]


def _other_method(place: Place) -> dict[str, Any] | None:
    return _request(place, method="TRACE")


def _unacceptable(place: Place) -> dict[str, Any] | None:
    return _request(place, headers={"accept": "text/html"})


def _unknown_parameter(place: Place) -> dict[str, Any] | None:
    return _request(place, params={"no_such_parameter": "1"})


def _other_media(place: Place) -> dict[str, Any] | None:
    return _request(place, headers={"content-type": "text/csv"}) if place.served.operation.body else None


def _not_json(place: Place) -> dict[str, Any] | None:
    return _request(place, content=b"{") if place.served.operation.body else None


def _unknown_field(place: Place) -> dict[str, Any] | None:
    return _request(place, content=b'{"no_such_field": 1}') if place.served.operation.body else None


def _absent(place: Place) -> dict[str, Any] | None:
    own = [p for p in place.served.operation.parameters if p.source == "path"]
    return _request(place) if own else None


def _without_key(place: Place) -> dict[str, Any] | None:
    return _request(place, headers={"idempotency-key": ""}) if place.served.operation.effects else None


def _without_version(place: Place) -> dict[str, Any] | None:
    return _request(place) if place.served.operation.method in ("PUT", "PATCH", "DELETE") else None


REFUSALS: dict[str, tuple[int, Refusal]] = {
    "another method": (405, _other_method),
    "not acceptable": (406, _unacceptable),
    "unknown parameter": (400, _unknown_parameter),
    "another media type": (415, _other_media),
    "not JSON": (400, _not_json),
    "unknown field": (422, _unknown_field),
    "absent": (404, _absent),
    "no key": (400, _without_key),
    "no version": (428, _without_version),
}


@pytest.fixture(scope="module")
def http(installed: Installation) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=installed.base_url, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def every_scope(installed: Installation) -> dict[str, str]:
    return {"authorization": f"Bearer {installed.token()}"}


@pytest.fixture(scope="module")
def no_scope(installed: Installation) -> dict[str, str]:
    return {"authorization": f"Bearer {installed.token(scopes=())}"}


@everywhere
def test_refusals_are_described(
    place: Place, http: httpx.Client, every_scope: dict[str, str], no_scope: dict[str, str]
) -> None:
    request = _request(place)
    nobody = http.request(**request)
    assert nobody.status_code == 401
    assert nobody.headers["www-authenticate"].startswith("Bearer ")
    stranger = http.request(**request | {"headers": request["headers"] | no_scope})
    assert stranger.status_code == 403
    assert f'scope="{place.served.operation.scope}"' in stranger.headers["www-authenticate"]
    for answer in (nobody, stranger):
        assert_described(place, answer)
    for name, (status, refusal) in REFUSALS.items():
        wrong = refusal(place)
        if wrong is not None:
            answer = http.request(**wrong | {"headers": wrong["headers"] | every_scope})
            assert answer.status_code == status, (name, answer.text)
            assert_described(place, answer)


def assert_described(place: Place, answer: httpx.Response) -> None:
    """The status, every header and the body are those of the description; 405 is about the address, not the operation."""
    components = place.document["components"]
    responses = place.described["responses"] | {"405": {"$ref": "#/components/responses/Problem405"}}
    response = components["responses"][responses[str(answer.status_code)]["$ref"].rpartition("/")[2]]
    undescribed = set(answer.headers) - COMMON - {name.lower() for name in response["headers"]}
    assert not undescribed, (answer.status_code, undescribed)
    required = {n.lower() for n in response["headers"] if components["headers"][n]["required"]}
    assert required <= set(answer.headers)
    assert answer.headers["content-type"] == "application/problem+json"
    schema = {"$ref": "#/components/schemas/Problem", "components": components}
    jsonschema_rs.validator_for(schema).validate(answer.json())
    assert answer.json()["status"] == answer.status_code


def test_every_operation_leaves_an_audit_row(
    installed: Installation, http: httpx.Client, every_scope: dict[str, str]
) -> None:
    asked = {}
    for param in PLACES:
        request = _request(param.values[0])
        answer = http.request(**request | {"headers": request["headers"] | every_scope})
        asked[answer.headers["ledgerway-request-id"]] = (param.values[0].served.operation.id, answer.status_code)
    assert _audited(installed, asked) == asked


def _audited(installed: Installation, asked: dict[str, Any]) -> dict[str, tuple[str, int]]:
    """Rows of these requests; those of reads are written a moment later."""
    sql = "select request_id, operation, status from audit where request_id = any(%s)"
    found: list[Any] = []
    with psycopg.connect(installed.database_url, autocommit=True) as connection:
        for _ in range(50):
            found = connection.execute(sql, [list(asked)]).fetchall()
            if len(found) == len(asked):
                break
            time.sleep(0.1)
    return {request_id: (operation, status) for request_id, operation, status in found}


def _structs(node: Any, seen: set[type]) -> Iterator[inspect.StructType]:
    while isinstance(node, inspect.Metadata):
        node = node.type
    inner = [getattr(node, name) for name in ("item_type", "key_type", "value_type") if hasattr(node, name)]
    if isinstance(node, inspect.StructType) and node.cls not in seen:
        seen.add(node.cls)
        yield node
        inner = [field.type for field in node.fields]
    for one in (*inner, *getattr(node, "types", ())):
        yield from _structs(one, seen)


@everywhere
def test_bodies_take_no_unknown_fields_at_any_depth(place: Place) -> None:
    body = place.served.operation.body
    for struct in () if body is None else _structs(inspect.type_info(body.type), set()):
        assert struct.forbid_unknown_fields, struct.cls


def test_body_examples_are_what_the_operations_take() -> None:
    operations = [p.values[0].served.operation for p in PLACES]
    assert {o.body.type for o in operations if o.body and o.example is None} == BODIES.keys()
    for one in operations:
        if one.example is not None:
            decode(encode(one.example), one.body.type)
