"""Traces of work through all processes (W3C Trace Context): the context travels on calls and on rows of run, outbox and inbox.

A *root* is one piece of work here: a request, a try of a step, a delivery, a round of a sweep. When it ends, its spans go to the
exporter if the trace is sampled (decided by its id where it began) or something failed or was slow; else they are forgotten.
"""

import contextlib
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar, Token
from datetime import datetime
from typing import Literal, TypeAlias

from contracts.periods import SystemClock

Kind: TypeAlias = Literal["internal", "server", "client", "producer", "consumer"]
Value: TypeAlias = str | int | bool

SLOW_S = 1.0
_MOST_SPANS = 1000
_NANOSECONDS = 1_000_000_000
_clock = SystemClock()


class Span:
    """One thing that was done. Times are nanoseconds since the epoch; `error` is a problem slug or an exception's name."""

    __slots__ = ("attributes", "ended_ns", "error", "kind", "name", "parent_id", "root", "span_id", "started_ns")

    def __init__(self, root: "Root", name: str, kind: Kind, span_id: str, parent_id: str | None) -> None:
        self.root, self.name, self.kind = root, name, kind
        self.span_id, self.parent_id = span_id, parent_id
        self.attributes: dict[str, Value] = {}
        self.error: str | None = None
        self.started_ns = self.ended_ns = root.now_ns()

    @property
    def traceparent(self) -> str:
        """The context of what this causes."""
        return self.root.traceparent(self.span_id)


Export = Callable[[list[Span]], None]
_here: ContextVar[Span | None] = ContextVar("span", default=None)
_export: Export | None = None
_one_in = 1


def configure(export: Export | None, one_in: int = 1) -> None:
    """Where spans go, and of how many new traces one is sampled; no exporter switches tracing off."""
    global _export, _one_in
    _export, _one_in = export, one_in


def on() -> bool:
    """True when spans go anywhere."""
    return _export is not None


def chosen(trace_id: str) -> bool:
    """Whether a trace that begins here is sampled: its id is random."""
    return _export is not None and int(trace_id[-8:], 16) % _one_in == 0


def here() -> str | None:
    """The `traceparent` for whatever this work causes; None outside of any."""
    span = _here.get()
    return None if span is None else span.traceparent


class Root:
    """One piece of work in this process. `span` is the work itself; what it calls is below it."""

    def __init__(self, traceparent: str, name: str, kind: Kind, parent_id: str | None = None) -> None:
        _, self.trace_id, span_id, flags = traceparent.split("-")
        self.sampled = flags == "01"
        self._wall_ns = _epoch_ns(_clock.now())
        self._began_ns = time.perf_counter_ns()
        self.spans: list[Span] = []
        self.span = Span(self, name, kind, span_id, parent_id)
        self._token: Token[Span | None] = _here.set(self.span)

    def traceparent(self, span_id: str) -> str:
        """The context of one span of this trace."""
        return f"00-{self.trace_id}-{span_id}-{self.sampled:02x}"

    def now_ns(self) -> int:
        """The time, moving evenly while the work lasts."""
        return self._wall_ns + time.perf_counter_ns() - self._began_ns

    def keep(self, span: Span) -> None:
        """A span ended."""
        if len(self.spans) < _MOST_SPANS:
            self.spans.append(span)

    def end(self, *, alone: bool = True) -> None:
        """The work ended; `alone` says whether it is worth telling when it called nobody."""
        _here.reset(self._token)
        self.span.ended_ns = self.now_ns()
        slow = self.span.ended_ns - self.span.started_ns > SLOW_S * _NANOSECONDS
        worth = bool(self.spans) or alone
        failed = self.span.error is not None or any(span.error is not None for span in self.spans)
        if _export is not None and (failed or (worth and (self.sampled or slow))):
            _export([*self.spans, self.span])


class _Off:
    """Tracing is off, or there is nothing to stand below."""

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(self, *_: object) -> None:
        """Nothing."""


class _Work:
    def __init__(self, root: Root, alone: bool) -> None:
        self._root, self._alone = root, alone

    def __enter__(self) -> Span:
        return self._root.span

    def __exit__(self, _kind: object, error: BaseException | None, _where: object) -> None:
        if error is not None:
            self._root.span.error = _name(error)
        self._root.end(alone=self._alone)


class _Below:
    def __init__(self, span: Span) -> None:
        self._span = span

    def __enter__(self) -> Span:
        self._token = _here.set(self._span)
        return self._span

    def __exit__(self, _kind: object, error: BaseException | None, _where: object) -> None:
        if error is not None:
            self._span.error = _name(error)
        _here.reset(self._token)
        self._span.ended_ns = self._span.root.now_ns()
        self._span.root.keep(self._span)


_OFF = _Off()


def work(name: str, traceparent: str | None, kind: Kind = "internal", *, alone: bool = True) -> _Work | _Off:
    """A context: a root below `traceparent`, or of a new trace; without a span when tracing is off."""
    if _export is None:
        return _OFF
    parent = traceparent or _new()
    return _Work(Root(_child(parent), name, kind, parent.split("-")[2] if traceparent else None), alone)


@contextlib.contextmanager
def together(name: str, traceparents: Sequence[str | None], kind: Kind = "internal") -> Iterator[list[Span]]:
    """Pieces of work that are done at once, each a root below its own context; none when tracing is off. Of several none is
    `here`: what each of them causes goes by its own `traceparent`."""
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(work(name, one, kind)) for one in traceparents]
        spans = [span for span in found if span is not None]
        if len(spans) > 1:
            stack.callback(_here.reset, _here.set(None))
        yield spans


def span(name: str, kind: Kind = "internal") -> _Below | _Off:
    """A context: a span below the work in hand; without one when there is none."""
    parent = _here.get()
    if parent is None or _export is None:
        return _OFF
    return _Below(Span(parent.root, name, kind, secrets.token_hex(8), parent.span_id))


def called(name: str, traceparent: str | None) -> _Work | _Below | _Off:
    """A context: a span below the work in hand; a root of its own where there is none, for a call from another process."""
    return span(name) if _here.get() is not None else work(name, traceparent, "server")


def of_run(run_id: str, traceparent: str | None) -> str:
    """The context below which the steps of a run stand, the same in every process that has it."""
    own = hashlib.blake2b(run_id.encode(), digest_size=24).hexdigest()
    if traceparent is not None:
        return f"{traceparent[:36]}{own[:16]}{traceparent[-3:]}"
    return f"00-{own[16:]}-{own[:16]}-{chosen(own[16:]):02x}"


def tell_run(run_id: str, traceparent: str | None, workflow: str, started_at: datetime, ending: str) -> None:
    """The span of a run that ended: nobody had it in hand all the time."""
    if _export is None:
        return
    parent_id = None if traceparent is None else traceparent[36:52]
    root = Root(of_run(run_id, traceparent), f"run {workflow}", "internal", parent_id)
    root.span.started_ns = _epoch_ns(started_at)
    root.span.attributes |= {"ledgerway.run": run_id, "ledgerway.ending": ending}
    root.span.error = ending if ending == "failed" else None
    root.end()


def _name(error: BaseException) -> str:
    return str(getattr(error, "slug", "") or type(error).__name__)


def _new() -> str:
    trace_id = secrets.token_hex(16)
    return f"00-{trace_id}-{'0' * 16}-{chosen(trace_id):02x}"


def _child(traceparent: str) -> str:
    return f"{traceparent[:36]}{secrets.token_hex(8)}{traceparent[-3:]}"


def _epoch_ns(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000
