"""Fault switches of a vendor simulator: what is armed, what fired, and the matching between a request and a fault."""

from __future__ import annotations

import re
from typing import Any, Protocol

import msgspec

from runtime.http.tables import Store

AROUND = ("lost_response", "too_many", "server_error", "timeout", "token_expired")
INSIDE = ("lock", "duplicate", "closed_period", "slow_job", "late_index", "page_shift")
KINDS = (*AROUND, *INSIDE)
LONGEST_DELAY_S = 120
_ARMED, _FIRED, _COUNT = "_faults", "_faults_fired", "_faults_count"
_KEEP_FIRED = 200


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One armed fault, as posted to `/_sandbox/faults`.

    It fires `times` times on requests whose method equals `method` and whose path matches the regular expression `path`
    (searched in the percent-encoded path with its query string), after the first `after` matches went through. `status`
    is for `server_error` (503 if absent), `retry_after` (seconds) for `too_many` (absent: no Retry-After header),
    `delay_s` for `timeout`, `slow_job` and `late_index`.
    """

    kind: str
    id: str = ""
    method: str | None = None
    path: str | None = None
    times: int = 1
    after: int = 0
    retry_after: int | None = None
    delay_s: float | None = None  # house: float seconds
    status: int | None = None

    def delay(self, default: float) -> float:  # house: float seconds
        """Seconds to wait: `delay_s` or `default`, never longer than two minutes."""
        return min(default if self.delay_s is None else self.delay_s, LONGEST_DELAY_S)


class Target(Protocol):
    """What a fault looks at: any request with a method and a target (path and query string)."""

    @property
    def method(self) -> str: ...
    @property
    def target(self) -> str: ...


class FaultRefused(ValueError):
    """The posted fault cannot be armed; the message says why."""


class Faults:
    """The switches of one simulator, kept in its store: they survive a restart; a reset clears them.

    What fired stays fired even when the vendor's transaction it fired in is rolled back.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def arm(self, body: Any) -> Fault:
        """Arm one fault from its JSON object. Raises FaultRefused on an unknown kind or a bad option."""
        fault = _checked(body)
        fault = msgspec.structs.replace(fault, id=f"fault-{self._number()}")
        self._keep(fault)
        return fault

    def clear(self) -> None:
        """Disarm everything and forget what fired."""
        for table in (_ARMED, _FIRED):
            for row_id in tuple(self._store.rows(table)):
                self._store.settle(table, row_id, None)

    def armed(self) -> list[dict[str, Any]]:
        """Faults still to fire, with what is left of `times` and `after`."""
        return list(self._store.rows(_ARMED).values())

    def fired(self) -> list[dict[str, Any]]:
        """The last firings: the fault and the method and path it hit, oldest first."""
        return list(self._store.rows(_FIRED).values())

    def take(self, kind: str, request: Target) -> Fault | None:
        """The fault of this kind that fires on this request (counted as fired), or None."""
        for row in tuple(self._store.rows(_ARMED).values()):
            fault = msgspec.convert(row, Fault)
            if fault.kind == kind and _matches(fault, request) and self._due(fault):
                self._fire(fault, request)
                return fault
        return None

    def _due(self, fault: Fault) -> bool:
        if fault.after == 0:
            return True
        self._keep(msgspec.structs.replace(fault, after=fault.after - 1))
        return False

    def _fire(self, fault: Fault, request: Target) -> None:
        number = self._number()
        hit = {"kind": fault.kind, "id": fault.id, "method": request.method, "target": request.target}
        self._store.settle(_FIRED, str(number), hit)
        if len(self._store.rows(_FIRED)) > _KEEP_FIRED:
            self._store.settle(_FIRED, next(iter(self._store.rows(_FIRED))), None)
        if fault.times > 1:
            self._keep(msgspec.structs.replace(fault, times=fault.times - 1))
        else:
            self._store.settle(_ARMED, fault.id, None)

    def _number(self) -> int:
        last = self._store.get(_COUNT, "last")
        number = 1 if last is None else int(last["value"]) + 1
        self._store.settle(_COUNT, "last", {"value": number})
        return number

    def _keep(self, fault: Fault) -> None:
        self._store.settle(_ARMED, fault.id, msgspec.to_builtins(fault))


def _matches(fault: Fault, request: Target) -> bool:
    right_method = fault.method is None or fault.method.upper() == request.method
    return right_method and (fault.path is None or re.search(fault.path, request.target) is not None)


def _checked(body: Any) -> Fault:
    kind = body.get("kind") if isinstance(body, dict) else None
    if kind not in KINDS:
        raise FaultRefused(f"unknown kind {kind!r}; known kinds: {', '.join(KINDS)}")
    try:
        fault = msgspec.convert(body, Fault, strict=False)
        re.compile(fault.path or "")
    except (msgspec.ValidationError, re.error) as error:
        raise FaultRefused(str(error)) from error
    if fault.times < 1 or fault.after < 0 or (fault.delay_s or 0) < 0 or (fault.retry_after or 0) < 0:
        raise FaultRefused("times must be at least 1; after, delay_s and retry_after at least 0")
    return fault
