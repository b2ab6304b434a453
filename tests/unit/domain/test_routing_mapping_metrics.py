"""Ledgers in coexistence (COEX), records of acquired time tools (MAP), metrics (MET)."""

from typing import Any

import msgspec
import pytest

from domain import metrics

DUAL = {"ledger_mode": "dual_run", "cutover_date": "2026-07-01", "legacy_freeze_date": "2026-10-01"}


@pytest.mark.parametrize(
    ("entity", "document", "answer"),
    [
        ({"ledger_mode": "legacy"}, {"posting_date": "2026-07-01", "references_ledger": "legacy"}, ("legacy", None)),
        (
            DUAL | {"ledger_mode": "legacy"},
            {"posting_date": "2026-10-01", "references_ledger": "legacy"},
            ("legacy", None),
        ),
        ({"ledger_mode": "cloud"}, {"posting_date": "2026-07-01"}, ("cloud", None)),
        (DUAL, {"posting_date": "2026-06-30"}, ("legacy", "cloud")),
        (DUAL, {"posting_date": "2026-07-01"}, ("cloud", "legacy")),
        (DUAL, {"posting_date": "2026-09-30"}, ("cloud", "legacy")),
        (DUAL, {"posting_date": "2026-10-01"}, ("cloud", None)),
        ({"ledger_mode": "dual_run"}, {"posting_date": "2030-01-01"}, ("legacy", "cloud")),
        (DUAL, {"posting_date": "2026-09-30", "references_ledger": "legacy"}, ("legacy", None)),
        (DUAL, {"posting_date": "2026-07-15", "references_ledger": "cloud"}, ("cloud", "legacy")),
        ({"ledger_mode": "cloud"}, {"posting_date": "2026-09-30", "references_ledger": "legacy"}, ("legacy", None)),
        (
            DUAL | {"ledger_mode": "cloud"},
            {"posting_date": "2026-10-01", "references_ledger": "legacy", "open_item_migrated": True},
            ("cloud", None),
        ),
    ],
)
def test_routes(calculate: Any, entity: Any, document: Any, answer: tuple[str, str | None]) -> None:  # COEX-1 to COEX-3
    found = calculate("ledger.route", entity=entity, document=document)
    assert found == {"primary": answer[0], "shadow": answer[1], "code": None}


def test_an_item_that_was_not_migrated(calculate: Any) -> None:  # COEX-3
    document = {"posting_date": "2026-10-01", "references_ledger": "legacy", "open_item_migrated": False}
    assert calculate("ledger.route", entity=DUAL, document=document) == {"code": "COEX_ITEM_NOT_MIGRATED"}


MAPPING = {
    "source_system": "time.acme",
    "id_field": "nr",
    "version_field": "rev",
    "duration_format": "decimal_hours",
    "fields": {"quantity": "worked", "project_id": "job", "description": "note", "location_code": "site"},
    "value_maps": {"project_id": {"J1": "prj_1"}, "location_code": {"B": "DE", "*": "US"}},
}
RECORD = {"nr": 7, "rev": 2, "worked": "7.5", "job": "J1", "site": "B", "extra": 1}


def mapped(calculate: Any, record: dict[str, Any], **mapping: Any) -> Any:
    return calculate("adapter.map_time", mapping=MAPPING | mapping, record=record)


def test_a_record_becomes_an_entry(calculate: Any) -> None:  # MAP-1, MAP-4
    assert mapped(calculate, RECORD) == {
        "status": "mapped",
        "entry": {
            "project_id": "prj_1",
            "description": None,
            "location_code": "DE",
            "quantity": "7.5000",
            "unit": "hour",
        },
        "idempotency_key": "time.acme:7:2",
    }
    elsewhere = mapped(calculate, RECORD | {"site": None})
    assert elsewhere["entry"]["location_code"] == "US"


@pytest.mark.parametrize(
    ("spelled", "worked", "hours"),
    [
        ("decimal_hours", "7.50005", "7.5001"),
        ("decimal_hours", 7, "7.0000"),
        ("decimal_hours", 7.25, "7.2500"),
        ("minutes", "100", "1.6667"),
        ("hh:mm", "7:30", "7.5000"),
        ("hh:mm", "07:20", "7.3333"),
    ],
)
def test_durations(calculate: Any, spelled: str, worked: Any, hours: str) -> None:  # MAP-2
    assert mapped(calculate, RECORD | {"worked": worked}, duration_format=spelled)["entry"]["quantity"] == hours


@pytest.mark.parametrize(
    ("spelled", "worked"),
    [
        ("decimal_hours", "7,5"),
        ("decimal_hours", "7:30"),
        ("decimal_hours", None),
        ("decimal_hours", ["7"]),
        ("decimal_hours", True),
        ("minutes", "1e2"),
        ("hh:mm", "7:60"),
        ("hh:mm", "7.5"),
        ("hh:mm", " 7:30"),
    ],
)
def test_unreadable_durations(calculate: Any, spelled: str, worked: Any) -> None:
    answer = mapped(calculate, RECORD | {"worked": worked}, duration_format=spelled)
    assert answer == {"status": "exception", "code": "MAP_UNMAPPED", "fields": ["quantity"]}


def test_everything_that_does_not_map_is_named(calculate: Any) -> None:
    answer = mapped(calculate, {"rev": 1, "job": "J9"})
    assert answer == {"status": "exception", "code": "MAP_UNMAPPED", "fields": ["id", "project_id", "quantity"]}


def nested(levels: int, leaf: Any, inside: str = "list") -> Any:
    for _ in range(levels):
        leaf = [leaf] if inside == "list" else {"deeper": leaf}
    return leaf


