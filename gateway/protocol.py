"""HTTP/1.1 at the socket: a request's head has a size and a time, and what is no HTTP at all is refused with a problem (RFC 9112)."""

import asyncio
import re
import secrets
import sys
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from contracts.problems import HeadersTooLarge, InvalidRequest, MethodUnknown, Problem, RequestTimeout, TargetTooLong
from gateway.front import BODY, TARGET_LIMIT, WHOLE, block
from runtime.at_once import begin
from runtime.http.replies import problem_reply

LARGEST_HEAD = 64 * 1024
LARGEST_TARGET = 16 * 1024  # above what the gateway takes, which says so to whoever it then knows
HEAD_S = 15
_ASGI = {"version": "3.0", "spec_version": "2.3"}
_REQUEST = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!-~]+ HTTP/1\.[01]\r?\n")


class Cycle(RequestResponseCycle):
    """One request and its answer."""

    async def whole(self, status: int, fields: bytes, body: bytes) -> None:
        """An answer that is there at once: one write. Each of the fields is a line that is ended."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self.response_started = self.response_complete = True
        if _CLOSE in fields:
            self.keep_alive = False
        elif not self.keep_alive:
            fields += _CLOSE
        self.transport.write(b"".join((STATUS_LINE[status], _dated(self.default_headers), fields, b"\r\n", body)))
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


_CLOSE = b"connection: close\r\n"
_date: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")


def _dated(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The server's own fields, which it makes anew every second."""
    global _date
    if _date[0] is not headers:
        _date = headers, b"".join(b"%b: %b\r\n" % field for field in headers)
    return _date[1]


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, bounded before the application sees anything. The head is what comes before the body.

    Timers are set once and look again when they ring: most requests are over long before one would.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A head is expected from the first moment on."""
        super().connection_made(transport)
        self.url = b""
        self._head_bytes: int | None = 0
        self._late: asyncio.TimerHandle | None = self.loop.call_later(HEAD_S, self._too_late)
        self._idle_since = self.loop.time()
        self._unbegun = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._head_read()
        super().connection_lost(exc)
        self._end_idle_timer()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, unless a head never ends. Whoever asks for another protocol gets this one (RFC 9110 section 7.8)."""
        self._fed = data
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass
        except httptools.HttpParserError:
            self.send_400_response("")
        if self.transport.is_closing():
            return
        if self._unbegun:
            self._unbegun = False
            self._start_asgi_task(self.cycle, self.app)
        if self._head_bytes is None:
            return
        if self._late is None:
            self._late = self.loop.call_later(HEAD_S, self._too_late)
        self._head_bytes += len(data)
        if self._head_bytes > LARGEST_HEAD:
            self._too_large()

    def on_message_begin(self) -> None:
        """The head of the first request, or of one more on this connection."""
        self.url, self.headers, self.expect_100_continue = b"", [], False
        if self._head_bytes is None:
            self._head_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head. One behind the body is dropped: it was not there when the request was admitted (RFC 9110 section 6.5.1)."""
        if self._head_bytes is not None:
            name = name.lower()
            self.headers.append((name, value))
            if name == b"expect":
                self.expect_100_continue = value.lower() == b"100-continue"
            return
        self._trailer_bytes += len(name) + len(value) + 4
        if self._trailer_bytes > LARGEST_HEAD:
            self._too_large()
            raise httptools.HttpParserError("the request is over before it is whole")

    def on_headers_complete(self) -> None:
        """The head is whole: the request begins as soon as what has come is read, or waits for its turn on the connection."""
        self._head_read()
        if len(self.url) > LARGEST_TARGET:
            raise httptools.HttpParserError("the target is too long to be taken apart")
        self.scope = self._new_scope()
        before, self.cycle = self.cycle, self._new_cycle()
        if before is None or before.response_complete:
            self._unbegun = True
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_message_complete(self) -> None:
        """The request is whole: it is answered at once, and by a task only where it has to wait."""
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.more_body = False
        cycle.message_event.set()
        if not self._unbegun or self.transport.is_closing():
            return
        self._unbegun = False
        self.scope[BODY] = bytes(cycle.body)  # type: ignore[literal-required]
        if self.flow.write_paused:
            self._start_asgi_task(cycle, self.app)
            return
        task = begin(cycle.run_asgi(self.app), self.loop)
        if task is not None:  # the server waits for tasks when it stops
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def _new_scope(self) -> Any:
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": self.parser.get_http_version(),
            "method": self.parser.get_method().decode("ascii"),
            "scheme": self.scheme,
            "path": unquote(path) if "%" in path else path,
            "raw_path": url.path,
            "query_string": url.query or b"",
            "root_path": "",
            "headers": self.headers,
            "client": self.client,
            "server": self.server,
            "state": self.app_state.copy(),
        }

    def _new_cycle(self) -> Cycle:
        cycle = Cycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=self.scope["http_version"] != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        self.scope[WHOLE] = cycle.whole  # type: ignore[literal-required]
        return cycle

    def on_response_complete(self) -> None:
        """What was sent meanwhile begins; otherwise the connection is idle from now on."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_again(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close what has been idle; a connection that was not is looked at again."""
        self.timeout_keep_alive_task = None
        busy = self._head_bytes is not None or not self.cycle.response_complete
        left = self.timeout_keep_alive - (0 if busy else self.loop.time() - self._idle_since)
        if left <= 0:
            self.transport.close()
        elif not self.transport.is_closing():
            self._look_again(left)

    def _look_again(self, seconds: float) -> None:  # house: float seconds
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _end_idle_timer(self) -> None:
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def send_400_response(self, msg: str) -> None:
        """What the parser refuses: a request with a method it does not know (501), or no request (400)."""
        unknown = isinstance(sys.exc_info()[1], httptools.HttpParserInvalidMethodError) and _REQUEST.match(self._fed)
        if self._answers_are_due():
            self.cycle.keep_alive = False
            self.flow.pause_reading()
        elif unknown:
            self._refuse(MethodUnknown("No resource here knows this method."))
        elif len(self.url) > LARGEST_TARGET:
            self._refuse(_target_too_long())
        else:
            self._refuse(InvalidRequest("This is not HTTP/1.1."))

    def _answers_are_due(self) -> bool:
        """Whether requests before the one that cannot be read are under way: their answers are not to be taken for its own."""
        newest = self.cycle
        return newest is not None and not newest.response_complete and (not newest.more_body or bool(self.pipeline))

    def _head_read(self) -> None:
        self._head_bytes, self._trailer_bytes = None, 0
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._refuse(RequestTimeout(f"The header fields did not come within {HEAD_S} s."))

    def _too_large(self) -> None:
        detail = f"The header fields may have {LARGEST_HEAD} bytes together."
        too_long = len(self.url) > LARGEST_TARGET
        self._refuse(_target_too_long() if too_long else HeadersTooLarge(detail, limit_bytes=LARGEST_HEAD))

    def _refuse(self, problem: Problem) -> None:
        """Answer and close; nobody was identified, so nobody is written down."""
        correlation, request = secrets.token_hex(16), f"req_{secrets.token_hex(10)}"
        reply = problem_reply(problem, correlation_id=correlation, instance=f"/portal/requests/{request}")
        names = ("x-correlation-id", correlation), ("ledgerway-request-id", request)
        mode = [("ledgerway-mode", self.app_state["mode"])] if "mode" in self.app_state else []
        rest = ("cache-control", "no-store"), ("content-length", str(len(reply.body))), ("connection", "close")
        head = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n".encode()
        if not self.transport.is_closing():
            self.transport.write(head + block((*reply.headers, *names, *mode, *rest)) + b"\r\n" + reply.body)
            self.transport.close()


def _target_too_long() -> TargetTooLong:
    return TargetTooLong(f"Path and query may have {TARGET_LIMIT} bytes together.", limit_bytes=TARGET_LIMIT)
