"""What keeps invoices from the ERP, as banners."""

from datetime import timedelta
from typing import Any

from contracts.experience.finance_dashboard import Freshness
from contracts.process.runs import RunView, WaitingFor
from experience_apis.portal.billing_waiting import away
from tests.support.clock import NOON


def run(number: int, **waiting: Any) -> RunView:
    return RunView(
        id=f"run_{number}",
        workflow="post_invoice",
        key=f"post:{number}",
        status="waiting",
        waiting_for=WaitingFor(step="ensure invoice", **waiting),
        created_at=NOON,
        updated_at=NOON,
        version=1,
        correlation_id="c",
    )


def read(port: str, minutes: int | None, stale: bool = True) -> Freshness:
    at = None if minutes is None else NOON - timedelta(minutes=minutes)
    return Freshness(system="netsuite", name="Oracle NetSuite", port=port, read_at=at, stale=stale, limit_s=1800)


def test_nothing_waits_and_nothing_is_old() -> None:
    assert away([], (read("erp", 1, stale=False),), NOON) == []


def test_an_erp_that_does_not_answer_is_an_alert_with_what_is_held_and_when_it_is_tried_again() -> None:
    at = NOON + timedelta(minutes=15)
    waiting = [run(n, kind="retry", retry_at=at, detail="NetSuite did not answer in 12.4 s.") for n in range(9)]
    (found,) = away(waiting, (), NOON)
    assert (found["role"], found["said"], found["again"]) == ("alert", "NetSuite did not answer in 12.4 s.", True)
    assert found["then"] == "Nothing was lost: 9 invoices wait, tried again at 12:15 UTC."
    assert found["runs"] == ("run_0", "run_1", "run_2")


def test_what_needs_a_person_is_said_apart() -> None:
    (found,) = away([run(1, kind="person", exception_id="exc_1")], (), NOON)
    assert (found["kind"], found["said"]) == ("warn", "1 invoice is held and needs a person.")


def test_an_old_copy_is_stamped_and_other_systems_do_not_matter_here() -> None:
    (found,) = away([], (read("erp", 180), read("hcm", 999)), NOON)
    assert found["said"] == "ERP (Oracle NetSuite) was last read 3 h ago."
    assert found["then"] == "Showing the last copy from 20 Nov 09:00 UTC. Ledgerway keeps asking."
    (never,) = away([], (read("billing", None),), NOON)
    assert never["said"] == "Billing (Oracle NetSuite) was never read."
