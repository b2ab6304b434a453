"""The supervisor of `ledgerway demo`: servers, schema, then its children; one owner of one state directory.

It waits for children to exit and for signals; while nothing happens it wakes every MEND_S to look after the servers.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from msgspec.structs import replace

from contracts.problems import StoreAway
from runtime.data.embedded import EmbeddedServers
from runtime.data.statedir import EmbeddedServerError
from runtime.settings import Settings, child_environment
from runtime.work.child import Child, ChildFailed, Keeper

MEND_S = 10.0
Hook = Callable[[Settings], Awaitable[None]]


def say_on_stderr(line: str) -> None:
    """The default voice of the supervisor: one state line at a time, on stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class Supervisor:
    """Starts what is not configured by address, migrates, starts the children and stays until a signal.

    Children get the settings as LEDGERWAY_* variables, addresses included, and LEDGERWAY_SUPERVISED=true: they call
    `lifeline.follow_supervisor`. Their output goes to `<state_dir>/log/<name>.log`. `prepared` runs after the schema is
    there and before the children, `loaded` when all but the last children answer, `ready` when all do; they are handed
    settings with addresses.
    """

    def __init__(
        self,
        settings: Settings,
        children: Sequence[Child],
        *,
        say: Callable[[str], None] = say_on_stderr,
        prepared: Hook | None = None,
        loaded: Hook | None = None,
        ready: Hook | None = None,
    ) -> None:
        self._settings = settings
        self._children = tuple(children)
        self._say = say
        self._prepared = prepared
        self._loaded = loaded
        self._ready = ready
        self._open = asyncio.Event()
        self._keepers: list[Keeper] = []
        self._stop = asyncio.Event()

    async def run(self) -> int:
        """Serves until SIGTERM, SIGINT or SIGHUP; the exit code: 0 stopped, 1 a child does not start, 2 and 6 as the
        child said, 6 also when another supervisor has the directory, 7 when a server cannot be had."""
        self._take_signals()
        given = replace(self._settings, state_dir=self._settings.state_dir.expanduser().absolute())
        try:
            servers = EmbeddedServers(given.state_dir, database_url=given.database_url, redis_url=given.redis_url)
            addresses = await asyncio.to_thread(servers.start)
        except EmbeddedServerError as error:
            self._say(str(error))
            return error.exit_code
        for name in servers.names:
            self._say(
                f"{name} {'adopted, a killed supervisor had left it' if name in addresses.adopted else 'started'}"
            )
        settings = replace(given, database_url=addresses.database_url, redis_url=addresses.redis_url, supervised=True)
        try:
            return await self._until_stopped(self._serve(settings, servers))
        finally:
            await asyncio.to_thread(servers.stop)
            self._say("stopped")

    def stop(self) -> None:
        """As a signal would; the second time children are killed."""
        if self._stop.is_set():
            for keeper in self._keepers:
                keeper.kill()
        self._stop.set()

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # nohup ignores SIGHUP and means it; a script that starts a job in the background has SIGINT ignored and does not.
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self.stop)

    async def _until_stopped(self, serving: Coroutine[None, None, None]) -> int:
        """Whichever comes first: a signal (0), or a child that cannot be kept (its code)."""
        task = asyncio.create_task(serving)
        stop = asyncio.create_task(self._stop.wait())
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        task.cancel()
        await self._stop_children()
        try:
            await task
        except asyncio.CancelledError:
            return 0
        except ChildFailed as error:
            self._say(str(error))
            return error.exit_code
        except StoreAway as error:
            self._say(error.detail)
            return 7
        return 0

    async def _stop_children(self) -> None:
        """Last started, first stopped: a worker goes before the systems it talks to."""
        for keeper in self._keepers:
            keeper.expect_end()
        for keeper in reversed(self._keepers):
            await keeper.stop()

    async def _serve(self, settings: Settings, servers: EmbeddedServers) -> None:
        self._keepers = self._kept(settings)
        for keeper in self._keepers:
            await keeper.wait_for_port()
        await self._migrate(settings)
        if self._prepared is not None:
            await self._prepared(settings)
        tasks = [asyncio.create_task(self._keep(keeper), name=keeper.child.name) for keeper in self._keepers]
        tasks += [asyncio.create_task(self._herald(settings)), asyncio.create_task(self._mend(servers))]
        try:
            await asyncio.gather(*tasks)
            await self._stop.wait()
        finally:
            for task in tasks:
                task.cancel()

    def _kept(self, settings: Settings) -> list[Keeper]:
        log = settings.state_dir / "log"
        log.mkdir(mode=0o700, exist_ok=True)
        environment = child_environment(settings)
        return [Keeper(child, environment, log / f"{child.name}.log", self._say) for child in self._children]

    async def _keep(self, keeper: Keeper) -> None:
        if keeper.child.last:
            await self._open.wait()
        await keeper.keep()

    async def _herald(self, settings: Settings) -> None:
        for last, hook in ((False, self._loaded), (True, self._ready)):
            for keeper in self._keepers:
                if last or not keeper.child.last:
                    await keeper.ready.wait()
            if hook is not None:
                await hook(settings)
            self._open.set()

    async def _migrate(self, settings: Settings) -> None:
        from runtime.data.migrate import migrate

        applied = await asyncio.to_thread(migrate, str(settings.database_url))
        self._say("schema migrated: " + ", ".join(applied) if applied else "schema up to date")

    async def _mend(self, servers: EmbeddedServers) -> None:
        while servers.names:
            await asyncio.sleep(MEND_S)
            with contextlib.suppress(EmbeddedServerError):
                for name in await asyncio.to_thread(servers.mend):
                    self._say(f"{name} had died; started again")
