"""Sending events on to a receiver: CloudEvents in structured mode, signed as Standard Webhooks say."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from contracts.periods import SystemClock
from contracts.problems import OutcomeUnknown, VendorUnavailable
from contracts.process.trail import CloudEvent
from contracts.wire import encode
from gateway.cli.client import requests_to
from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Session
from gateway.kept import kept
from runtime.http.outbound import Answer, retry_after

HEAD = "whsec_"
TRIES = 5
PAUSES_S = (1, 2, 5, 10)
_LONGEST_PAUSE_S = 60
_SECRET_FILE = "listen-secret"  # noqa: S105 - the name of a file
_GONE = 410


def signature(secret: bytes, event_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 over id, timestamp and body (Standard Webhooks)."""
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


class Receiver:
    """One receiver. `refused` counts the events it did not take."""

    def __init__(self, url: str, session: Session) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Complaint(Exit.MISUSE, f"`--forward-to` is {url}; use http://host/path or https://host/path.")
        self._session, self._url = session, url
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._outbound = requests_to("The receiver", f"{parts.scheme}://{parts.netloc}", session)
        self._secret = kept(session.settings.state_dir / _SECRET_FILE, lambda: secrets.token_bytes(32))
        self.refused = 0
        session.suggest(f"Signed with {HEAD}{base64.b64encode(self._secret).decode()}")

    async def close(self) -> None:
        """Close the connection."""
        await self._outbound.close()

    async def deliver(self, event: CloudEvent) -> None:
        """Post it until it is taken, at most TRIES times. Raises Complaint when the receiver says that it is gone (410)."""
        body, told = encode(event), "no answer"
        for attempt in range(TRIES):
            answer = await self._post(event.id, body)
            if answer is not None and 200 <= answer.status < 300:
                self._session.detail(f"{event.id} taken: {answer.status}")
                return
            if answer is not None and answer.status == _GONE:
                raise Complaint(Exit.REFUSED, f"{self._url} answers 410: it wants no events any more.")
            told = "no answer" if answer is None else f"answer {answer.status}"
            if attempt < TRIES - 1:
                await asyncio.sleep(_pause_s(attempt, answer))
        self.refused += 1
        self._session.talk(f"{event.id} was not taken after {TRIES} tries ({told}).")

    async def _post(self, event_id: str, body: bytes) -> Answer | None:
        at = int(SystemClock().now().timestamp())
        headers = {
            "content-type": "application/cloudevents+json",
            "webhook-id": event_id,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(self._secret, event_id, at, body),
        }
        try:
            return await self._outbound.send(
                "POST", self._path, operation="listen.forward", writes=False, content=body, headers=headers
            )
        except (VendorUnavailable, OutcomeUnknown):
            return None


def _pause_s(attempt: int, answer: Answer | None) -> float:  # house: float seconds
    asked = None if answer is None else retry_after(answer, SystemClock().now())
    pause = PAUSES_S[min(attempt, len(PAUSES_S) - 1)] if asked is None else min(asked, _LONGEST_PAUSE_S)
    return pause * (1 + secrets.randbelow(200) / 1000)
