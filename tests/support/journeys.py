"""The work whose end must be the same whatever breaks on the way: stretches of the main job, each from a kept state."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

from tests.support import vendors
from tests.support.demo import Demo, until
from tests.support.site import Site

DEAL, GIVEN_UP_DEAL = "D-2201", "D-2204"
_DEMAND = "/sobjects/pse__Resource_Request__c/Ext_Id__c/"
# With any tax its gross is below the seeded limit of 50 000.
_BELOW_THE_LIMIT = Decimal(40_000)
_DIRTY = "select id from bill_group where dirty_since is not null"


class Stretch(Struct, frozen=True):
    """`act` begins the work, which then goes on by itself; it is over when the site is quiet and `over` says so.

    `begins` is the kept state it starts from, the name is the state that is kept at its end.
    """

    name: str
    begins: str
    act: Callable[[Site], None]
    over: Callable[[Site], Any]

    def finish(self, site: Site) -> None:
        """Until its end is reached."""
        until(lambda: self.over(site), f"the end of {self.name}", 150)
        site.until_quiet()
        for (group,) in site.rows(_DIRTY):
            site.api("billing-analyst", "POST", f"/process/v1/bill-groups/{group}/recheck")
        site.until_quiet()


def onboard(site: Site) -> None:
    """A won deal."""
    _start(site, DEAL)


def onboard_countries(site: Site) -> None:
    """A won deal that is delivered in two countries."""
    deal = deal_ref(site, DEAL)
    vendors.change_in_org(site, "Opportunity", deal.rsplit(":", 1)[1], Delivery_Countries__c="US;DE")
    _start(site, DEAL)


def give_up(site: Site) -> None:
    """A won deal whose second demand the PSA does not take; somebody cancels the run, and all is undone."""
    site.fault("salesforce", kind="server_error", method="PATCH", path=_DEMAND, after=1, times=1000)
    run_id = _start(site, GIVEN_UP_DEAL)
    _cancel_waiting(site, run_id)


def give_up_country(site: Site) -> None:
    """A deal of two countries, one of which needs people whom the PSA does not take: it is given up, the other goes on."""
    deal = deal_ref(site, GIVEN_UP_DEAL)
    vendors.change_in_org(site, "Opportunity", deal.rsplit(":", 1)[1], Delivery_Countries__c="US;DE")
    site.fault("salesforce", kind="server_error", method="PATCH", path=_DEMAND, after=1, times=1000)
    _start(site, GIVEN_UP_DEAL)
    stuck = "select id from run where parent_id is not null and waiting_for->>'step' = 'publish demand'"
    ((run_id,),) = until(lambda: site.rows(stuck), "the run of a country to wait", 60)
    _cancel_waiting(site, run_id)


def work(site: Site) -> None:
    """A day of approved time on the onboarded project."""
    project, today = _project(site), datetime.now(UTC).date().isoformat()
    with site.paused("worker"):  # it sees the day approved, not on its way there
        vendors.approve_time(site, project["code"], "6", max(today, project["start"]))
        site.mark()


def work_twice(site: Site) -> None:
    """Two days of approved time: the ERP takes them as one asynchronous batch."""
    project, today = _project(site), datetime.now(UTC).date()
    with site.paused("worker"):
        for hours, on in (("6", today), ("3", today - timedelta(days=1))):
            vendors.approve_time(site, project["code"], hours, on.isoformat())
        site.mark()


def correct(site: Site) -> None:
    """Fewer hours for the day that stands in the ERP."""
    with site.paused("worker"):
        vendors.correct_time(site, _worked(site), "4.5")
        site.mark()


def reprice(site: Site) -> None:
    """A price of the project for the role that worked, which beats the one its time was rated at."""
    ((project, role),) = site.rows(
        "select project_id, body->>'role_code' from billable_transaction where source_ref = %s", _worked(site)
    )
    site.mark()
    card = {
        "name": "Agreed anew", "scope": "project_role", "scope_ref": {"project_id": project}, "currency": "USD",
        "effective_from": datetime.now(UTC).date().isoformat(), "lines": [{"role_code": role, "rate": "220.0000"}],
    }  # fmt: skip
    made = site.api("billing-manager", "POST", "/process/v1/rate-cards", card)
    assert made.status == 201, made
    for persona, command in (("billing-manager", "submit"), ("finance-controller", "approve")):
        done = site.api(persona, "POST", f"/process/v1/rate-cards/{made.body['id']}/{command}")
        assert done.status == 200, done


def bill(site: Site) -> None:
    """Recheck, draft and approve what was worked, and post it."""
    post(site, approved(site))


def give_up_posting(site: Site) -> None:
    """The ERP does not take the invoice, and somebody cancels its run."""
    site.fault("netsuite", kind="server_error", method="PUT", path="/record/v1/invoice/", times=1000)
    _cancel_waiting(site, post(site, approved(site)))


def approved(site: Site) -> dict[str, Any]:
    """The invoice over what was worked, approved."""
    ((group,),) = site.rows("select bill_group_id from billable_transaction where source_ref = %s", _worked(site))
    site.mark()
    checked = site.api("billing-analyst", "POST", f"/process/v1/bill-groups/{group}/recheck")
    assert checked.status == 200, checked
    return approved_invoice(site, group)


def ready_groups(running: Demo) -> list[dict[str, Any]]:
    """Bill groups that can be billed, whose invoices a billing manager may approve."""
    found = running.api("billing-analyst", "GET", "/process/v1/bill-groups?state=ready&limit=50").body
    return [group for group in found["items"] if Decimal(group["net_amount"]) < _BELOW_THE_LIMIT]


def approved_invoice(running: Demo, group: str) -> dict[str, Any]:
    """Drafted by one person, approved by another."""
    path, reason = f"/process/v1/bill-groups/{group}/draft", {"acknowledge_warnings": "Agreed with the client."}
    drafted = running.api("billing-analyst", "POST", path, reason)
    assert drafted.status == 201, drafted
    seen = {"draft_version": drafted.body["draft_version"]}
    done = running.api("billing-manager", "POST", f"/process/v1/invoices/{drafted.body['id']}/approve", seen)
    assert done.status == 200, done
    found: dict[str, Any] = done.body
    return found


def post(running: Demo, invoice: dict[str, Any]) -> str:
    """Ask for its posting; the run's id."""
    asked = running.api("billing-manager", "POST", f"/process/v1/invoices/{invoice['id']}/post")
    assert asked.status == 202, asked
    return str(asked.body["id"])


