"""What every suite may ask for: a database of its own, a Redis database, a clock that stands still."""

import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest
import redis
from hypothesis import HealthCheck, settings

from runtime.data.database import Database
from tests.support import servers as machinery
from tests.support.clock import FixedClock
from tests.support.servers import Servers

# Many people share a machine: properties are about answers, not about the time a busy processor takes for them.
# The suite tries the same inputs every time, so that its result says something about the commit; `make explore` tries others.
suite = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("suite", suite)
settings.register_profile("explore", suite, derandomize=False, max_examples=2_000)
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    # A job in the background of a script has Ctrl-C ignored, and so would have every process that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        machinery.take_addresses()
        machinery.reserve_folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and machinery.FOLDER in os.environ:
        machinery.stop()


@pytest.fixture(scope="session")
def servers() -> Servers:
    """PostgreSQL and a Redis-protocol server, shared by the whole run."""
    return machinery.servers()


@pytest.fixture
def database_url(servers: Servers) -> Iterator[str]:
    """A migrated, empty database for this test alone."""
    url = machinery.clone(servers)
    yield url
    machinery.drop(servers, url)


@pytest.fixture(scope="module")
def module_database_url(servers: Servers) -> Iterator[str]:
    """A migrated, empty database shared by the tests of a module."""
    url = machinery.clone(servers)
    yield url
    machinery.drop(servers, url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A pool on this test's own database."""
    opened = await Database.connect(database_url, application_name="tests", max_size=8)
    yield opened
    await opened.close()


@pytest.fixture
def redis_url(servers: Servers, worker_id: str) -> str:
    """An empty Redis database; nobody else uses it while the test runs."""
    number = int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    url = machinery.redis_database(servers, number)
    with redis.Redis.from_url(url, protocol=2) as client:
        client.flushdb()
    return url


@pytest.fixture
def clock() -> FixedClock:
    """Stands at 2026-11-20 12:00 UTC until moved."""
    return FixedClock()
