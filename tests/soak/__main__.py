"""`python -m tests.soak --minutes 20 [--seed 7]`: the product as a user starts it, people at work, everything breaking, and
the books at the end.

The seed decides what people and trouble do; when it meets what, processes and sockets decide. Exit code 0 when every
control holds, 1 with what does not.
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import psycopg

from runtime.connections import Connections
from runtime.data.database import Database
from runtime.data.embedded import running
from runtime.ports import Ports
from runtime.services import Services
from runtime.settings import Settings
from tests.soak.controls import Outcome, examine, summed
from tests.soak.people import People
from tests.soak.trouble import Trouble
from tests.support.demo import Demo, demo
from tests.support.site import BUSY

_PEOPLE_S, _TROUBLE_S = (0.2, 1.2), (2.0, 8.0)
_SETTLED_WITHIN_S = 900
_WAITING = "select id from run where state = 'waiting'"
_OPEN_INVOICES = (
    "select id, state, draft_version from invoice where state in ('draft', 'in_review', 'approved', 'post_failed')"
)
_ON_ITS_WAY = """
select (select count(*) from invoice where state in ('draft', 'in_review', 'approved', 'posting', 'post_failed'))
     + (select count(*) from business_exception where code in ('INVOICE_LOCKED', 'ALREADY_INVOICED')
        and state in ('open', 'acknowledged', 'in_progress'))
     + (select count(*) from feed where feed = 'time' and read_at < %s)
"""
_COUNTS = {
    "time entries": "select count(*) from time_entry",
    "entry versions": "select sum(version) from time_entry",
    "approved hours": "select sum(hours) from time_entry where status = 'approved'",
    "transactions": "select count(*) from billable_transaction",
    "of them reversed": "select count(*) from billable_transaction where state = 'reversed'",
    "invoices posted": "select count(*) from invoice where state = 'posted'",
    "runs completed": "select count(*) from run where state = 'completed'",
    "deals onboarded": "select count(*) from run where workflow = 'onboarding' and state = 'completed'",
    "events published": "select count(*) from outbox",
    "deliveries": "select count(*) from inbox",
}
_LETTERS = "select subscriber, event_id, error->>'detail' from dead_letter"
_WAITS = "select workflow, id, waiting_for from run where state in ('running', 'waiting', 'compensating') limit 20"


def main() -> int:
    """Parse, soak, report."""
    parser = argparse.ArgumentParser(prog="tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="how long things break (20)")
    parser.add_argument("--seed", type=int, default=None, help="what people and trouble do (any)")
    parser.add_argument("--keep", type=Path, default=None, help="state directory to use and to keep")
    given = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    print(f"seed {seed}, {given.minutes:g} minutes", flush=True)
    with tempfile.TemporaryDirectory(prefix="ledgerway-soak-") as folder:
        return soak(given.keep or Path(folder) / "state", given.minutes, seed)


def soak(state_dir: Path, minutes: float, seed: int) -> int:
    """From the start of the product to the report; the exit code."""
    with demo(state_dir) as product:
        people = People(product, Random(f"{seed}:people"))
        trouble = Trouble(product, Random(f"{seed}:trouble"))
        trouble.start_second()
        began = time.monotonic()
        with repeated(people.act, Random(f"{seed}:pace"), _PEOPLE_S), repeated(trouble.act, Random(seed), _TROUBLE_S):
            while time.monotonic() - began < minutes * 60:
                time.sleep(5)
                assert product.process.poll() is None, f"the supervisor ended: {product.said[-2000:]}"
        trouble.stop()
        print(f"trouble over after {time.monotonic() - began:.0f} s; settling", flush=True)
        settled = settle(product, people)
        outcome = asyncio.run(examined(product))
        return report(product, people, trouble, outcome, settled, seed)


@contextmanager
def repeated(act: Callable[[], None], dice: Random, pause_s: tuple[float, float]) -> Iterator[None]:
    """In a thread, with pauses, until the block ends. Raises what it raised."""
    over, raised = threading.Event(), list[BaseException]()

    def loop() -> None:
        try:
            while not over.wait(dice.uniform(*pause_s)):
                act()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if raised:
        raise raised[0]


def settle(product: Demo, people: People) -> bool:
    """People finish what they began: runs are resumed, approved invoices posted, drafts discarded. False when the product
    does not come to rest."""
    stopped = rows(product, "select now()")[0][0]
    ends = time.monotonic() + _SETTLED_WITHIN_S
    while time.monotonic() < ends:
        for (run_id,) in rows(product, _WAITING):
            people.ask(
                "integration-developer", f"/process/v1/runs/{run_id}/resume", {"reason": "The systems answer again."}
            )
        for invoice_id, state, version in rows(product, _OPEN_INVOICES):
            finish(people, {"id": invoice_id, "state": state, "draft_version": version})
        if quiet(product, stopped):
            time.sleep(12)  # a sweep of the time tool
            if quiet(product, stopped):
                return True
        time.sleep(5)
    return False


def finish(people: People, invoice: dict[str, object]) -> None:
    """Posted when it was approved, discarded otherwise."""
    path = f"/process/v1/invoices/{invoice['id']}"
    if invoice["state"] == "approved":
        people.ask("billing-manager", f"{path}/post")
    elif invoice["state"] == "post_failed":
        people.ask("billing-manager", f"{path}/unapprove", {"reason": "Not posted."})
    else:
        people.ask("billing-analyst", f"{path}/cancel", {"reason": "Not this month."})


def quiet(product: Demo, since: object) -> bool:
    """Nothing moves, and the time tool was read since."""
    return bool(rows(product, BUSY)[0][0] == 0 and rows(product, _ON_ITS_WAY, since)[0][0] == 0)


def rows(product: Demo, sql: str, *values: object) -> list[tuple[object, ...]]:
    """Rows of a query on the product's database, asked again while it is away."""
    while True:
        known = running(product.state_dir)
        assert known is not None, "the servers are gone"
        try:
            with psycopg.connect(known.database_url, autocommit=True) as connection:
                return connection.execute(sql, values or None).fetchall()
        except psycopg.OperationalError:
            time.sleep(1)


