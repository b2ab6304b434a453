"""People as the HCM knows them (Resource of domain rules 2.2). Cost rates are masked from all but finance (SOD-2)."""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from contracts.canon.ref import Code, CurrencyCode, Page, Ref, Text
from contracts.money import Exact


class Skill(Struct, frozen=True, kw_only=True):
    """A skill and its level, 1 to 5."""

    code: Code
    level: int
    verified: bool = False


class CostRate(Struct, frozen=True, kw_only=True):
    """Loaded cost per hour in an inclusive range; a null end is open."""

    rate: Exact
    currency: CurrencyCode
    valid_from: date
    valid_to: date | None = None


class Worker(Struct, frozen=True, kw_only=True):
    """An employee or contractor. `number` is the employee number by which other systems know the person (MAP-5)."""

    ref: Ref
    number: Code
    name: Text
    email: str | None = None
    worker_type: Literal["employee", "contractor"]
    entity_code: Code
    cost_center_code: Code
    location_code: Code
    role_code: Code
    seniority_code: Code | None = None
    calendar_code: Code
    skills: tuple[Skill, ...] = ()
    cost_rates: tuple[CostRate, ...] = ()
    start_on: date
    end_on: date | None = None
    manager_number: Code | None = None


class WorkerPage(Page[Worker], frozen=True, kw_only=True):
    """A page of workers."""


class Absence(Struct, frozen=True, kw_only=True):
    """Approved leave of one person on one day."""

    ref: Ref
    worker_ref: Ref
    on: date
    hours: Exact
    kind: Code


class AbsencePage(Page[Absence], frozen=True, kw_only=True):
    """A page of absences."""


class Calendar(Struct, frozen=True, kw_only=True):
    """Working hours per weekday, Monday first, and the holidays."""

    code: Code
    weekday_hours: tuple[Exact, Exact, Exact, Exact, Exact, Exact, Exact]
    holidays: tuple[date, ...] = ()
    changed_at: datetime | None = None


class CalendarPage(Page[Calendar], frozen=True, kw_only=True):
    """A page of calendars."""
