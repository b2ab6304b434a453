"""HTTP/1.1 at the socket: a request's head has a size and a time, and what is no HTTP at all is refused with a problem (RFC 9112)."""

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from contracts.wire import encode

LARGEST_HEAD = 64 * 1024
HEAD_S = 15


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, bounded before the application sees anything. The head is what comes before the body."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A head is expected from the first moment on."""
        super().connection_made(transport)
        self._head_bytes: int | None = 0
        self._late: asyncio.TimerHandle | None = self.loop.call_later(HEAD_S, self._too_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._head_read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, unless a head never ends."""
        super().data_received(data)
        if self._head_bytes is None or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > LARGEST_HEAD:
            self._refuse(431, f"The header fields may have {LARGEST_HEAD} bytes together.")

    def on_message_begin(self) -> None:
        """The head of the first request, or of one more on this connection."""
        super().on_message_begin()
        if self._late is None:
            self._head_bytes, self._late = 0, self.loop.call_later(HEAD_S, self._too_late)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head_read()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """What the parser refuses."""
        self._refuse(400, "This is not HTTP/1.1.")

    def _head_read(self) -> None:
        self._head_bytes = None
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._refuse(408, f"The header fields did not come within {HEAD_S} s.")

    def _refuse(self, status: int, detail: str) -> None:
        """Answer and close; nobody was identified, so nobody is written down."""
        phrase = HTTPStatus(status).phrase
        problem: dict[str, Any] = {"type": "about:blank", "title": phrase, "status": status, "detail": detail}
        body = encode(problem)
        head = (
            f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/problem+json\r\ncontent-length: {len(body)}\r\n"
            "cache-control: no-store\r\nconnection: close\r\n\r\n"
        )
        if not self.transport.is_closing():
            self.transport.write(head.encode() + body)
            self.transport.close()