@pytest.mark.parametrize("inside", ["list", "object"])
def test_records_nest_twenty_levels(calculate: Any, inside: str) -> None:
    """The record is a level itself; so are the value maps."""
    assert mapped(calculate, RECORD | {"extra": nested(19, 1, inside)})["status"] == "mapped"
    with pytest.raises(msgspec.ValidationError, match="`record` nests more than 20 levels"):
        mapped(calculate, RECORD | {"extra": nested(20, 1, inside)})
    with pytest.raises(msgspec.ValidationError, match="`mapping` nests more than 20 levels"):
        mapped(calculate, RECORD, value_maps={"location_code": {"*": nested(19, 1, inside)}})


def test_flags_and_blanks(calculate: Any) -> None:
    maps = {"billable": {"true": True, "false": False}, "project_id": {"": "none"}}
    fields = MAPPING["fields"] | {"billable": "chargeable"}
    answer = mapped(calculate, RECORD | {"chargeable": False, "job": ""}, fields=fields, value_maps=maps)
    assert (answer["entry"]["billable"], answer["entry"]["project_id"]) == (False, "none")
    yes = mapped(calculate, RECORD | {"chargeable": True, "job": ""}, fields=fields, value_maps=maps)
    assert yes["entry"]["billable"] is True
    for name in ("nr", "rev"):
        named = {"nr": "id", "rev": "version"}[name]
        assert mapped(calculate, RECORD | {name: ""})["fields"] == [named]


def test_without_value_maps_all_is_copied(calculate: Any) -> None:
    answer = mapped(calculate, RECORD, value_maps=None)
    assert (answer["entry"]["project_id"], answer["entry"]["location_code"]) == ("J1", "B")
    assert mapped(calculate, RECORD | {"nr": [7], "rev": {"a": 1}})["fields"] == ["id", "version"]


def test_what_only_a_value_map_names_is_read_as_absent(calculate: Any) -> None:
    answer = mapped(calculate, RECORD, value_maps={"time_types": {"*": ["standard"]}})
    assert answer["entry"]["time_types"] == ["standard"]
    assert mapped(calculate, RECORD, value_maps={"time_types": {"x": 1}})["fields"] == ["time_types"]
    assert mapped(calculate, RECORD | {"worked": None}, value_maps={"quantity": {"*": "8"}})["fields"] == ["quantity"]


@pytest.mark.parametrize(
    ("metric", "values", "value"),
    [
        ("billable_utilization", {"approved_billable_hours": "1187.5", "available_hours": "1520"}, "78.13"),
        ("billable_utilization", {"approved_billable_hours": "0", "available_hours": "0"}, None),
        (
            "productive_utilization",
            {"approved_billable_hours": "100", "productive_non_billable_hours": "20", "available_hours": "160"},
            "75.00",
        ),
        ("realization", {"invoiced_net": "900", "credited_net": "50", "standard_value": "1000"}, "85.00"),
        ("dso", {"ending_receivables": "1000", "credit_sales": "3000", "days": 91}, "30.3"),
        (
            "dso_total",
            {"ending_receivables": "1000", "ending_wip": "500", "credit_sales": "3000", "days": "90"},
            "45.0",
        ),
        ("dso", {"ending_receivables": "1000", "credit_sales": "0.00", "days": 91}, None),
        ("straight_through_billing", {"invoices_untouched": 2, "invoices_posted": 3}, "66.67"),
        ("write_off_rate", {"written_off": "1", "written_down": "1", "standard_billable_value": "16"}, "12.50"),
        (
            "leakage",
            {
                "expected_billable_value": "100",
                "invoiced_net": "80",
                "wip_within_90d": "15.5",
                "approved_write_offs": "2",
                "approved_discounts": "2.5",
            },
            "0.00",
        ),
        ("backlog", {"signed_value": "100", "approved_changes": "-10", "recognised": "95"}, "-5.00"),
        ("project_margin_pct", {"recognised_revenue": "100", "project_cost": "133.335"}, "-33.34"),
        ("project_margin_pct", {"recognised_revenue": "0", "project_cost": "1"}, None),
    ],
)
def test_metrics(calculate: Any, metric: str, values: dict[str, Any], value: str | None) -> None:  # MET-1, MET-2
    assert calculate("metric.compute", metric=metric, values=values) == {"value": value}


def test_a_metric_takes_its_own_values_only(calculate: Any) -> None:
    with pytest.raises(msgspec.ValidationError, match="credit_sales"):
        calculate("metric.compute", metric="dso", values={"ending_receivables": "1", "days": 1})
    with pytest.raises(msgspec.ValidationError, match="margin"):
        calculate("metric.compute", metric="margin", values={})


def test_the_catalogue_knows_which_way_is_good() -> None:
    good = {name: metrics.CATALOGUE[name].good for name in ("billable_utilization", "dso", "leakage", "realization")}
    assert good == {"billable_utilization": "up", "dso": "down", "leakage": "down", "realization": "up"}
    assert metrics.DASHBOARDS["EX"] == "executive"


def test_the_catalogue_names_every_computed_metric() -> None:
    computed = {one.name for one in metrics.CATALOGUE.values() if one.computed}
    assert computed == {
        *("billable_utilization", "productive_utilization", "realization", "dso", "dso_total", "leakage", "backlog"),
        *("straight_through_billing", "write_off_rate", "project_margin_pct"),
    }
    assert {board for one in metrics.CATALOGUE.values() for board in one.dashboards} <= metrics.DASHBOARDS.keys()
