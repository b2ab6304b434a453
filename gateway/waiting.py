"""`Prefer: wait=n` and `respond-async` (RFC 7240) on operations that answer 202: look again, once a second, until the run rests."""

import asyncio
import re
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from contracts.problems import Problem
from contracts.wire import encode
from gateway.exchange import Exchange
from runtime.http.replies import Reply

LONGEST_WAIT_S = 25
_LOOK_EVERY_S = 1.0
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]{1,4})\"?\s*(?:$|[,;])", re.IGNORECASE)
_ASYNC = re.compile(r"(?:^|[,;])\s*respond-async\s*(?:$|[,;])", re.IGNORECASE)
_GOING_ON = ("running", "compensating", "waiting")


async def wait_as_preferred(x: Exchange) -> None:
    """After the reply is kept: hold the answer back while the run goes on, at most as long as asked. The status stays 202."""
    prefer = x.header(b"prefer")
    if prefer is None or x.reply is None or x.reply.status != 202:
        return
    wait = _WAIT.search(prefer)
    if wait is not None and _may_look(x):
        seconds = min(int(wait[1]), LONGEST_WAIT_S)
        await _look(x, seconds)
        x.headers.append(("preference-applied", f"wait={seconds}"))
    elif _ASYNC.search(prefer):
        x.headers.append(("preference-applied", "respond-async"))


def _may_look(x: Exchange) -> bool:
    reader = x.at().reader
    return reader is not None and (not reader.operation.scope or reader.operation.scope in x.known().scopes)


async def _look(x: Exchange, seconds: int) -> None:
    for _ in range(seconds):
        await asyncio.sleep(_LOOK_EVERY_S)
        try:
            run = await _read(x)
        except Problem:
            return  # the run was accepted: its address is the answer, whatever reading it says
        _show(x, run)
        if _rests(run):
            return


async def _read(x: Exchange) -> Any:
    reader, reply = x.at().reader, x.reply
    assert reader is not None and reply is not None
    location = next(value for name, value in reply.headers if name == "location")
    *shared, own = re.findall(r"\{(\w+)\}", reader.path)
    arguments = {name: x.params[name] for name in shared} | {own: unquote(location.rpartition("/")[2])}
    deadline = x.services.clock.now() + timedelta(seconds=x.services.deadline_s)
    return await reader.invoke(x.call(deadline), arguments)


def _show(x: Exchange, run: Any) -> None:
    assert x.reply is not None
    version = getattr(run, "version", None)
    headers = [(n, v) for n, v in x.reply.headers if n != "etag"]
    if version is not None:
        headers.append(("etag", f'"r{version}"'))
    x.reply = Reply(x.reply.status, encode(run), tuple(headers))


def _rests(run: Any) -> bool:
    """True once it ended, or waits for a person."""
    waiting_for = getattr(run, "waiting_for", None)
    return getattr(run, "status", None) not in _GOING_ON or getattr(waiting_for, "kind", None) == "person"
