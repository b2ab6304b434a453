"""Runs as text: one line, a page, and one run with its steps."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from contracts.process.runs import RunView, StepView
from gateway.cli.tables import NOTHING, age, fields, moment, table

_HEADS = ("RUN", "WORKFLOW", "STATUS", "AGE", "KEY")


def status(run: RunView) -> str:
    """The status as people say it: `held` for one that waits for a person, with the time for one that tries again."""
    waiting = run.waiting_for
    if waiting is None or run.status not in ("running", "waiting"):
        return run.status
    if waiting.kind == "person":
        return "held"
    return f"waiting until {moment(waiting.retry_at)}" if waiting.kind == "retry" else f"waiting for {waiting.signal}"


def page(runs: Sequence[RunView]) -> str:
    """A table of runs."""
    return table(_HEADS, [(r.id, r.workflow, status(r), age(r.created_at), r.key) for r in runs], right="AGE")


def progress(run: RunView) -> str:
    """`6 of 9 steps, post_invoice: waiting until 09:51 UTC`; the number of steps to come is not known."""
    done = sum(step.status in ("done", "skipped") for step in run.steps)
    current = next((step for step in reversed(run.steps) if step.status in ("running", "waiting")), None)
    at = f", {current.name}" + (f" (try {current.attempt})" if current.attempt > 1 else "") if current else ""
    return f"{run.id}: {status(run)}, {done} steps done{at}"


def whole(run: RunView) -> str:
    """A run with its steps and how it ended."""
    waiting = run.waiting_for
    facts = fields(
        (
            ("Run", run.id),
            ("Workflow", run.workflow),
            ("Key", run.key),
            ("Status", status(run)),
            ("Waits because", waiting.detail if waiting else None),
            ("Exception", waiting.exception_id if waiting else None),
            ("Started", moment(run.created_at)),
            ("Changed", moment(run.updated_at)),
            ("Correlation id", run.correlation_id),
            *_result(run.result),
            ("Error", _error(run.error)),
        )
    )
    steps = table(("STEP", "STATUS", "TRY", "TOOK", "LEFT BEHIND"), [_step(s) for s in run.steps], right="TRY TOOK")
    return f"{facts}\n\n{steps}" if run.steps else facts


def _result(result: Any) -> list[tuple[str, str]]:
    if not isinstance(result, dict):
        return []
    return [(name.replace("_", " ").capitalize(), _plain(value)) for name, value in result.items() if value]


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(item)}" for name, item in value.items())
    return "; ".join(map(_plain, value)) if isinstance(value, list | tuple) else str(value)


def _step(step: StepView) -> tuple[str, str, int, str, str]:
    took = _span(step.ended_at - step.started_at) if step.ended_at else NOTHING
    left = step.external_ref or (_error(step.error) if step.status != "done" else None)
    return step.name, step.status, step.attempt, took, left or NOTHING


def _span(took: timedelta) -> str:
    milliseconds = took // timedelta(milliseconds=1)
    return f"{milliseconds} ms" if milliseconds < 10_000 else f"{milliseconds // 1000} s"


def _error(error: dict[str, Any] | None) -> str | None:
    return None if error is None else str(error.get("detail") or error.get("title") or error.get("code"))
