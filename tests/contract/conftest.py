"""One whole installation for all tests of a worker process that ask a gateway."""

from collections.abc import Iterator

import pytest

from tests.support import servers as machinery
from tests.support.installation import Installation, installation
from tests.support.servers import Servers


@pytest.fixture(scope="session")
def installed(servers: Servers, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The whole surface over a database of its own, seeded; tests may write but take nothing for granted."""
    number = int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    url = machinery.clone(servers)
    with installation(url, machinery.redis_database(servers, number), tmp_path_factory.mktemp("installed")) as running:
        yield running
    machinery.drop(servers, url)
