"""Durable runs as callers see them: the operation body of a long-running request, and pages of it."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from contracts.canon.ref import Page

RunStatus = Literal["running", "waiting", "completed", "failed", "compensating", "compensated", "cancelled"]
StepStatus = Literal["running", "waiting", "done", "skipped"]


class WaitingFor(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run waits for: `retry` until `retry_at`, a `signal` by name, or a `person` who resolves `exception_id` (Held)."""

    kind: Literal["retry", "signal", "person"]
    step: str
    retry_at: datetime | None = None
    signal: str | None = None
    exception_id: str | None = None
    code: str | None = None
    detail: str | None = None


class StepView(Struct, frozen=True, kw_only=True):
    """One step of a run. `external_ref` is what it left in another system; `error` the last problem it met."""

    name: str
    kind: Literal["step", "wait", "hold", "sleep", "child", "undo"]
    status: StepStatus
    attempt: int
    started_at: datetime
    ended_at: datetime | None = None
    external_ref: str | None = None
    waiting_for: WaitingFor | None = None
    error: dict[str, Any] | None = None


class RunView(Struct, frozen=True, kw_only=True):
    """A run. `result` once completed; `error`, a problem, once failed. `version` grows with every change of state (ID-3)."""

    id: str
    workflow: str
    key: str
    status: RunStatus
    waiting_for: WaitingFor | None = None
    created_at: datetime
    updated_at: datetime
    version: int
    correlation_id: str
    parent_id: str | None = None
    cancellable: bool = True
    steps: tuple[StepView, ...] = ()
    result: Any = None
    error: dict[str, Any] | None = None


class RunPage(Page[RunView], frozen=True, kw_only=True):
    """A page of runs without their steps."""
