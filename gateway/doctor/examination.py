"""All checks in order. What cannot be asked because something before it is ill is left out."""

import asyncio

from contracts.periods import Clock, SystemClock
from gateway.doctor import machine, stores, systems, work
from gateway.doctor.finding import Finding, ill
from runtime.connections import Connections
from runtime.data.database import Database
from runtime.data.embedded import running
from runtime.settings import Settings


async def examine(settings: Settings, *, offline: bool = False, clock: Clock | None = None) -> list[Finding]:
    """Everything about the installation of these settings; `offline` asks no connected system."""
    here = running(settings.state_dir)
    database_url = settings.database_url or (here.database_url if here else None)
    redis_url = settings.redis_url or (here.redis_url if here else None)
    found = [*machine.state_directory(settings.state_dir), machine.disk(settings.state_dir)]
    found.append(await machine.redis(redis_url))
    if database_url is None:
        detail = f"LEDGERWAY_DATABASE_URL is not set, and no `ledgerway demo` runs in {settings.state_dir}."
        return [*found, ill("database", detail, "ledgerway demo")]
    opened = await stores.opened(database_url)
    if isinstance(opened, Finding):
        return [*found, opened]
    try:
        return [*found, *await _inside(settings, opened, offline, clock or SystemClock())]
    finally:
        await opened.close()


async def _inside(settings: Settings, database: Database, offline: bool, clock: Clock) -> list[Finding]:
    found = [await stores.database(database, settings.state_dir), await stores.clock(database, clock)]
    foreign = found[0].detail.startswith("Wrong database") and "none of ours" in found[0].detail
    if foreign:
        return found
    found.append(await stores.migrations(database))
    if found[-1].state == "ill":
        return found
    connections = Connections()
    await connections.load(database)
    found += await work.workers(database)
    found += [await work.outbox(database, clock), await work.audit(database, clock)]
    found += await work.feeds(database, connections, clock)
    if not offline:
        asked = await asyncio.gather(*(systems.system(connection) for connection in connections.all()))
        found += [finding for of_system in asked for finding in of_system]
    return found
