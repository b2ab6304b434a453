"""What the front door costs: requests through the whole chain of policies, against the same operation on a bare litestar application.

Both run on one core with one process; the load generator and PostgreSQL (fsync on) have the other one. Rounds of both alternate, and the
median of the rounds counts. Ratios are of processor time, which a busy machine disturbs least.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from runtime.data.embedded import EmbeddedServers, erase
from runtime.data.migrate import migrate
from tests.bench.figures import Figure
from tests.bench.load import KEY
from tests.bench.processes import Round, Server, http_request, postmaster, serving

ROUNDS, SECONDS = 5, 2
BODY = b'{"severity":"blocking","hours_to_cutoff":"36","amount_at_risk":"120000.00"}'
GOALS = {"GET": 1.4, "POST": 1.8, "POST with effects": 1.0}


def measure() -> list[Figure]:
    """The figures of this file."""
    with _gateway() as (gateway, token), serving("litestar") as bare:
        return [figure for name in GOALS for figure in _compared(name, gateway, token, bare)]


@contextmanager
def _gateway() -> Iterator[tuple[Server, str]]:
    folder = Path(tempfile.mkdtemp(prefix="ledgerway-bench-"))
    state = folder / "state"
    with EmbeddedServers(state) as addresses:
        migrate(addresses.database_url)
        database = postmaster(addresses.database_url)
        with serving(
            "gateway", str(folder), database=database, LEDGERWAY_DATABASE_URL=addresses.database_url
        ) as server:
            yield server, (folder / "token").read_text()
    erase(state)
    shutil.rmtree(folder)


def _requests(name: str, token: str) -> tuple[bytes, bytes]:
    headers = {"authorization": f"Bearer {token}"}
    if name == "GET":
        return http_request("GET", "/process/v1/bench/summary", headers), http_request("GET", "/summary", {})
    bare = http_request("POST", "/priorities", {}, BODY)
    if name == "POST":
        return http_request("POST", "/process/v1/calculators/alert.priority", headers, BODY), bare
    keyed = headers | {"idempotency-key": f'"{KEY.decode()}"'}
    return http_request("POST", "/process/v1/bench/kept-priorities", keyed, BODY), bare


def _compared(name: str, gateway: Server, token: str, bare: Server) -> Iterator[Figure]:
    ours, theirs = _requests(name, token)
    gateway.loaded(ours, seconds=1)
    bare.loaded(theirs, seconds=1)
    pairs = [(gateway.loaded(ours, seconds=SECONDS), bare.loaded(theirs, seconds=SECONDS)) for _ in range(ROUNDS)]
    cpu, reference = (_median(rounds, "cpu_us") for rounds in zip(*pairs, strict=True))
    rate = _median([mine for mine, _ in pairs], "per_s")
    half = gateway.loaded(ours, seconds=SECONDS, rate=round(rate / 2))
    yield Figure(
        name=f"gateway: {name}",
        value=median(b.cpu_us / a.cpu_us for a, b in pairs),
        unit="x bare litestar",
        at_least=GOALS[name],
        facts={
            "cpu_us": round(cpu, 1),
            "litestar_cpu_us": round(reference, 1),
            "postgres_cpu_us": round(_median([mine for mine, _ in pairs], "database_us"), 1),
            "per_s": round(rate),
            "litestar_per_s": round(_median([bare for _, bare in pairs], "per_s")),
        },
    )
    yield Figure(
        name=f"gateway: {name}, p99 / p50 at half load",
        value=half.outcome.p99_us / half.outcome.p50_us,
        unit="x p50",
        at_most=3.0,
        facts={"p50_us": half.outcome.p50_us, "p99_us": half.outcome.p99_us, "per_s": round(rate / 2)},
    )


def _median(rounds: "list[Round] | tuple[Round, ...]", name: str) -> float:
    return median(getattr(one, name) for one in rounds)
