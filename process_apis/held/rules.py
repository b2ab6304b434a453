"""What a decision about held work would do, in words, and which parts of a payload nobody sees here. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.process.held_desk import Effect, HeldStep
from contracts.process.runs import RunView, StepView

HIDDEN = "[hidden]"
# Cost and pay are for finance alone (SOD-2); the rest names people or pays them.
_PRIVATE = frozenset(
    {"cost", "cost_amount", "cost_currency", "cost_rate", "email", "iban", "pay", "phone", "salary", "worker_name"}
)


def without_private(value: Any) -> Any:
    """A payload without what its readers need not know of people; secrets are struck out elsewhere."""
    if isinstance(value, Mapping):
        return {
            name: HIDDEN if name in _PRIVATE and part is not None else without_private(part)
            for name, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_private(part) for part in value]
    return value


def effect_on_run(run: RunView, step: str) -> Effect:
    """Replaying goes on at the step that is held; discarding undoes what was done, when that is still possible."""
    done = [s for s in run.steps if s.status == "done" and s.kind in ("step", "child")]
    again = f"Step “{step}” runs again." if step else "The run goes on behind its last step."
    kept = f" {_said(len(done))} done and not repeated." if done else ""
    return Effect(
        replay=f"{again} It looks first whether it was done already, so nothing is made twice.{kept}",
        discard=_undoing(run, done) if run.cancellable else None,
        done=tuple(HeldStep(name=s.name, external_ref=s.external_ref) for s in done),
    )


def _said(count: int) -> str:
    return "1 step is" if count == 1 else f"{count} steps are"


def _undoing(run: RunView, done: Sequence[StepView]) -> str:
    if not done:
        return "The run ends. It did nothing yet, so nothing has to be undone."
    names = ", ".join(f"“{s.name}”" for s in reversed(done))
    return f"The run ends and undoes what it did, the last first: {names}."


def effect_on_event(type_: str, subject: str, reader: str, others: int) -> Effect:
    """The event goes to the reader that gave it up, to no other."""
    spared = f" The other {others} readers have it and do not get it again." if others > 1 else ""
    if others == 1:
        spared = " The other reader has it and does not get it again."
    return Effect(
        replay=f"{reader} reads {type_} about {subject} again, once.{spared}",
        discard=f"{reader} never reads this event. What it would have changed stays as it is.",
    )


def effect_on_delivery(kind: str, instance: str) -> Effect:
    """The delivery is read as it came."""
    return Effect(
        replay=f"The delivery of kind {kind} from {instance} is read again as it came. What it tells counts once.",
        discard=f"The delivery is not read again. If {instance} sends the same once more, it is known and changes nothing.",
    )
