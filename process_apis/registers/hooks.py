"""What the worker asks of the exception register when a step or a delivery needs a person."""

from contracts.call import Call
from contracts.periods import Clock, SystemClock
from contracts.problems import Problem
from contracts.process.exception_objects import BusinessException
from domain import exceptions as catalogue
from process_apis.registers import exceptions
from process_apis.registers.exceptions import Finding
from process_apis.registers.unit import Unit
from runtime.data.database import Connection
from runtime.work.hooks import DeadLetter

_OPEN = ("open", "acknowledged", "in_progress")


def _evidence(problem: Problem) -> dict[str, object]:
    errors = [violation.wire() for violation in problem.errors]
    return {"problem": problem.slug, "detail": problem.detail, **problem.facts} | ({"errors": errors} if errors else {})


class ExceptionHooks:
    """Implements runtime.work.hooks.Hooks."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()

    def _unit(self, connection: Connection, call: Call) -> Unit:
        return Unit(connection, call, self._clock.now())

    async def open_exception(
        self, connection: Connection, call: Call, *, run_id: str, step: str, code: str, problem: Problem
    ) -> str:
        """An exception about the run; a code the catalogue does not know is held as SYSTEM_UNAVAILABLE."""
        known = code if code in catalogue.CATALOGUE else "SYSTEM_UNAVAILABLE"
        finding = Finding(
            code=known,
            object_id=str(problem.facts.get("object_id", run_id)),
            rule_key=f"{run_id}/{step}",
            run_id=run_id,
            step=step,
            contract_id=problem.facts.get("contract_id"),
            amount_at_risk=problem.facts.get("amount_at_risk"),
            currency=problem.facts.get("currency"),
            facts=_evidence(problem),
        )
        opened: BusinessException = await exceptions.open_(self._unit(connection, call), finding)
        return opened.id

    async def clear_exception(self, connection: Connection, call: Call, exception_id: str) -> None:
        """Auto-resolve it, unless somebody settled it before."""
        unit = self._unit(connection, call)
        found = await exceptions.get(unit, exception_id)
        if found.state in _OPEN:
            await exceptions.change(unit, exception_id, "auto_resolve", "The step went through.")

    async def on_dead_letter(self, connection: Connection, call: Call, letter: DeadLetter) -> None:
        """EVENT_DEAD_LETTERED about the event, owned by integration support."""
        finding = Finding(
            code="EVENT_DEAD_LETTERED",
            object_id=letter.event_id,
            rule_key=letter.subscriber,
            facts={"subscriber": letter.subscriber, "attempts": letter.attempts, **_evidence(letter.problem)},
        )
        await exceptions.open_(self._unit(connection, call), finding)
