"""One worker of the time benchmark: `time_worker DATABASE_URL FOLDER`. Takes deliveries in and relays what they mean until nothing is left.

It says `ready` once it could begin, and begins when a line comes in.
"""

import asyncio
import gc
import sys
from pathlib import Path

import uvloop

from contracts.events import EVENTS
from process_apis.registers.hooks import ExceptionHooks
from runtime.data.database import Database
from runtime.work.calls import system_call
from runtime.work.inbox import Inbox
from runtime.work.relay import Relay
from runtime.work.worker import attempt
from tests.workflow.time_stage import TimeFirm

_LEFT = "select (select count(*) from inbox where processed_at is null) + (select count(*) from outbox where relayed_at is null)"


async def work(url: str, folder: str) -> None:
    database = await Database.connect(url)
    office = TimeFirm(database, Path(folder))
    same = {
        "call_for": lambda tenant, correlation, _key: system_call(tenant, "system:bench", correlation),
        "attempt": attempt,
        "hooks": ExceptionHooks(office.clock),
        "delays_s": (1.0,),
    }
    inbox = Inbox(database, office.process.inbox, **same)
    relay = Relay(database, [office.process.subscriber], EVENTS, **same)
    gc.collect()
    gc.freeze()
    print("ready", flush=True)
    sys.stdin.readline()
    while await database.fetchval(_LEFT):
        await asyncio.sleep(0.01)
        await inbox.drain()
        await relay.drain()
    await office.services.close()


if __name__ == "__main__":
    uvloop.run(work(*sys.argv[1:]))
