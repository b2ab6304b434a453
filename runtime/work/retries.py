"""What a failure of work is, and when it is tried again (EVT-6): pure decisions, no clock and no database."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal, Protocol, TypeVar

from msgspec import Struct

from contracts.problems import Internal, OutcomeUnknown, Problem
from contracts.wire import to_builtins

T = TypeVar("T")

EVT6_DELAYS_S = (1.0, 5.0, 30.0, 120.0, 600.0)

# Codes of refused commands; the exception catalogue knows none of them, so a person sees a dead letter instead.
_COMMAND_CODES = frozenset({"ILLEGAL_TRANSITION", "GUARD_FAILED"})


class Failure(Struct, frozen=True):
    """Work that raised. A business refusal is never retried as if transient; an unexpected error is, in case it passes."""

    problem: Problem
    kind: Literal["transient", "refused", "unexpected"]


class Attempt(Protocol):
    """Runs work; what it raises becomes a Failure, except the types in `passing`, which rise. An unexpected error is logged,
    with its trace, unless `quiet` says that the work is about to be tried again."""

    async def __call__(
        self, work: Callable[[], Awaitable[T]], *, passing: tuple[type[Exception], ...] = (), quiet: bool = False
    ) -> T | Failure: ...


class Retry(Struct, frozen=True):
    """Try again after a pause."""

    after_s: float  # house: float seconds


class Hold(Struct, frozen=True):
    """Wait for a person under an exception of this code; `after_s`, when set, also tries again by itself."""

    code: str
    after_s: float | None = None  # house: float seconds


def failure_of(problem: Problem) -> Failure:
    """Sorts a problem. An unknown outcome and a stale version are looked at again, so they count as transient."""
    if isinstance(problem, Internal):
        return Failure(problem, "unexpected")
    again = problem.retryable or isinstance(problem, OutcomeUnknown) or problem.code == "VERSION_CONFLICT"
    return Failure(problem, "transient" if again else "refused")


def next_move(
    failure: Failure,
    attempt: int,
    delays_s: tuple[float, ...],
    held_retry_s: float,  # house: float seconds
) -> Retry | Hold:
    """What follows the `attempt`-th failure in a row (1 is the first).

    Transient trouble that outlasts the delays is held as SYSTEM_UNAVAILABLE and goes on looking whether the system
    answers (WF-5); an unexpected error that does is a poison message (EVENT_DEAD_LETTERED).
    """
    if failure.kind != "refused" and attempt <= len(delays_s):
        return Retry(max(delays_s[attempt - 1], failure.problem.retry_after_s or 0))
    code = exception_code(failure)
    return Hold(code, held_retry_s if failure.kind == "transient" else None)


def exception_code(failure: Failure) -> str:
    """The code of the exception catalogue a failure is held under."""
    named = failure.problem.facts.get("exception") or failure.problem.code
    if isinstance(named, str) and named not in _COMMAND_CODES:
        return named
    unavailable = failure.kind == "transient" or failure.problem.slug == "vendor-credentials"
    return "SYSTEM_UNAVAILABLE" if unavailable else "EVENT_DEAD_LETTERED"


def body_of(problem: Problem) -> dict[str, Any]:
    """A problem as it is stored in a row and shown as the `error` of a run."""
    body = {"type": problem.type_uri, "title": problem.title, "status": problem.status, "detail": problem.detail}
    body |= {"code": problem.slug, "retryable": problem.retryable, "facts": problem.facts}
    if problem.errors:
        body["errors"] = [violation.wire() for violation in problem.errors]
    return to_builtins(body)  # type: ignore[no-any-return]
