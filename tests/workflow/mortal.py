"""A worker process to be killed: `mortal DATABASE_URL FILE [stuck|slow|dismissed]` performs `mortal` runs whose steps append to FILE.

Step two looks whether its line is there, writes it if not, and in a stuck worker never returns: the vendor has the write,
nobody has the answer. In a slow one it returns once FILE says `answered`. A dismissed worker is told to stop while it starts.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

import uvloop

from contracts.call import Call
from runtime.data.database import Database
from runtime.work.process import Process
from runtime.work.run import Run
from runtime.work.steps import Tuning
from runtime.work.worker import Worker
from tests.workflow.stage import Order, Receipt, Register, Told


def workflow(effects: Path, mode: str) -> Told:
    def note(line: str) -> None:
        with effects.open("a") as file:
            file.write(f"{line}\n")

    async def answered() -> None:
        while mode == "stuck" or (mode == "slow" and "answered" not in effects.read_text()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async def perform(run: Run, order: Order) -> Receipt:
        def writing(name: str) -> object:
            async def write(call: Call) -> Receipt:
                note(f"tried {name}")
                if f"wrote {name}" not in effects.read_text():
                    note(f"wrote {name}")
                    if name == "two":
                        await answered()
                return Receipt(id=name)

            return write

        for name in ("one", "two", "three"):
            await run.step(name, writing(name))  # type: ignore[arg-type]
        return Receipt(id="end")

    return Told(perform, "mortal")


async def work(url: str, effects: str, *mode: str) -> None:
    database = await Database.connect(url, max_size=4)
    processes = [Process(name="tests", workflows=(workflow(Path(effects), "".join(mode)),))]
    tuning = Tuning(safety_poll_s=2.0, takeover_every_s=0.3, dead_slot_after_s=0.5)
    if "dismissed" in mode:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
    await Worker(database, url, processes, hooks=Register(), scopes=frozenset(), tuning=tuning).run()
    await database.close()


if __name__ == "__main__":
    uvloop.run(work(*sys.argv[1:]))