async def examined(product: Demo) -> Outcome:
    """The controls over the product's database."""
    known = running(product.state_dir)
    assert known is not None
    database = await Database.connect(known.database_url, max_size=2)
    try:
        services = Services(database=database, ports=Ports(Connections()), settings=Settings())
        return await examine(database, services, "demo", product.state_dir)
    finally:
        await database.close()


def report(product: Demo, people: People, trouble: Trouble, outcome: Outcome, settled: bool, seed: int) -> int:
    """Prints what was done and what came of it; the exit code."""
    print(f"\nseed {seed}\n\nwhat broke ({trouble.done.total()})")
    print("\n".join(f"  {n:6} {what}" for what, n in sorted(trouble.done.items())))
    print(f"\nwhat people did ({people.said.total()})")
    print("\n".join(f"  {n:6} {what}" for what, n in sorted(people.said.items())))
    print("\nwhat is there")
    print("\n".join(f"  {rows(product, sql)[0][0] or 0:>10} {what}" for what, sql in _COUNTS.items()))
    print("\ncontrols: " + ", ".join(f"{control} over {n}" for control, n in sorted(outcome.compared.items())))
    letters = rows(product, _LETTERS)
    if letters:
        print("dead letters:\n" + "\n".join(f"  {letter}" for letter in letters[:20]))
    if not settled:
        print("does not come to rest; waiting:\n" + "\n".join(f"  {run}" for run in rows(product, _WAITS)))
    if outcome.findings:
        print(f"{len(outcome.findings)} findings:\n{summed(outcome.findings[:60])}")
    idle = [what for what in ("work", "correct", "post 202") if not people.said[what]] or [
        control for control in ("REC-01", "REC-05", "REC-06", "REC-07") if not outcome.compared.get(control)
    ]
    if idle:
        print(f"proves nothing: no {', no '.join(idle)}")
    clean = settled and not letters and not outcome.findings and not idle
    print("clean" if clean else "NOT CLEAN")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
