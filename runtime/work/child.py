"""One child process of the supervisor: started, found ready, started again with back-off when it dies, stopped."""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from runtime.sockets import TAKEN, CannotListen, try_to_listen

FIRST_PAUSE_S, LONGEST_PAUSE_S, STEADY_S = 0.5, 30.0, 60.0
READY_PAUSE_S, PORT_WAIT_S, STOP_S = 0.1, 5.0, 20.0
TRIES_TO_START = 3
FINAL_CODES = (2, 6)  # misuse, conflict: starting again would change nothing
LOG_LIMIT = 20 * 1024 * 1024


class Child(Struct, frozen=True, kw_only=True):
    """What to run. `ready_url` (http, this machine) answers 2xx once the child can work; without one it is at once.

    A `last` child starts when the others are ready and the supervisor's `loaded` is done.
    """

    name: str
    argv: tuple[str, ...]
    env: dict[str, str] = {}
    ready_url: str | None = None
    last: bool = False


class ChildFailed(Exception):
    """A child never became ready; the message says how it ended and where its log is."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Keeper:
    """Keeps one child running until `stop`; `ready` is set while it answers."""

    def __init__(self, child: Child, environment: Mapping[str, str], log: Path, say: Callable[[str], None]) -> None:
        self.child = child
        self.ready = asyncio.Event()
        self._environment = {**environment, **child.env}
        self._log = log
        self._say = say
        self._process: Process | None = None
        self._born_at = 0
        self._stopping = False
        self._was_ready = False

    async def keep(self) -> None:
        """Runs until `stop`. Raises ChildFailed when the child does not come up at all."""
        failures = 0
        while True:
            began = time.monotonic()
            code = await self._live()
            failures = 1 if time.monotonic() - began > STEADY_S else failures + 1
            if self._stopping:
                return
            self._give_up_if_hopeless(code, failures)
            pause_s = min(FIRST_PAUSE_S * 2 ** (failures - 1), LONGEST_PAUSE_S)
            self._say(f"{self.child.name} ended ({_ending(code)}); starting it again in {pause_s:g} s")
            await asyncio.sleep(pause_s)

    def expect_end(self) -> None:
        """From now on its end is no reason to start it again."""
        self._stopping = True

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL for what is left after STOP_S."""
        self.expect_end()
        process = self._process
        if process is None or process.returncode is not None:
            return
        _signal(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            self._say(f"{self.child.name} did not end in {STOP_S:g} s; killed")
            self.kill()
            await process.wait()

    def kill(self) -> None:
        """SIGKILL at once."""
        if self._process is not None:
            _signal(self._process, signal.SIGKILL)

    async def _live(self) -> int:
        """One life of the process: from its start to its exit code."""
        await self.wait_for_port()
        process = self._process = await self._spawn()
        watch = asyncio.create_task(self._watch_ready(process))
        try:
            return await process.wait()
        finally:
            self.ready.clear()
            watch.cancel()

    async def _spawn(self) -> Process:
        """In a session of its own, so that Ctrl-C reaches the supervisor alone; stdin is the lifeline."""
        if self._log.exists() and self._log.stat().st_size > LOG_LIMIT:
            self._log.replace(self._log.with_suffix(".log.1"))
        output = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._born_at = os.fstat(output).st_size
        try:
            return await asyncio.create_subprocess_exec(
                *self.child.argv,
                env=self._environment,
                stdin=PIPE,
                stdout=output,
                stderr=STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ChildFailed(f"{self.child.name} cannot be started: {error}.") from error
        finally:
            os.close(output)

    async def _watch_ready(self, process: Process) -> None:
        while self.child.ready_url is not None and not await _answers(self.child.ready_url):  # noqa: ASYNC110
            await asyncio.sleep(READY_PAUSE_S)
        if process.returncode is None:
            self._was_ready = True
            self.ready.set()
            self._say(f"{self.child.name} {'ready' if self.child.ready_url else 'started'}")

    async def wait_for_port(self) -> None:
        """Until the child can listen where it will. Raises ChildFailed where it never can, and after PORT_WAIT_S where
        somebody else does: children of a killed supervisor may still be closing, no other program is ours to wait for."""
        ends = time.monotonic() + PORT_WAIT_S
        while (obstacle := self._obstacle()) is not None:
            if obstacle.exit_code != TAKEN or time.monotonic() > ends:
                raise ChildFailed(str(obstacle), obstacle.exit_code)
            await asyncio.sleep(0.5)

    def _obstacle(self) -> CannotListen | None:
        if self.child.ready_url is not None:
            place = urlsplit(self.child.ready_url)
            try:
                try_to_listen(place.hostname or "", place.port or 80, self.child.name)
            except CannotListen as obstacle:
                return obstacle
        return None

    def _give_up_if_hopeless(self, code: int, failures: int) -> None:
        if self._was_ready or (code not in FINAL_CODES and failures < TRIES_TO_START):
            return
        words = self._last_words()
        told = _refusal(words) or "".join(f"\n  {line}" for line in words)
        said = f"{self.child.name} does not start ({_ending(code)}). Its log, {self._log}, ends: {told}"
        raise ChildFailed(said, exit_code=code if code in FINAL_CODES else 1)

    def _last_words(self) -> list[str]:
        """The end of what the child said in its last life."""
        with self._log.open("rb") as log:
            log.seek(self._born_at)
            return log.read().decode("utf-8", "replace").splitlines()[-15:]


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


class _Refusal(Struct):
    event: Literal["role.refused"]
    detail: str


def _refusal(words: list[str]) -> str | None:
    """Why a role refused to start, where that is the last it said."""
    try:
        return msgspec.json.decode(words[-1], type=_Refusal).detail
    except (IndexError, msgspec.DecodeError):
        return None


async def _answers(url: str) -> bool:
    """GET over a plain connection: 2xx within 5 seconds."""
    parts = urlsplit(url)
    request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(request.encode())
            status = await reader.readline()
            writer.close()
    except (OSError, TimeoutError, ValueError):
        return False
    return status.startswith((b"HTTP/1.1 2", b"HTTP/1.0 2"))
