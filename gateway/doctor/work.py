"""Does the work go on: worker slots, outbox, given-up events, the audit tail, feeds."""

from collections.abc import Iterator

from contracts.periods import Clock
from experience_apis.finance_dashboard.queries import freshness_of
from gateway import facts
from gateway.doctor.finding import Finding, ill, warning, well
from gateway.health import OUTBOX_LATE_S
from runtime.connections import Connections
from runtime.data.database import Database
from runtime.work import sealer, slots

UNSEALED_S = 60
_START = "ledgerway worker"
_READ = "select tenant, instance, feed, read_at from feed"


async def workers(database: Database) -> Iterator[Finding]:
    """Is there a worker, and has every one that went been replaced?"""
    found = await slots.standing(database)
    live = [slot.name for slot in found if slot.state == "live"]
    dead = [slot.name for slot in found if slot.state == "dead"]
    return _workers(live, dead)


def _workers(live: list[str], dead: list[str]) -> Iterator[Finding]:
    if not live:
        yield ill("worker", "No worker runs: runs and events stand still.", _START)
    else:
        yield well("worker", f"{', '.join(live)} at work.")
    for name in dead:
        detail = f"{name} is dead: its worker went without a word, and nobody took over its runs."
        if live:
            yield warning("slot", f"{detail} A live worker does within a minute or two.", _START)
        else:
            yield ill("slot", detail, _START)


async def outbox(database: Database, clock: Clock) -> Finding:
    """Do events get where they should?"""
    backlog = await facts.outbox(database)
    age_s, letters = backlog.age_s(clock.now()), sum((await facts.dead_letters(database)).values())
    if age_s > OUTBOX_LATE_S:
        detail = f"Stuck: {backlog.waiting} events wait, the oldest for {_ago(age_s)}."
        return ill("outbox", detail, f"{_START}   (when one runs: ledgerway logs --process worker --level warning)")
    if letters:
        detail = f"{letters} events were given up; what they tell was not done."
        return ill("outbox", detail, "ledgerway held list")
    return well("outbox", f"{backlog.waiting} events wait.")


async def audit(database: Database, clock: Clock) -> Finding:
    """Is the trail sealed up to a moment ago?"""
    tail = await sealer.unsealed(database, clock)
    age_s = facts.Backlog(tail.rows, tail.oldest_at).age_s(clock.now())
    if age_s > UNSEALED_S:
        detail = f"Unsealed tail: {tail.rows} rows are not in the hash chain, the oldest for {_ago(age_s)}."
        return ill("audit trail", detail, f"{_START}   (it seals; then: ledgerway audit verify)")
    return well("audit trail", f"Sealed but for {tail.rows} fresh rows.")


async def feeds(database: Database, connections: Connections, clock: Clock) -> list[Finding]:
    """Was every system read within its limit?"""
    rows = {(r["tenant"], r["instance"], r["feed"]): r["read_at"] for r in await database.fetch(_READ)}
    found, now = [], clock.now()
    for tenant in connections.tenants():
        read = {(instance, feed): at for (whose, instance, feed), at in rows.items() if whose == tenant}
        for one in freshness_of(connections.of_tenant(tenant), read, now):
            if one.stale:
                last = "never" if one.read_at is None else f"{_ago(int((now - one.read_at).total_seconds()))} ago"
                detail = f"Stale: {one.port} of {one.system} was last read {last}; the limit is {_ago(one.limit_s)}."
                found.append(ill("feed", detail, f"{_START}   (when one runs: ledgerway connection test {one.system})"))
    return found or [well("feeds", "Every system was read in time.")]


def _ago(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
