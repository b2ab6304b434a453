"""Programs for the supervisor's tests: `supervise STATE_DIR PORT [crash|last]`, and the child it keeps.

The child answers GET /ready with its process id, and notes every start as a row of the audit table.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from runtime import settings
from runtime.data.database import Database
from runtime.work.child import Child
from runtime.work.lifeline import follow_supervisor
from runtime.work.supervisor import Supervisor


async def serve(port: int) -> None:
    known = settings.load()
    follow_supervisor(known)
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    database = await Database.connect(str(known.database_url))
    await database.execute("insert into audit (tenant, id) values ('acme', $1)", f"start-{os.getpid()}")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        starts = await database.fetchval("select count(*) from audit where tenant = 'acme'")
        body = f"{os.getpid()} {starts}".encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    await done.wait()
    server.close()
    await database.close()


async def supervise(state_dir: str, port: str, *mode: str) -> int:
    crash = (sys.executable, "-c", "raise SystemExit('no such table')")
    argv = crash if "crash" in mode else (*_self(), "child", port)
    child = Child(name="api", argv=argv, ready_url=f"http://127.0.0.1:{port}/ready", last="last" in mode)

    async def loaded(_known: settings.Settings) -> None:
        sys.stderr.write("data loaded\n")

    async def ready(known: settings.Settings) -> None:
        sys.stderr.write(f"all ready {known.database_url} {known.redis_url}\n")

    return await Supervisor(settings.load(state_dir=Path(state_dir)), [child], loaded=loaded, ready=ready).run()


def _self() -> tuple[str, ...]:
    return sys.executable, "-m", "tests.support.supervised"


if __name__ == "__main__":
    role, *arguments = sys.argv[1:]
    if role == "child":
        sys.exit(asyncio.run(serve(int(arguments[0]))))
    sys.exit(asyncio.run(supervise(*arguments)))
