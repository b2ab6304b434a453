"""The reference of the workflow benchmark, the library alone: `bare_workflows DATABASE_URL RUNS`.

Prints runs a second, and seconds of processor time for each.
"""

import asyncio
import sys
import time

from dbos import DBOS

AT_ONCE = 32


@DBOS.step()
async def nothing() -> str:
    return "r"


@DBOS.workflow()
async def five_steps() -> str:
    for _ in range(5):
        await nothing()
    return "done"


async def measure(runs: int) -> tuple[float, float]:
    await five_steps()
    numbers, began, used = iter(range(runs)), time.perf_counter(), time.process_time()

    async def one_after_the_other() -> None:
        for _ in numbers:
            await five_steps()

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    return runs / (time.perf_counter() - began), (time.process_time() - used) / runs


def main(url: str, runs: str) -> None:
    DBOS(config={"name": "bare", "system_database_url": url, "dbos_system_schema": "bare", "log_level": "ERROR"})
    DBOS.launch()
    print(*asyncio.run(measure(int(runs))))
    DBOS.destroy()


if __name__ == "__main__":
    main(*sys.argv[1:])
