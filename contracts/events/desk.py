"""What happens to exceptions and runs: the work of people who watch (domain rules 3.1)."""

from datetime import datetime
from typing import Any, ClassVar

from contracts.canon.ref import CurrencyCode
from contracts.events.event import Event
from contracts.money import Exact


class ExceptionEvent(Event, frozen=True, kw_only=True):
    """Something happened to a business exception; `subject` is what it is about."""

    source: ClassVar[str] = "/r2r/exception"
    code: str
    subject: str
    severity: str
    owner_role: str
    amount_at_risk: Exact | None = None
    currency: CurrencyCode | None = None
    due_at: datetime
    run_id: str | None = None

    @property
    def partitionkey(self) -> str:
        """Exceptions about one object keep their order."""
        return self.subject


class ExceptionOpened(ExceptionEvent, frozen=True, kw_only=True):
    """Somebody has to act."""

    type: ClassVar[str] = "exception.opened"


class ExceptionResolved(ExceptionEvent, frozen=True, kw_only=True):
    """The cause is gone."""

    type: ClassVar[str] = "exception.resolved"


class ExceptionWaived(ExceptionEvent, frozen=True, kw_only=True):
    """Somebody above the owner accepted it."""

    type: ClassVar[str] = "exception.waived"


class ExceptionSlaBreached(ExceptionEvent, frozen=True, kw_only=True):
    """Due time passed; raised once."""

    type: ClassVar[str] = "exception.sla_breached"


class RunEvent(Event, frozen=True, kw_only=True):
    """Something happened to a run."""

    source: ClassVar[str] = "/r2r/workflow"
    workflow: str
    step: str | None = None
    error: dict[str, Any] | None = None


class RunCompleted(RunEvent, frozen=True, kw_only=True):
    """Reached its end."""

    type: ClassVar[str] = "workflow.completed"


class RunFailed(RunEvent, frozen=True, kw_only=True):
    """Gave up."""

    type: ClassVar[str] = "workflow.failed"


class RunCompensated(RunEvent, frozen=True, kw_only=True):
    """Everything it did was undone."""

    type: ClassVar[str] = "workflow.compensated"
