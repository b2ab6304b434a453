"""Structured logs: `log.info("step.done", run=run.id, ms=12)`. The only logging setup; lines go to stderr.

Fields bound with `bound(...)` (tenant, correlation id) stand on every line of that context. Secrets are struck out.
"""

import asyncio
import atexit
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec
import structlog

from runtime.settings import Settings

_SECRET_FIELD = re.compile(
    r"authorization|password|passwd|secret(?!_ref)|token(?!_type|_url|_count)|api_?key|assertion|private_?key|cookie|pepper",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"(?<=://)([^/\s:@]*):[^/\s@]+@|\b(Bearer|Basic|DPoP)\s+[\w.~+/=-]{8,}|\beyJ[\w-]+\.[\w-]+\.[\w-]*"
)
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_BEHIND_S, _MOST_WAITING = 0.2, 500

_bound: ContextVar[Mapping[str, Any]] = ContextVar("bound", default=MappingProxyType({}))
log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


def strike_out(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: values of secret fields, passwords in addresses and tokens in text become `[redacted]`."""
    for name, value in event.items():
        event[name] = "[redacted]" if value is not None and _SECRET_FIELD.search(name) else redacted(value)
    return event


def redacted(value: Any) -> Any:
    """The value with passwords in addresses, authorization values and JWTs struck out, inside containers too."""
    if isinstance(value, str):
        return _SECRET_TEXT.sub(_strike, value)
    if isinstance(value, Mapping):
        return {k: "[redacted]" if _SECRET_FIELD.search(str(k)) else redacted(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    return value


def configure(settings: Settings, role: str) -> None:
    """Sets up this process's log: JSON lines, or a console form when stderr is a terminal (`log_format=auto`)."""
    console = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    _configure(_LEVELS[settings.log_level], console=console, role=role)
    lines.configure(role, said=_LEVELS[settings.log_level] <= logging.INFO, console=console)
    _route_library_logs(_LEVELS[settings.log_level])


class bound:  # noqa: N801
    """Fields for every line logged in this context, such as `tenant` and `correlation_id`."""

    __slots__ = ("_fields", "_token")

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def __enter__(self) -> None:
        outer = _bound.get()
        self._token = _bound.set({**outer, **self._fields} if outer else self._fields)

    def __exit__(self, *_: object) -> None:
        _bound.reset(self._token)


def _merge_bound(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in _bound.get().items():
        event.setdefault(name, value)
    return event


class Lines:
    """The lines of which there are many, one a request or event: `info`, made without the machinery of the log and written a
    moment later, many at once. The caller strikes out what people wrote; nothing else is looked through for secrets.
    """

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._role, self.said, self._console = "", False, False

    def configure(self, role: str, *, said: bool, console: bool) -> None:
        """As the log of this process: nothing is written before."""
        self._role, self.said, self._console = role, said, console
        atexit.register(self.flush)

    def say(self, event: str, at: datetime, fields: dict[str, Any]) -> None:
        """One line; `at` is now, in UTC."""
        if not self.said:
            return
        if self._console:
            log.info(event, **fields)
            return
        first = {"at": at, "level": "info", "event": event, "role": self._role}
        self._waiting.append(msgspec.json.encode(first | fields))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(_BEHIND_S, self.flush)
        elif len(self._waiting) >= _MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            sys.stderr.write(b"\n".join((*waiting, b"")).decode())


lines = Lines()


def _configure(level: int, *, console: bool, role: str = "") -> None:
    last: list[Any] = [structlog.dev.ConsoleRenderer()] if console else [structlog.processors.JSONRenderer(default=str)]
    structlog.configure(
        processors=[*_shared(role), structlog.processors.format_exc_info, strike_out, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Stderr,
        cache_logger_on_first_use=False,
    )


def _shared(role: str) -> list[Any]:
    def named(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """The role stands on every line, whatever context the work began in."""
        return event if not role else {**event, "role": role}

    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")
    return [_merge_bound, structlog.contextvars.merge_contextvars, named, structlog.processors.add_log_level, stamp]


def _route_library_logs(level: int) -> None:
    """Libraries log through `logging`: their warnings become events named `library.<logger>`; chatter stays off."""
    root = logging.getLogger()
    root.handlers[:] = [_Events()]
    root.setLevel(max(level, logging.WARNING))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


class _Stderr:
    """Writes each line to what is stderr at that moment, in one call."""

    def __init__(self, *_: object) -> None:
        """structlog hands over the arguments of `get_logger`."""

    def msg(self, message: str) -> None:
        sys.stderr.write(message + "\n")

    debug = info = warning = error = critical = msg


class _Events(logging.Handler):
    """Turns a library's log record into one of our events."""

    def emit(self, record: logging.LogRecord) -> None:
        write = getattr(log, record.levelname.lower(), log.warning)
        write(f"library.{record.name}", message=record.getMessage(), exc_info=record.exc_info or None)


def _strike(match: re.Match[str]) -> str:
    if match[1] is not None:
        return f"{match[1]}:[redacted]@"
    return f"{match[2]} [redacted]" if match[2] else "[redacted]"


_configure(logging.WARNING, console=False)
