"""kill -9 of the worker in the middle of an onboarding and of a posting, with the vendor's answer lost: the end is the same."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.support import vendors
from tests.support.demo import Demo, demo, request, until


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo(tmp_path_factory.mktemp("crash") / "state") as product:
        yield product


def kill_worker_once_fired(running: Demo, system: str) -> None:
    """As soon as the vendor has acted and its answer is lost, the worker dies; the supervisor starts another."""
    url = f"{running.systems[system]}/_sandbox/faults"
    until(lambda: request("GET", url).body["fired"], "the fault to fire", 60, every=0.02)
    pid = running.children()["worker"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: running.children().get("worker") not in (None, pid), "a new worker", 30)
    assert request("DELETE", url).status == 204


def onboard(running: Demo, code: str) -> dict[str, Any]:
    deals = running.api("integration-developer", "GET", "/system/v1/salesforce/deals?limit=200").body["items"]
    deal = next(d for d in deals if d["name"] in vendors.won_deal_names(running, code))
    started = running.api("project-manager", "POST", "/process/v1/onboarding/runs", {"deal_ref": deal["ref"]})
    assert started.status == 202, started
    return {"deal": deal, "run_id": started.body["id"]}


def completed(running: Demo, run_id: str) -> dict[str, Any] | None:
    run: dict[str, Any] = running.api("integration-developer", "GET", f"/process/v1/runs/{run_id}").body
    return run if run["status"] == "completed" else None


def project_of(running: Demo, deal_ref: str) -> dict[str, Any]:
    items = running.api("billing-analyst", "GET", "/process/v1/projects?limit=200").body["items"]
    (found,) = [p for p in items if p.get("opportunity_id") == deal_ref]
    got: dict[str, Any] = running.api("billing-analyst", "GET", f"/process/v1/projects/{found['id']}").body
    return got


@pytest.mark.parametrize(
    ("code", "system", "method", "path"),
    [
        ("D-2201", "salesforce", "POST", "/services/apexrest/ledgerway/v1/projects.*"),
        ("D-2204", "netsuite", "PUT", "/services/rest/record/v1/job/.*"),
    ],
)
def test_onboarding_survives(running: Demo, code: str, system: str, method: str, path: str) -> None:
    running.fault(system, kind="lost_response", method=method, path=path)
    begun = onboard(running, code)
    kill_worker_once_fired(running, system)
    until(lambda: completed(running, begun["run_id"]), "the run to complete", 90)

    project = project_of(running, begun["deal"]["ref"])
    opportunity = begun["deal"]["ref"].rsplit(":", 1)[1]
    in_psa = vendors.soql(running, f"SELECT Id FROM pse__Proj__c WHERE pse__Opportunity__c = '{opportunity}'")
    assert [f"certinia:project:{row['Id']}" for row in in_psa] == [
        r for r in project["refs"] if r.startswith("certinia:project")
    ]
    in_erp = vendors.suiteql(running, "SELECT id FROM job WHERE externalid = ?", project["id"])
    assert [f"netsuite:job:{row['id']}" for row in in_erp] == [
        r for r in project["refs"] if r.startswith("netsuite:job")
    ]
    demands = vendors.soql(
        running, f"SELECT Id, Ext_Id__c FROM pse__Resource_Request__c WHERE pse__Project__c = '{in_psa[0]['Id']}'"
    )
    assert len({d["Ext_Id__c"] for d in demands}) == len(demands) == len(begun["deal"]["roles"])
    contracts = running.api("billing-analyst", "GET", "/process/v1/contracts?limit=200").body["items"]
    assert len([c for c in contracts if c.get("opportunity_id") == begun["deal"]["ref"]]) == 1


def test_invoice_posting_survives(running: Demo) -> None:
    begun = onboard(running, "D-2201")
    until(lambda: completed(running, begun["run_id"]), "the deal to be onboarded", 60)
    project = project_of(running, begun["deal"]["ref"])
    day = max(datetime.now(UTC).date().isoformat(), project["start"])
    invoice = approved_invoice(running, vendors.approve_time(running, project["code"], "6", day).source_ref)

    running.fault("netsuite", kind="lost_response", method="PUT", path="/services/rest/record/v1/invoice/.*")
    posting = running.api("billing-manager", "POST", f"/process/v1/invoices/{invoice['id']}/post")
    assert posting.status == 202, posting
    kill_worker_once_fired(running, "netsuite")
    until(lambda: completed(running, posting.body["id"]), "the posting run to complete", 90)

    key = f"post:{invoice['id']}:{invoice['draft_version']}"
    (in_erp,) = vendors.suiteql(running, "SELECT id FROM transaction WHERE externalid = ?", key)
    posted = running.api("billing-manager", "GET", f"/process/v1/invoices/{invoice['id']}").body
    assert (posted["state"], posted["erp_ref"]) == ("posted", f"netsuite:invoice:{in_erp['id']}")
    record = vendors.netsuite_invoice(running, posted["erp_ref"])
    assert Decimal(str(record["total"])) == Decimal(posted["gross"])
    assert len(record["item"]["items"]) == len(posted["lines"])


def approved_invoice(running: Demo, source_ref: str) -> dict[str, Any]:
    path = f"/process/v1/transactions?source_ref={source_ref}&state=queued"
    (transaction,) = until(
        lambda: [t for t in running.api("billing-analyst", "GET", path).body["items"] if t["bill_group_id"]],
        "the time to be queued in a bill group",
        90,
    )
    group = f"/process/v1/bill-groups/{transaction['bill_group_id']}"
    assert running.api("billing-analyst", "POST", f"{group}/recheck").status == 200
    wanted = {"acknowledge_warnings": "Agreed with the client."}
    drafted = running.api("billing-analyst", "POST", f"{group}/draft", wanted)
    assert drafted.status == 201, drafted
    seen = {"draft_version": drafted.body["draft_version"]}
    approved = running.api("billing-manager", "POST", f"/process/v1/invoices/{drafted.body['id']}/approve", seen)
    assert approved.status == 200, approved
    found: dict[str, Any] = approved.body
    return found
