"""The description: what it says, that files follow it, and what counts as taking something away."""

import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.operation import operations
from process_apis.calculators.contract import Calculators
from runtime.bind import Served
from runtime.http.spec_changes import breaking_changes
from runtime.http.specs import Api, check, document, render, write
from tests.support.tiny import Notes


async def _never(call: Any, arguments: dict[str, Any]) -> Any:
    raise AssertionError


@pytest.fixture
def api() -> Api:
    served = tuple(Served(operation=o, path=f"/process/v1{o.path}", invoke=_never) for o in operations(Notes))
    return Api(file="process/notes.json", title="Notes", description="Notes.", served=served, public=True)


def test_an_operation_is_described_completely(api: Api) -> None:
    described = document(api)
    found = described["paths"]["/process/v1/notes"]["post"]
    assert found["operationId"] == "notes.write_note"
    assert found["security"] == [{"token": ["notes:write"]}]
    assert found["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/NewNote"}
    statuses = [201, 400, 401, 403, 404, 406, 409, 412, 413, 414, 415, 422, 429, 431, 500, 503, 504]
    assert sorted(found["responses"]) == [str(s) for s in statuses]
    assert {"$ref": "#/components/parameters/Idempotency-Key"} in found["parameters"]
    assert "Location" in found["responses"]["201"]["headers"]
    assert {"key-reused", "rule-violated", "throttled"} <= set(found["x-problems"])


def test_parameters_say_what_the_server_takes(api: Api) -> None:
    found = {p["name"]: p for p in document(api)["paths"]["/process/v1/notes"]["get"]["parameters"]}
    assert found["since"]["schema"] == {"type": "string", "format": "date-time"}
    assert found["kind"]["schema"] == {"enum": ["long", "short"]}
    assert found["limit"]["schema"] == {"type": "integer", "minimum": 1, "default": 50}
    assert not any(p["required"] for p in found.values())


def test_components_keep_constraints_and_formats(api: Api) -> None:
    schemas = document(api)["components"]["schemas"]
    assert schemas["NewNote"]["additionalProperties"] is False
    assert schemas["NewNote"]["properties"]["text"] == {
        "type": "string",
        "minLength": 1,
        "maxLength": 20,
        "pattern": "^[^\\u0000]*$",
    }
    assert schemas["Note"]["properties"]["written_at"]["format"] == "date-time"
    assert schemas["NotePage"]["properties"]["as_of"]["anyOf"][0] == {"type": "string", "format": "date-time"}


def test_every_reference_leads_somewhere(api: Api) -> None:
    described = document(api)

    def follow(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                follow(item)
        elif isinstance(value, dict):
            if "$ref" in value:
                kind, name = value["$ref"].split("/")[-2:]
                assert name in described["components"][kind], value
            for item in value.values():
                follow(item)

    follow(described)


def test_files_follow_the_operations(api: Api, tmp_path: Path) -> None:
    assert write(tmp_path, [api]) == ["ledgerway.json", "process/notes.json"]
    assert check(tmp_path, [api]) == []
    (tmp_path / "released").mkdir()
    (tmp_path / "released" / "v1.json").write_text("{}")
    (tmp_path / "system").mkdir()
    (tmp_path / "system" / "gone.json").write_text("{}")
    (tmp_path / "ledgerway.json").write_text("{}")
    assert check(tmp_path, [api]) == ["ledgerway.json", "system/gone.json"]
    write(tmp_path, [api])
    assert check(tmp_path, [api]) == []
    assert (tmp_path / "released" / "v1.json").exists()


def test_what_a_vendor_cannot_do_is_left_out(api: Api) -> None:
    lesser = msgspec.structs.replace(api, unsupported={"notes.write_note": "The vendor has no notes."})
    assert "post" not in document(lesser)["paths"]["/process/v1/notes"]


def _at(document: dict[str, Any], path: str) -> Any:
    for part in path.split(">"):
        document = document[part]
    return document


@pytest.mark.parametrize(
    ("place", "change", "says"),
    [
        ("paths", {"/process/v1/notes": None}, "GET /process/v1/notes: removed"),
        ("components>schemas>Note>properties", {"text": None}, "text: removed"),
        (
            "components>schemas>NewNote",
            {"required": ["text", "amount"]},
            "POST /process/v1/notes body.amount: became required",
        ),
        ("components>schemas>NewNote>properties>text", {"type": "integer"}, "type string became integer"),
        ("components>schemas>NewNote>properties>text", {"maxLength": 10}, "maxLength is now 10"),
        ("components>schemas>NoteRun>properties>status", {"enum": ["running"]}, "value completed removed"),
        ("components>schemas>Note", {"required": ["id"]}, "text: is no longer always there"),
    ],
)
def test_what_takes_something_away(api: Api, place: str, change: dict[str, Any], says: str) -> None:
    released = msgspec.json.decode(render([api])["ledgerway.json"])
    current = copy.deepcopy(released)
    spot = _at(current, place)
    for name, value in change.items():
        spot.pop(name)
        if value is not None:
            spot[name] = value
    found = breaking_changes(released, current)
    assert any(says in sentence for sentence in found), found


def test_additions_take_nothing_away(api: Api) -> None:
    released = msgspec.json.decode(render([api])["ledgerway.json"])
    current = copy.deepcopy(released)
    current["components"]["schemas"]["Note"]["properties"]["more"] = {"type": "string"}
    current["components"]["schemas"]["NewNote"]["properties"]["more"] = {"type": "string"}
    current["components"]["schemas"]["NewNote"]["properties"]["text"]["maxLength"] = 30
    current["components"]["schemas"]["NoteRun"]["properties"]["status"]["enum"].append("paused")
    current["paths"]["/process/v1/more"] = current["paths"]["/process/v1/notes"]
    assert breaking_changes(released, current) == []


def test_the_few_names_a_mapping_takes_are_listed() -> None:
    served = tuple(Served(operation=o, path=f"/process/v1{o.path}", invoke=_never) for o in operations(Calculators))
    schemas = document(Api(file="c.json", title="C", description="C.", served=served))["components"]["schemas"]
    zones = schemas["TaxQuestion"]["properties"]["zones"]["anyOf"][0]
    assert {"DE", "US"} < set(zones["propertyNames"]["enum"])
