"""The running product over HTTP: contract operations as typed calls, answers with the bytes they came in."""

import inspect
import shlex
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, get_type_hints
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from contracts import wire
from contracts.call import Call
from contracts.operation import Declared
from contracts.problems import OutcomeUnknown, VendorUnavailable
from gateway import addresses
from gateway.cli.complaints import Complaint, of_problem
from gateway.cli.exits import Exit
from gateway.cli.identity import given_token, issued, persona_named
from gateway.cli.session import Session
from runtime import telemetry
from runtime.http.outbound import Answer, Outbound, VendorBudget
from runtime.settings import Settings

_IDS = (("request", "ledgerway-request-id"), ("correlation id", "x-correlation-id"))
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Answered(Generic[T]):
    """A result, and the JSON it was read from."""

    value: T
    raw: bytes


def address(session: Session) -> str:
    """Where the product answers: --url or LEDGERWAY_URL, else what the state directory remembers, else the default.

    Raises Complaint for what is no address.
    """
    if session.settings.url is not None:
        return _web(session.settings.url).rstrip("/")
    state_dir = session.settings.state_dir
    if state_dir != Settings().state_dir and not state_dir.is_dir():
        nothing = f"There is no state directory {state_dir}, so nothing was started there."
        raise Complaint(Exit.UNAVAILABLE, nothing, look=_start(session))
    demo = addresses.read(state_dir)
    return (demo.url if demo is not None else session.settings.base_url).rstrip("/")


def _start(session: Session) -> str:
    """The command that starts the installation that was asked for."""
    state_dir = session.settings.state_dir
    named = "" if state_dir == Settings().state_dir else f" --state-dir {shlex.quote(str(state_dir))}"
    return f"ledgerway demo{named}"


def _web(url: str) -> str:
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return url
    raise Complaint(Exit.MISUSE, f"`--url` is {url[:100]}; use an address such as http://127.0.0.1:8080.")


def requests_to(name: str, url: str, session: Session) -> Outbound:
    """Requests to one address. The log keeps quiet: what goes wrong becomes a complaint."""
    telemetry.configure(replace(session.settings, log_level="error"), "cli")
    return Outbound(name, url, VendorBudget(concurrency=4, timeout_s=session.answer_s), judges_status=False)


@asynccontextmanager
async def connected(session: Session) -> AsyncIterator[Outbound]:
    """An HTTP connection to the product, without a token."""
    url = address(session)
    outbound = requests_to("Ledgerway", url, session)
    try:
        yield outbound
    except VendorUnavailable as away:
        raise Complaint(
            Exit.UNAVAILABLE,
            f"Nothing answers at {url}. Start it, or name another address with --url.",
            look=_start(session),
        ) from away
    finally:
        await outbound.close()


@asynccontextmanager
async def product(session: Session, persona: str) -> AsyncIterator["Client"]:
    """The product as the one who asks: a given token, else the persona of --as, else `persona`."""
    async with connected(session) as outbound:
        token = given_token(session)
        if token is None:
            asking = persona_named(session.persona or persona)
            token = (await issued(outbound, address(session), asking))["access_token"]
        yield Client(session, outbound, token)


class Client:
    """Calls operations by their contract: `await api.call(InvoiceReadiness.draft, group_id, body)`."""

    def __init__(self, session: Session, outbound: Outbound, token: str, prefix: str | None = None) -> None:
        self._session, self._outbound, self._token, self._prefix = session, outbound, token, prefix

    def of(self, instance: str) -> "Client":
        """The same, for operations of the ports of one connection."""
        return Client(self._session, self._outbound, self._token, f"/system/v1/{quote(instance)}")

    async def call(
        self, method: Callable[Concatenate[Any, Call, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> Answered[T]:
        """Ask for one operation. Raises Complaint for whatever is no result."""
        declared: Declared = method.__operation__  # type: ignore[attr-defined]
        if declared.effects and not any(getattr(given, "dry_run", False) for given in args):
            await self._assure()
        path, request = _request(method, declared, self._prefix or _prefix(method), args, kwargs)
        request["headers"]["authorization"] = f"Bearer {self._token}"
        answer = await self._send(declared, path, request)
        if answer.status >= 400:
            raise of_problem(answer.status, _problem(answer))
        return Answered(_read(answer.body, get_type_hints(method, include_extras=True)["return"]), answer.body)

    async def _send(self, declared: Declared, path: str, request: dict[str, Any]) -> Answer:
        key = self._session.idempotency_key or str(uuid4())
        if declared.effects:
            request["headers"]["idempotency-key"] = f'"{key}"'
        began = time.monotonic()
        try:
            answer = await self._outbound.send(
                declared.method, path, operation=path, writes=declared.effects, **request
            )
        except OutcomeUnknown as lost:
            detail = f"{lost.detail} Repeat the command with --idempotency-key {key}: nothing is done twice."
            raise Complaint(Exit.UNAVAILABLE, detail) from lost
        self._session.detail(_told(declared.method, path, request["params"], answer, time.monotonic() - began))
        return answer

    async def _assure(self) -> None:
        """Before a write: is this live, and is it meant?"""
        if self._session.assured:
            return
        answer = await self._outbound.send("GET", "/health/live", operation="/health/live", writes=False)
        self._session.assure(answer.headers.get("ledgerway-mode", "sandbox"), tenant_of(self._token, self._session))


def _read(body: bytes, kind: Any) -> Any:
    try:
        return wire.decode(body, kind)
    except msgspec.DecodeError as error:
        detail = f"What answers is another version than this command: {error}."
        raise Complaint(Exit.PROBLEM, detail, look="ledgerway --version   (and start the product anew)") from error


def _prefix(method: Callable[..., Any]) -> str:
    """`contracts.process.onboarding` -> `/process/v1`."""
    return f"/{method.__module__.split('.')[1]}/v1"


def _request(
    method: Callable[..., Any], declared: Declared, prefix: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    arguments = inspect.signature(method).bind(None, None, *args, **kwargs).arguments
    path, query, headers, content = prefix + declared.path, {}, {}, None
    for name, value in list(arguments.items())[2:]:
        if name == "body":
            content, headers = wire.encode(value), {"content-type": "application/json"}
        elif f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", quote(_text(value), safe=":"))
        elif value is not None:
            query[name] = _text(value)
    return path, {"params": query, "headers": headers, "content": content}


def tenant_of(token: str, session: Session) -> str:
    """Whose data a token reaches, as it says itself; for a token that says nothing, the tenant of the settings."""
    try:
        claims = msgspec.json.decode(urlsafe_b64decode(token.split(".")[1] + "=="), type=dict[str, Any])
    except (IndexError, ValueError, msgspec.MsgspecError):
        return session.settings.tenant
    return str(claims.get("tenant") or session.settings.tenant)


def _told(
    method: str, path: str, params: Mapping[str, str], answer: Answer, took_s: float
) -> str:  # house: float seconds
    asked = f"{path}?{urlencode(params)}" if params else path
    ids = [f"{name} {answer.headers[key]}" for name, key in _IDS if key in answer.headers]
    return f"{method} {asked}: {answer.status} in {round(took_s * 1000)} ms; {', '.join(ids) or 'no ids'}"


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _problem(answer: Answer) -> dict[str, Any]:
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return {"status": answer.status, "detail": f"The answer was {answer.status} without a problem document."}
