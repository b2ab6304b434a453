"""What happened, on the command line: audit trail, events, one id; and playing people in a simulated system."""

import base64
import hashlib
import hmac
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from contracts.process.trail import AuditEntry, AuditPage, CloudEvent, EventFeed, Happening, Trace
from gateway.cli.acts import first_about
from tests.unit.gateway.cli.conftest import Product, Run, problem

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVENTS, AUDIT, HOOK = "/process/v1/events", "/process/v1/audit", "/hook"


def event(number: int, kind: str = "invoice.posted") -> CloudEvent:
    return CloudEvent(
        specversion="1.0",
        id=f"{kind}:inv_{number}:4",
        source="hub",
        type=kind,
        subject=f"inv_{number}",
        time=AT,
        datacontenttype="application/json",
        partitionkey="x",
        sequence=f"7.{number}",
        correlationid="c0ffee",
        data={"amount": "12.50"},
    )


def feed(*items: CloudEvent, last: str = "7.9") -> EventFeed:
    return EventFeed(items=items, last_sequence=items[-1].sequence if items else last, as_of=AT)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.cli.event_stream.LOOK_EVERY_S", 0.01)
    monkeypatch.setattr("gateway.cli.forwarding.PAUSES_S", (0.01,))


class TestListen:
    """Events as they happen."""

    def test_goes_on_from_where_it_stood(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", EVENTS, feed(last="6.1"), feed(event(1)), feed(event(2)))
        said = ledgerway("listen", "--count", "2")
        assert [line.split()[1:3] for line in said.out.splitlines()] == [
            ["invoice.posted", "inv_1"],
            ["invoice.posted", "inv_2"],
        ]
        assert [one.query["after"] for one in product.requests(EVENTS)] == [["now"], ["6.1"], ["7.1"]]

    def test_json_is_an_event_a_line(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", EVENTS, feed(event(1)))
        assert msgspec.json.decode(ledgerway("listen", "--count", "1", "--json").out)["data"] == {"amount": "12.50"}

    def test_one_type_is_asked_for_and_several_are_sorted_out(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", EVENTS, feed(event(1), event(2, "time.approved"), event(3, "project.created")))
        said = ledgerway("listen", "--events", "invoice.*, time.approved", "--count", "2")
        assert [line.split()[2] for line in said.out.splitlines()] == ["inv_1", "inv_2"]
        ledgerway("listen", "--events", "invoice.*", "--count", "1")
        assert product.requests(EVENTS)[-1].query["type"] == ["invoice.*"]

    def test_an_event_that_does_not_exist(self, ledgerway: Run) -> None:
        said = ledgerway("listen", "--events", "invoice.post")
        assert (said.code, "did you mean invoice.posted?" in said.err) == (2, True)

    def test_forwards_signed_until_it_is_taken(self, ledgerway: Run, product: Product, tmp_path: Path) -> None:
        product.on("GET", EVENTS, feed(event(1)))
        product.on("POST", HOOK, (500, {}), (204, {}))
        said = ledgerway("listen", "--count", "1", "--forward-to", product.url + HOOK)
        assert said.code == 0
        first, second = product.requests(HOOK)
        assert first.body == second.body
        secret = said.err.split("whsec_")[1].split()[0]
        assert base64.b64decode(secret) == (tmp_path / "listen-secret").read_bytes()
        signed = f"{second.headers['webhook-id']}.{second.headers['webhook-timestamp']}.".encode() + second.body
        made = base64.b64encode(hmac.digest(base64.b64decode(secret), signed, hashlib.sha256)).decode()
        assert second.headers["webhook-signature"] == f"v1,{made}"
        assert second.headers["content-type"] == "application/cloudevents+json"

    def test_what_is_not_taken_is_named_and_the_next_goes_on(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", EVENTS, feed(event(1), event(2)))
        product.on("POST", HOOK, *[(500, {})] * 5, (200, {}))
        said = ledgerway("listen", "--count", "2", "--forward-to", product.url + HOOK)
        assert said.code == 8
        assert "invoice.posted:inv_1:4 was not taken after 5 tries (answer 500)" in said.err
        assert len(product.requests(HOOK)) == 6

    def test_a_receiver_that_is_gone_ends_it(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", EVENTS, feed(event(1)))
        product.on("POST", HOOK, (410, {}))
        said = ledgerway("listen", "--forward-to", product.url + HOOK)
        assert (said.code, len(product.requests(HOOK))) == (4, 1)

    def test_an_address_that_is_none(self, ledgerway: Run) -> None:
        assert ledgerway("listen", "--forward-to", "localhost:3000").code == 2

    def test_a_product_that_is_away_for_a_while(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", EVENTS, feed(), problem(503, "store-away"), problem(401, "unauthenticated"), feed(event(1)))
        assert ledgerway("listen", "--count", "1").code == 0

    def test_a_product_that_refuses(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", EVENTS, problem(403, "forbidden"))
        assert ledgerway("listen").code == 4

    def test_patience(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", EVENTS, feed())
        assert ledgerway("listen", "--timeout", "1").code == 0

    def test_ctrl_c_says_where_to_go_on(self, product: Product, tmp_path: Path) -> None:
        product.on("GET", EVENTS, feed(event(1)), feed(last="7.1"))
        environment = os.environ | {"LEDGERWAY_URL": product.url, "LEDGERWAY_STATE_DIR": str(tmp_path)}
        command = [sys.executable, "-m", "gateway.cli.main", "listen"]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        while len(product.requests(EVENTS)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "inv_1" in out
        assert "Go on from there: ledgerway listen --after 7.1" in err


class TestAudit:
    """The audit trail."""

    @pytest.fixture(autouse=True)
    def pages(self, product: Product) -> None:
        def entry(number: int) -> AuditEntry:
            known: dict[str, Any] = dict.fromkeys(AuditEntry.__struct_fields__)
            return AuditEntry(**known | {"id": f"aud_{number}", "request_id": f"req_{number}", "at": AT, "facts": {}})

        first = AuditPage(items=(entry(1), entry(2)), next_cursor="more")
        product.on("GET", AUDIT, first, AuditPage(items=(entry(3),)))

    def test_list(self, ledgerway: Run, product: Product) -> None:
        said = ledgerway("audit", "list", "--limit", "2", "--since", "2026-11-01", "--problem", "forbidden")
        assert [line.split()[0] for line in said.out.splitlines()] == ["REQUEST", "req_1", "req_2"]
        query = product.requests(AUDIT)[0].query
        assert (query["since"], query["problem"]) == (["2026-11-01T00:00:00+00:00"], ["forbidden"])

    def test_export_writes_every_row_once(self, ledgerway: Run, tmp_path: Path) -> None:
        file = tmp_path / "audit.jsonl"
        said = ledgerway("audit", "export", str(file))
        assert (said.code, said.out) == (0, "")
        assert [msgspec.json.decode(line)["id"] for line in file.read_text().splitlines()] == [
            "aud_1",
            "aud_2",
            "aud_3",
        ]
        assert "3 rows" in said.err

    def test_export_to_stdout(self, ledgerway: Run) -> None:
        assert len(ledgerway("audit", "export").out.splitlines()) == 3

    def test_export_overwrites_nothing(self, ledgerway: Run, tmp_path: Path) -> None:
        (tmp_path / "audit.jsonl").write_text("mine")
        assert ledgerway("audit", "export", str(tmp_path / "audit.jsonl")).code == 6
        assert (tmp_path / "audit.jsonl").read_text() == "mine"


class TestExplain:
    """One id."""

    TRACE = Trace(
        subject_id="req_1",
        correlation_ids=("c0ffee",),
        items=(
            Happening(
                at=AT,
                kind="request",
                id="req_1",
                what="invoice_readiness.draft",
                outcome="409 conflict",
                by="ada",
                correlation_id="c0ffee",
            ),
        ),
        more=True,
        as_of=AT,
    )

    def test_tells_the_story(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", "/process/v1/traces/req_1", self.TRACE)
        said = ledgerway("explain", "req_1")
        assert said.code == 0
        for told in ("c0ffee", "invoice_readiness.draft", "409 conflict", "ada"):
            assert told in said.out
        assert "The oldest are left out." in said.err

    def test_ids_of_events_travel_whole(self, ledgerway: Run, product: Product) -> None:
        path = "/process/v1/traces/invoice.posted:inv_1:4"
        product.on("GET", path, self.TRACE)
        assert ledgerway("explain", "invoice.posted:inv_1:4", "--json").code == 0

    def test_what_an_object_is_comes_first(self, ledgerway: Run, product: Product) -> None:
        from tests.unit.gateway.cli.test_looking_up import TRANSACTION

        product.on("GET", "/process/v1/traces/txn_1", self.TRACE)
        product.on("GET", "/process/v1/transactions/txn_1", TRANSACTION)
        assert ledgerway("explain", "txn_1").out.startswith("Transaction ")

    def test_an_object_that_may_not_be_read_has_a_story_still(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", "/process/v1/traces/txn_1", self.TRACE)
        product.on("GET", "/process/v1/transactions/txn_1", problem(403, "forbidden"))
        assert ledgerway("explain", "txn_1").out.startswith("About ")

    def test_nothing_about_it(self, ledgerway: Run) -> None:
        assert ledgerway("explain", "nope").code == 3


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("time.aproved", "did you mean time.approved?"),
        ("invoice.posted", "ledgerway billing post"),
        ("quarter.closed", "there are time.submitted"),
    ],
)
def test_what_cannot_be_triggered(ledgerway: Run, name: str, told: str) -> None:
    said = ledgerway("trigger", name)
    assert said.code == 2
    assert told in said.err


def test_what_others_submit_meanwhile_is_not_taken_for_ones_own() -> None:
    told = [replace(event(n, "time.submitted"), data={"entry": {"ref": f"certinia:time:{n}"}}) for n in (1, 2, 3)]
    assert first_about(told, "certinia:time:2") == told[1]
    assert first_about(told, "certinia:time:9") is None


def test_without_simulated_systems_nothing_is_triggered(ledgerway: Run) -> None:
    assert ledgerway("trigger", "time.approved").code == 7
