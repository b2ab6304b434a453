"""The installation the matrices begin from: filled once a test process, put back for each case."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fault.stretches import Stretches
from tests.support import servers as machinery
from tests.support.servers import Servers
from tests.support.site import Site


@pytest.fixture(scope="session")
def site(servers: Servers, worker_id: str) -> Iterator[Site]:
    """Filled with the demo's data; its state is kept as `filled`."""
    number = int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    with tempfile.TemporaryDirectory() as folder:
        made = Site(servers, Path(folder), machinery.redis_database(servers, number))
        try:
            made.fill()
            made.keep("filled")
            yield made
        finally:
            made.stop_all()
            made.remove()


@pytest.fixture(scope="session")
def stretches(site: Site) -> Stretches:
    """What undisturbed stretches of work end with."""
    return Stretches(site)
