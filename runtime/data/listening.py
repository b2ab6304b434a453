"""One LISTEN on a session of its own: waits for the server, costs nothing while idle, reconnects with back-off."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import asyncpg

from runtime.telemetry import log

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0


class Listener:
    """Calls `heard(payload)` per notice, one at a time in order; `heard("")` after each reconnection.

    `heard` answers for its own errors: one that escapes ends the listener and is logged.
    """

    def __init__(
        self,
        open_session: Callable[[], Awaitable[asyncpg.Connection]],
        channel: str,
        heard: Callable[[str], Awaitable[None] | None],
    ) -> None:
        self._open_session = open_session
        self._channel = channel
        self._heard = heard
        self._notices: asyncio.Queue[str | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._session: asyncpg.Connection | None = None

    async def start(self) -> None:
        """Listens once this returns. Raises what connecting raises: only later losses are mended silently."""
        await self._open()
        self._task = asyncio.create_task(self._run(), name=f"listen:{self._channel}")
        self._task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Stops listening and gives the session back."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._session is not None and not self._session.is_closed():
            await self._session.close(timeout=2)

    async def _open(self) -> None:
        session = await self._open_session()
        session.add_termination_listener(lambda _: self._notices.put_nowait(None))
        await session.add_listener(self._channel, self._received)
        self._session = session

    def _received(self, _session: object, _pid: int, _channel: str, payload: str) -> None:
        self._notices.put_nowait(payload)

    async def _run(self) -> None:
        while True:
            notice = await self._notices.get()
            if notice is None:
                await self._reopen()
                notice = ""
            outcome = self._heard(notice)
            if outcome is not None:
                await outcome

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("database.listen_ended", channel=self._channel, exc_info=error)

    async def _reopen(self) -> None:
        pause_s = FIRST_PAUSE_S
        log.warning("database.listen_lost", channel=self._channel)
        while True:
            await asyncio.sleep(pause_s)
            try:
                return await self._open()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
