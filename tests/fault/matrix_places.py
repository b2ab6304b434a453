"""kill -9 between two halves of one thing, wherever the product has such a place outside the steps of its workflows."""

import threading
from uuid import uuid4

import pytest

from tests.fault.stretches import Stretches
from tests.support.demo import Answer, until
from tests.support.gates import gate
from tests.support.journeys import DEAL, STRETCHES, Stretch, deal_ref
from tests.support.site import Site

PLACES = {
    "the inbox, between the register and its mark": ("inbox", "update", "new.processed_at is not null", "worked"),
    "the relay, between delivery and mark": ("delivered", "insert", "new.subscriber = 'time_posting'", "worked"),
    "the relay to the engine": ("delivered", "insert", "new.subscriber = 'engine'", "onboarded"),
    "a projection, in the middle of its batch": ("finance_transaction", "insert", "new.state = 'queued'", "worked"),
    "the projection of an invoice": ("finance_timeline", "insert", "true", "billed"),
    "the sweep of time, between page and position": ("cursor", "insert", "starts_with(new.feed, 'time:')", "worked"),
    "the gathering of a batch": ("billable_transaction", "update", "new.posting_run_id is not null", "worked"),
    "the start of a run": ("run", "insert", "true", "worked"),
    "the ending of a run": ("run", "update", "new.state = 'completed'", "billed"),
    "the engine's record": (
        "dbos.operation_outputs",
        "insert",
        "new.function_name = 'ensure invoice posted'",
        "billed",
    ),
    "the library's ending": ("dbos.workflow_status", "update", "new.status = 'SUCCESS'", "onboarded"),
    "the sealer": ("audit_seal", "insert", "true", "onboarded"),
}


def stretch_of(name: str) -> Stretch:
    return next(s for s in STRETCHES if s.name == name)


@pytest.mark.parametrize("place", PLACES)
def test_a_worker_killed_at(place: str, stretches: Stretches, site: Site) -> None:
    table, event, when, name = PLACES[place]

    def trouble(site: Site) -> None:
        with gate(site.database_url, table, event, when) as closed:
            stretch_of(name).act(site)
            closed.until_reached(place)
            site.kill("worker")
        site.start("worker")
        if table == "audit_seal":
            unsealed = "select count(*) from audit where position > coalesce((select max(p) from audit_seal, unnest(positions) p), 0)"
            until(lambda: site.one(unsealed) == 0, "the trail to be sealed", 60)

    assert not stretches.disturbed(name, trouble)
    if table == "audit_seal":
        assert verified(site)


def verified(site: Site) -> bool:
    """What `ledgerway audit verify` says."""
    return site.command("audit", "verify").returncode == 0


@pytest.mark.parametrize(
    ("table", "event", "when"),
    [
        ("idempotency", "update", "new.state = 'done'"),
        ("run", "insert", "new.workflow = 'onboarding'"),
        ("audit", "insert", "new.method = 'POST'"),
    ],
)
def test_an_api_killed_between_the_claim_of_a_key_and_its_reply(
    table: str, event: str, when: str, stretches: Stretches
) -> None:
    """The caller repeats with the same key until the lease is over, and there is one run."""

    def trouble(site: Site) -> None:
        deal, key = deal_ref(site, DEAL), f'"{uuid4()}"'
        with gate(site.database_url, table, event, when) as closed:
            unanswered = threading.Thread(target=_ignored, args=(site, deal, key))
            unanswered.start()
            closed.until_reached(f"{table} {event}")
            site.kill("serve")
            unanswered.join()
        site.start("serve")
        assert site.one("select count(*) from run where workflow = 'onboarding'") == 0
        answer = until(lambda: _settled(site, deal, key), "the lease to end", 90, every=1)
        assert answer.status == 202, answer
        again = begin(site, deal, key)
        assert (again.status, again.body["id"]) == (202, answer.body["id"])
        assert again.headers["idempotent-replayed"] == "true"

    assert not stretches.disturbed("onboarded", trouble)


def begin(site: Site, deal: str, key: str) -> Answer:
    body = {"deal_ref": deal}
    return site.api("project-manager", "POST", "/process/v1/onboarding/runs", body, idempotency_key=key)


def _ignored(site: Site, deal: str, key: str) -> None:
    try:
        answer = begin(site, deal, key)
    except OSError:
        return
    raise AssertionError(f"an answer came from a process that was killed: {answer}")


def _settled(site: Site, deal: str, key: str) -> Answer | None:
    answer = begin(site, deal, key)
    if answer.status != 409:
        return answer
    assert answer.headers["retry-after"], answer
    return None