def posted(running: Demo, invoice_id: str) -> dict[str, Any] | None:
    """The invoice once the ERP has it."""
    found: dict[str, Any] = running.api("billing-analyst", "GET", f"/process/v1/invoices/{invoice_id}").body
    return found if found["state"] == "posted" else None


def _ended(workflow: str, state: str) -> Callable[[Site], Any]:
    sql = "select count(*) from run where workflow = %s and state = %s"
    return lambda site: site.one(sql, workflow, state)


def _queued(hours: str) -> Callable[[Site], Any]:
    sql = """select count(*) from billable_transaction t where source_ref = %s and state = 'queued' and hours = %s
             and not exists (select from run where workflow = 'reverse_time' and state <> 'completed')"""
    return lambda site: site.one(sql, _worked(site), hours) if _worked(site) else None


def _repriced(site: Site) -> Any:
    sql = """select count(*) from billable_transaction where source_ref = %s and state = 'queued' and amount = 1320
             and not exists (select from run where workflow in ('reverse_time', 'rerate_time') and state <> 'completed')"""
    return site.one(sql, _worked(site))


def _both_queued(site: Site) -> Any:
    sql = """select count(*) = 2 from billable_transaction t join project p on p.id = t.project_id
             where t.state = 'queued' and p.body->>'opportunity_id' = %s"""
    return site.one(sql, deal_ref(site, DEAL))


STRETCHES = (
    Stretch("onboarded", "filled", onboard, _ended("onboarding", "completed")),
    Stretch("in-two-countries", "filled", onboard_countries, _ended("onboarding", "completed")),
    Stretch("given-up", "filled", give_up, _ended("onboarding", "compensated")),
    Stretch("country-given-up", "filled", give_up_country, _ended("onboarding", "completed")),
    Stretch("worked", "onboarded", work, _queued("6")),
    Stretch("worked-twice", "onboarded", work_twice, _both_queued),
    Stretch("corrected", "worked", correct, _queued("4.5")),
    Stretch("repriced", "worked", reprice, _repriced),
    Stretch("billed", "worked", bill, _ended("post_invoice", "completed")),
    Stretch("posting-given-up", "worked", give_up_posting, _ended("post_invoice", "compensated")),
)


def deal_ref(site: Site, code: str) -> str:
    deals = site.api("integration-developer", "GET", "/system/v1/salesforce/deals?limit=200").body["items"]
    names = vendors.won_deal_names(site, code)
    return str(next(d["ref"] for d in deals if d["name"] in names))


def _start(site: Site, code: str) -> str:
    site.mark()
    started = site.api("project-manager", "POST", "/process/v1/onboarding/runs", {"deal_ref": deal_ref(site, code)})
    assert started.status == 202, started
    return str(started.body["id"])


def _cancel_waiting(site: Site, run_id: str) -> None:
    waits = "select count(*) from run where id = %s and state = 'waiting'"
    until(lambda: site.one(waits, run_id), "the run to wait", 60)
    site.mark()
    body = {"reason": "The client withdrew."}
    cancelled = site.api("integration-developer", "POST", f"/process/v1/runs/{run_id}/cancel", body)
    assert cancelled.status in (200, 202), cancelled


def _project(site: Site) -> dict[str, Any]:
    sql = "select body from project where body->>'opportunity_id' = %s"
    return dict(site.one(sql, deal_ref(site, DEAL)))


def _worked(site: Site) -> str:
    """The entry that was approved on the onboarded project."""
    sql = "select source_ref from time_entry where project_id = (select id from project where body->>'opportunity_id' = %s)"
    found = site.rows(sql, deal_ref(site, DEAL))
    return str(found[0][0]) if found else ""
