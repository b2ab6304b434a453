"""A vendor takes a write, its answer never comes, and the worker is killed before it can look: every write there is."""

from collections.abc import Callable

import pytest

from tests.fault.stretches import Stretches, Write
from tests.support.demo import request, until
from tests.support.journeys import STRETCHES, Stretch
from tests.support.site import Site


def killed_at_every(stretch: Stretch, writes: tuple[Write, ...]) -> Callable[[Site], None]:
    """The trouble of this matrix: each of these writes loses its answer, and the worker is killed before it can look."""

    def trouble(site: Site) -> None:
        for write in writes:
            path = f"^{write.path}(\\?|$)"
            site.fault(write.system, kind="lost_response", method=write.method, path=path, after=write.earlier)
        stretch.act(site)
        for kills in range(1, len(writes) + 1):
            until(
                lambda wanted=kills: fired(site) >= wanted,
                f"write {kills} of {len(writes)} to lose its answer",
                90,
                every=0.01,
            )
            site.kill("worker")
            site.start("worker")

    return trouble


def fired(site: Site) -> int:
    """How many answers were lost so far."""
    fired = [f for url in site.systems.values() for f in request("GET", f"{url}/_sandbox/faults").body["fired"]]
    return sum(fault["kind"] == "lost_response" for fault in fired)


@pytest.mark.parametrize("name", [s.name for s in STRETCHES])
def test_a_worker_killed_whenever_a_vendor_s_answer_is_lost(name: str, stretches: Stretches) -> None:
    known = stretches.undisturbed(name)
    if not known.writes:
        pytest.skip("no vendor takes a write of it")
    print(f"{name}: {len(known.writes)} kills")
    found = stretches.disturbed(name, killed_at_every(known.stretch, known.writes))
    assert not found, f"{known.writes}:\n" + "\n".join(found)
