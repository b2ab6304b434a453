"""The finance view's decisions without a database: what is stale, which events it shows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from contracts import events
from experience_apis.finance_dashboard import projection
from experience_apis.finance_dashboard.queries import LIMITS_S, freshness_of
from runtime.connections import Connection

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_system_is_stale_beyond_its_ports_limit_and_when_it_was_never_read() -> None:
    limit = timedelta(seconds=LIMITS_S["time"])
    read = {("psa-1", "time"): NOW - limit, ("psa-2", "time"): NOW - limit - timedelta(seconds=1)}
    instances = (
        ("psa-2", "kantata", ("time",)),
        ("psa-1", "certinia", ("time", "crm")),
        ("erp", "netsuite", ("erp",)),
    )
    connected = [
        Connection(tenant="t", instance=instance, vendor=vendor, ports=ports, base_url="", secret="")
        for instance, vendor, ports in instances
    ]
    found = [(f.name, f.stale, f.read_at is None) for f in freshness_of(connected, read, NOW)]
    assert found == [("Oracle NetSuite", True, True), ("Certinia PSA", False, False), ("kantata", True, False)]


def test_a_system_says_where_people_look_at_its_records_when_its_connection_does() -> None:
    address = "https://acme.example.com/{kind}/{id}"
    told: dict[str, Any] = {
        "a": {"record_url": address},
        "b": {},
        "c": {"record_url": "javascript:{id}"},
        "d": {"record_url": "https://x"},
    }
    connected = [
        Connection(
            tenant="t", instance=name, vendor="certinia", ports=("psa",), base_url="", secret="", settings=settings
        )
        for name, settings in told.items()
    ]
    assert [f.record_url for f in freshness_of(connected, {}, NOW)] == [address, None, None, None]


def test_every_shown_event_has_statements_and_others_none() -> None:
    assert {"queue_item.changed", "transaction.posted", "invoice.posted"} <= projection.SHOWN.keys()
    assert not {"invoice.ready", "time.approved", "contract.activated"} & projection.SHOWN.keys()
    completed = events.RunCompleted(object_id="run_1", version=2, occurred_at=NOW, actor="ada", workflow="post_time")
    assert list(projection.statements(completed)) == []


def test_a_refused_posting_is_a_moment_of_the_group_with_its_reason() -> None:
    refused = events.InvoicePostFailed(
        object_id="inv_1",
        version=5,
        occurred_at=NOW,
        actor="mia",
        reason="Period locked.",
        bill_group="bg_1",
        draft_version=1,
        currency="EUR",
        net=Decimal("1.00"),
        tax=Decimal("0.19"),
        gross=Decimal("1.19"),
    )
    ((_, arguments),) = projection.statements(refused)
    assert arguments == ("invoice.post_failed:inv_1:5", "bg_1", 5, NOW, "erp", "Posting refused: Period locked.", "mia")
