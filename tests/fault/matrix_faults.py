"""Every fault switch of the simulated systems against onboarding, posting of time and posting of invoices.

What may come of it: the same end as without trouble, reached by itself; or an open exception that names code, owner and
amount, after whose cause is gone and which somebody has settled the vendors hold what they hold without trouble. Never
silence. A switch that has nothing to bite on in a flow must not fire there: the table says which.
"""

from collections.abc import Callable
from typing import Any

import pytest

from runtime.http.faults import KINDS
from tests.fault.stretches import Stretches
from tests.support import books
from tests.support.demo import request, until
from tests.support.journeys import STRETCHES
from tests.support.site import Site

PROJECT, DEMAND, SHELL = "/apexrest/.*projects", "/sobjects/pse__Resource_Request__c/", "/record/v1/job/"
LINES, INVOICE = "/record/v1/timeBill", "/record/v1/invoice"
ORG, ERP = "salesforce", "netsuite"
QUERY = "/query"

# Where each flow is hit: the writes it lives by.
_WRITES = {
    "onboarded": ((ORG, "POST", PROJECT), (ORG, "PATCH", DEMAND), (ERP, "PUT", SHELL)),
    "worked-twice": ((ERP, None, LINES), (ORG, "PATCH", "/composite/sobjects")),
    "billed": ((ERP, "PUT", INVOICE),),
}
_READS = {
    "onboarded": ((ORG, "GET", QUERY), (ERP, "PUT", SHELL)),
    "worked-twice": ((ORG, "GET", QUERY), (ERP, None, LINES)),
    "billed": ((ERP, None, INVOICE),),
}
_LISTS = {
    "onboarded": ((ORG, "GET", QUERY),),
    "worked-twice": ((ORG, "GET", QUERY),),
    "billed": ((ERP, None, INVOICE),),
}
_JOBS = {"onboarded": ((ERP, None, SHELL),), "worked-twice": ((ERP, None, LINES),), "billed": ((ERP, None, INVOICE),)}
_AIMS: dict[str, Any] = dict.fromkeys(KINDS, _WRITES) | {
    "late_index": _READS,
    "page_shift": _LISTS,
    "slow_job": _JOBS,
}
_MORE: dict[str, dict[str, Any]] = {
    "too_many": {"times": 2}, "too_many with Retry-After": {"times": 2, "retry_after": 2}, "server_error": {"times": 2},
    "timeout": {"delay_s": 1, "times": 2}, "lost_response": {"times": 2}, "late_index": {"delay_s": 4}, "slow_job": {"delay_s": 4},
    "duplicate": {}, "closed_period": {"times": 3}, "lock": {"times": 2},
}  # fmt: skip
# No asynchronous job, no page after the first, no accounting period is met there.
ABSENT = {("slow_job", "onboarded"), ("slow_job", "billed"), ("page_shift", "billed")}
CASES = [(kind, flow) for kind in (*KINDS, "too_many with Retry-After") for flow in _WRITES]
_OPEN = """
select id, code, owner_role, amount_at_risk, currency, run_id, created_at from business_exception
where state in ('open', 'acknowledged', 'in_progress')
"""


@pytest.mark.parametrize(("kind", "flow"), CASES)
def test_it_recovers_or_names_who_is_asked(kind: str, flow: str, stretches: Stretches, site: Site) -> None:
    known = stretches.undisturbed(flow)
    site.restore(known.stretch.begins)
    with site.running():
        earlier = {row[0] for row in site.rows(_OPEN)}
        arm(site, kind, flow)
        known.stretch.act(site)
        asked = until(lambda: outcome(site, known.stretch.over, earlier), f"{flow} to end or to ask somebody", 150)
        fired = [f for system in (ORG, ERP) for f in switches(site, system)["fired"]]
        assert bool(fired) is ((kind, flow) not in ABSENT), fired
        if asked != "over":
            for code, owner, amount in asked:
                assert owner, f"{code} has no owner"
                assert amount is not None, f"{code} has no amount"
            clear(site)
        recover(site, known.stretch.over, earlier)
        known.stretch.finish(site)
    ended = books.state(site)
    found = known.differences(ended) if asked == "over" else known.differences(ended, books.vendors)
    assert not found, f"{asked}:\n" + "\n".join(found)


def arm(site: Site, kind: str, flow: str) -> None:
    """The switch, on every request of the flow that it may bite."""
    switch = kind.partition(" ")[0]
    for system, method, path in _AIMS[switch][flow]:
        site.fault(system, kind=switch, path=path, **({"method": method} if method else {}), **_MORE.get(kind, {}))


def switches(site: Site, system: str) -> dict[str, Any]:
    """What is armed and what fired."""
    found: dict[str, Any] = request("GET", f"{site.systems[system]}/_sandbox/faults").body
    return found


def clear(site: Site) -> None:
    """The cause is gone."""
    for system in (ORG, ERP):
        request("DELETE", f"{site.systems[system]}/_sandbox/faults")


def outcome(site: Site, over: Callable[[Site], Any], earlier: set[str]) -> Any:
    """`over`, or the exceptions that wait for somebody and did not wait before: (code, owner, amount)."""
    asked = [(code, owner, amount) for key, code, owner, amount, *_ in site.rows(_OPEN) if key not in earlier]
    return asked or ("over" if over(site) else None)


def recover(site: Site, over: Callable[[Site], Any], earlier: set[str]) -> None:
    """Whoever is asked settles it, until the work is over and nothing more is open than before."""

    def settled() -> bool:
        waiting = [row for row in site.rows(_OPEN) if row[0] not in earlier]
        for exception_id, _, _, _, _, run_id, _ in waiting:
            if run_id is not None:
                site.api("integration-developer", "POST", f"/process/v1/runs/{run_id}/resume", {"reason": "Seen to."})
            else:
                path = f"/process/v1/exceptions/{exception_id}/resolve"
                site.api("finance-controller", "POST", path, {"note": "Seen to."})
        return bool(not waiting and over(site))

    until(settled, "what was asked to be settled", 120, every=1)


def test_every_switch_meets_every_flow() -> None:
    assert {kind.partition(" ")[0] for kind, _ in CASES} == set(KINDS)
    assert {flow for _, flow in CASES} <= {s.name for s in STRETCHES}
