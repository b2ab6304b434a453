"""What happens to contracts, projects, rate cards and recorded time (domain rules 3.1)."""

from datetime import date
from typing import ClassVar

from contracts.canon.timesheet import TimeEntry
from contracts.events.event import Event


class ContractEvent(Event, frozen=True, kw_only=True):
    """Something happened to a contract."""

    source: ClassVar[str] = "/r2r/contract"
    contract_version: int
    effective_date: date | None = None
    change_order_id: str | None = None


class ContractActivated(ContractEvent, frozen=True, kw_only=True):
    """The contract is in force."""

    type: ClassVar[str] = "contract.activated"


class ContractAmended(ContractEvent, frozen=True, kw_only=True):
    """A change order was applied."""

    type: ClassVar[str] = "contract.amended"


class ContractSuspended(ContractEvent, frozen=True, kw_only=True):
    """No work is billed until it resumes."""

    type: ClassVar[str] = "contract.suspended"


class ContractResumed(ContractEvent, frozen=True, kw_only=True):
    """In force again."""

    type: ClassVar[str] = "contract.resumed"


class ContractTerminated(ContractEvent, frozen=True, kw_only=True):
    """Ended early."""

    type: ClassVar[str] = "contract.terminated"


class ContractCompleted(ContractEvent, frozen=True, kw_only=True):
    """Ended as agreed."""

    type: ClassVar[str] = "contract.completed"


class ContractClosed(ContractEvent, frozen=True, kw_only=True):
    """Nothing left to bill."""

    type: ClassVar[str] = "contract.closed"


class ProjectEvent(Event, frozen=True, kw_only=True):
    """Something happened to a project. `hold_from` is the first day of which it takes no work, while it is held or closing."""

    source: ClassVar[str] = "/r2r/project"
    code: str
    legal_entity_id: str
    hold_from: date | None = None
    contract_line_ids: tuple[str, ...] = ()
    xrefs: dict[str, str] = {}  # noqa: RUF012 - a Struct copies it


class ProjectCreated(ProjectEvent, frozen=True, kw_only=True):
    """All required cross references exist."""

    type: ClassVar[str] = "project.created"


class ProjectActivated(ProjectEvent, frozen=True, kw_only=True):
    """Time may be booked and billed."""

    type: ClassVar[str] = "project.activated"


class ProjectOnHold(ProjectEvent, frozen=True, kw_only=True):
    """No work from a day on."""

    type: ClassVar[str] = "project.on_hold"


class ProjectResumed(ProjectEvent, frozen=True, kw_only=True):
    """Work goes on."""

    type: ClassVar[str] = "project.resumed"


class ProjectClosing(ProjectEvent, frozen=True, kw_only=True):
    """Only earlier work is still booked."""

    type: ClassVar[str] = "project.closing"


class ProjectClosed(ProjectEvent, frozen=True, kw_only=True):
    """Nothing left to bill or book."""

    type: ClassVar[str] = "project.closed"


class ProjectCancelled(ProjectEvent, frozen=True, kw_only=True):
    """Never started."""

    type: ClassVar[str] = "project.cancelled"


class RateCardChanged(Event, frozen=True, kw_only=True):
    """A version of a rate card became active, or ended."""

    type: ClassVar[str] = "rate_card.changed"
    source: ClassVar[str] = "/r2r/rate_card"
    card_version: int
    scope: str
    scope_ref: dict[str, str] = {}  # noqa: RUF012 - a Struct copies it
    effective_from: date
    changed_on: date


class RateCardExpired(RateCardChanged, frozen=True, kw_only=True):
    """Its last day passed."""

    type: ClassVar[str] = "rate_card.expired"


class TimeEvent(Event, frozen=True, kw_only=True):
    """A version of a time entry; the whole entry travels. `connection` is the instance it came from."""

    source: ClassVar[str] = "/r2r/time"
    connection: str
    entry: TimeEntry
    supersedes_version: int | None = None


class TimeSubmitted(TimeEvent, frozen=True, kw_only=True):
    """Waits for approval."""

    type: ClassVar[str] = "time.submitted"


class TimeRecalled(TimeEvent, frozen=True, kw_only=True):
    """Taken back by the person."""

    type: ClassVar[str] = "time.recalled"


class TimeRejected(TimeEvent, frozen=True, kw_only=True):
    """Sent back by the approver."""

    type: ClassVar[str] = "time.rejected"


class TimeApproved(TimeEvent, frozen=True, kw_only=True):
    """Approved: billable value begins here."""

    type: ClassVar[str] = "time.approved"


class TimeCorrected(TimeEvent, frozen=True, kw_only=True):
    """A new approved version replaces an approved one."""

    type: ClassVar[str] = "time.corrected"


class TimeVoided(TimeEvent, frozen=True, kw_only=True):
    """An approved entry no longer counts."""

    type: ClassVar[str] = "time.voided"
