"""The main job through plain HTTP alone, on the product as a user starts it: won deal -> project -> time -> posted invoice."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.support import vendors
from tests.support.demo import Demo, demo, until


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo(tmp_path_factory.mktemp("main-job") / "state") as product:
        yield product


@pytest.fixture(scope="module")
def onboarded(running: Demo) -> dict[str, Any]:
    """A seeded won deal, taken to its end."""
    deals = running.api("integration-developer", "GET", "/system/v1/salesforce/deals?limit=200").body["items"]
    deal = next(d for d in deals if d["name"] in vendors.won_deal_names(running, "D-2201"))
    started = running.api("project-manager", "POST", "/process/v1/onboarding/runs", {"deal_ref": deal["ref"]})
    assert started.status == 202, started
    assert started.headers["location"].endswith(started.body["id"])
    run = until(lambda: ended(running, started.body["id"]), "the onboarding run to end", 60)
    assert run["status"] == "completed", run
    return {"deal": deal, "run": run}


def ended(running: Demo, run_id: str) -> Any:
    run = running.api("project-manager", "GET", f"/process/v1/runs/{run_id}").body
    return run if run["status"] not in ("running", "waiting") or run.get("waiting_for", {}) else None


def test_starting_it_again_answers_the_same_run(running: Demo, onboarded: dict[str, Any]) -> None:
    body = {"deal_ref": onboarded["deal"]["ref"]}
    again = running.api("project-manager", "POST", "/process/v1/onboarding/runs", body)
    assert (again.status, again.body["id"]) == (202, onboarded["run"]["id"])


def test_project_is_in_psa_and_erp_with_cross_references(running: Demo, onboarded: dict[str, Any]) -> None:
    project = project_of(running, onboarded)
    assert project["status"] == "active"
    systems = {ref.split(":")[0] for ref in project["refs"]}
    assert {"certinia", "netsuite"} <= systems
    in_psa = vendors.soql(running, "SELECT Id FROM pse__Proj__c WHERE Ext_Id__c = '" + project["id"] + "'")
    assert [f"certinia:project:{row['Id']}" for row in in_psa] == [
        r for r in project["refs"] if r.startswith("certinia")
    ]
    in_erp = vendors.suiteql(running, "SELECT id FROM job WHERE externalid = ?", project["id"])
    assert [f"netsuite:job:{row['id']}" for row in in_erp] == [r for r in project["refs"] if r.startswith("netsuite")]


def project_of(running: Demo, onboarded: dict[str, Any]) -> dict[str, Any]:
    items = running.api("billing-analyst", "GET", "/process/v1/projects?limit=200").body["items"]
    found = next(p for p in items if p.get("opportunity_id") == onboarded["deal"]["ref"])
    got: dict[str, Any] = running.api("billing-analyst", "GET", f"/process/v1/projects/{found['id']}").body
    return got


def test_approved_time_becomes_a_posted_invoice(running: Demo, onboarded: dict[str, Any]) -> None:
    project = project_of(running, onboarded)
    day = max(datetime.now(UTC).date().isoformat(), project["start"])
    entry = vendors.approve_time(running, project["code"], "7.5", day)
    queued = until(lambda: transactions(running, entry.source_ref, "queued"), "the time to be queued", 60)
    assert Decimal(queued[0]["hours"]) == Decimal("7.5")
    assert queued[0]["rating"]["bill_rate"] is not None

    group = until(lambda: group_of(running, queued[0]), "a bill group", 30)
    ready = running.api("billing-analyst", "POST", f"/process/v1/bill-groups/{group}/recheck")
    assert ready.body["status"] in ("ready", "ready_with_warnings"), [
        c for c in ready.body["checks"] if c["status"] == "failed"
    ]
    assert len(ready.body["checks"]) == 32

    wanted = {"acknowledge_warnings": "Agreed with the client."}
    drafted = running.api("billing-analyst", "POST", f"/process/v1/bill-groups/{group}/draft", wanted)
    assert drafted.status == 201, drafted
    invoice = drafted.body
    seen = {"draft_version": invoice["draft_version"]}
    own = running.api("billing-analyst", "POST", f"/process/v1/invoices/{invoice['id']}/approve", seen)
    assert own.status == 403, "the preparer lacks the scope, and the rule of two people"
    approved = running.api("billing-manager", "POST", f"/process/v1/invoices/{invoice['id']}/approve", seen)
    assert approved.status == 200, approved

    posting = running.api("billing-manager", "POST", f"/process/v1/invoices/{invoice['id']}/post")
    assert posting.status == 202, posting
    posted = until(lambda: in_state(running, invoice["id"], "posted"), "the invoice to be posted", 60)
    in_erp = vendors.netsuite_invoice(running, posted["erp_ref"])
    assert Decimal(str(in_erp["total"])) == Decimal(posted["gross"])
    assert in_erp["tranId"] == posted["erp_number"]

    explained = running.api("billing-analyst", "GET", f"/process/v1/explanations/{invoice['id']}").body
    kinds = {link["kind"] for chain in explained["chains"] for link in chain["links"]}
    assert {"invoice_line", "transaction", "rating", "time_entry", "approval", "contract", "deal"} <= kinds
    assert transactions(running, entry.source_ref, "invoiced")


def transactions(running: Demo, source_ref: str, state: str) -> list[dict[str, Any]]:
    path = f"/process/v1/transactions?source_ref={source_ref}&state={state}"
    items: list[dict[str, Any]] = running.api("billing-analyst", "GET", path).body["items"]
    return items


def group_of(running: Demo, transaction: dict[str, Any]) -> str | None:
    found = running.api("billing-analyst", "GET", f"/process/v1/transactions/{transaction['id']}").body
    group: str | None = found["bill_group_id"]
    return group


def in_state(running: Demo, invoice_id: str, state: str) -> dict[str, Any] | None:
    found: dict[str, Any] = running.api("billing-analyst", "GET", f"/process/v1/invoices/{invoice_id}").body
    return found if found["state"] == state else None
