"""What is known about one version of a time entry, and what was decided about it. Plain structs."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from contracts.canon.ledger import LegalEntity
from contracts.canon.project import ProjectTask
from contracts.canon.timesheet import TimeEntry
from contracts.canon.worker import Worker
from contracts.money import ZERO
from contracts.process.register_objects import Contract, ContractLine, RegisteredProject
from contracts.process.time_posting import Part as TransactionPart
from contracts.process.time_posting import TransactionState
from domain import rating
from domain.periods import AccountingPeriod
from domain.quantities import PriorDay
from domain.rate_book import RateBook


class Facts(Struct, frozen=True, kw_only=True):
    """Everything that decides about one version of one entry.

    `task` is null for time on the project as a whole, and while the PSA did not state it. `assigned` is null while nothing
    is known of bookings on the project. `settled` are (code, grounds) a person decided for it. `book` has the prices of the
    contract line, once there is one. `consumed` and `prior_day` leave out what the entry itself used before; `prior_day` is
    null where a day's entries are billed one by one.
    """

    entry_id: str
    version: int
    entry: TimeEntry
    project: RegisteredProject | None = None
    task: ProjectTask | None = None
    contracts: tuple[Contract, ...] = ()
    worker: Worker | None = None
    assigned: bool | None = None
    entity: LegalEntity | None = None
    book: RateBook | None = None
    periods: tuple[AccountingPeriod, ...] = ()
    cost_center: str | None = None
    hours_on_day: Decimal = ZERO
    twins: tuple[str, ...] = ()
    retro_limit_days: int = 60
    policy_versions: Mapping[str, int] = {}
    settled: frozenset[tuple[str, str]] = frozenset()
    consumed: Mapping[str, Decimal] = {}
    prior_day: PriorDay | None = None


class Failure(Struct, frozen=True, kw_only=True):
    """Something of 4c that is not as it should be; `facts` are its evidence. A warning does not stop the entry.

    `grounds` say what exactly a person who settles it decides about: on other grounds it fails again. `contract_wide`
    warnings are about the contract, once for all its entries. `amount` is the value at risk where it is known.
    """

    code: str
    detail: str
    warning: bool = False
    grounds: str = ""
    contract_wide: bool = False
    amount: Decimal | None = None
    facts: Mapping[str, Any] = {}


class Part(Struct, frozen=True, kw_only=True):
    """A part of an entry as a transaction: its commands lead from `pending` to its state. `amount` in contract currency."""

    part: TransactionPart
    hours: Decimal
    quantity: Decimal
    amount: Decimal
    commands: tuple[str, ...]
    codes: tuple[str, ...] = ()

    @property
    def state(self) -> TransactionState:
        """Where the commands lead."""
        return _ENDS[self.commands[-1]]


_ENDS: Mapping[str, TransactionState] = {"fail": "exception", "exclude": "excluded", "rate": "rated", "hold": "held"}


class Verdict(Struct, frozen=True, kw_only=True):
    """What becomes of an entry: its parts with one rating, and what to open exceptions for. `cost` per hour."""

    parts: tuple[Part, ...]
    failures: tuple[Failure, ...] = ()
    contract: Contract | None = None
    line: ContractLine | None = None
    entity: LegalEntity | None = None
    rated: rating.RatedTime | None = None
    posting_date: date | None = None
    cost: Decimal | None = None
    cost_currency: str | None = None
    cost_center: str | None = None

    @property
    def codes(self) -> frozenset[str]:
        """All that is said of the entry."""
        return frozenset((*(f.code for f in self.failures), *(c for p in self.parts for c in p.codes)))

    @property
    def failed(self) -> bool:
        """Whether the entry waits in exception, whole."""
        return self.parts[0].state == "exception"
