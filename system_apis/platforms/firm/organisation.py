"""The firm as a company: entities, books, calendars and people, in plain structs.

No canonical type and no vendor word: every simulator translates these into its own vendor's records.
Dates are local calendar dates, ranges are inclusive at both ends (TIME-2), money and hours are `Decimal`.
"""

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct


class Entity(Struct, frozen=True, kw_only=True):
    """A legal entity. `code` US01, DE01, UK01; `registrations` = countries where it is registered for tax."""

    code: str
    name: str
    country: str
    currency: str
    registrations: tuple[str, ...]
    tax_id: str
    street: str
    city: str
    postal_code: str
    region: str
    hours_per_day: Decimal
    receipt_threshold: Decimal
    calendar: str


class CostCenter(Struct, frozen=True, kw_only=True):
    """A department of an entity; `entity` is the home entity's code."""

    code: str
    name: str
    entity: str


class CostCenterMap(Struct, frozen=True, kw_only=True):
    """Where cost of a center goes when it works for an entity (CCM-1). `kind` = time, expense, milestone, ..."""

    cost_center: str
    project_entity: str
    kind: str
    gl_account: str
    target_cost_center: str


class FiscalPeriod(Struct, frozen=True, kw_only=True):
    """One accounting month of one entity. `state` = future, open, soft_closed, closed."""

    entity: str
    name: str
    starts_on: date
    ends_on: date
    state: str
    ar_cutoff_at: datetime
    close_target_at: datetime


class TaxCode(Struct, frozen=True, kw_only=True):
    """`treatment` = standard, exempt, reverse_charge, out_of_scope; `erp_code` is the ledger's own name for it."""

    code: str
    country: str
    rate_pct: Decimal
    treatment: str
    valid_from: date
    valid_to: date | None
    erp_code: str
    entity: str


class FxQuote(Struct, frozen=True, kw_only=True):
    """One unit of `base` costs `rate` units of `quote` on that day."""

    base: str
    quote: str
    on: date
    rate: Decimal
    source: str


class Holiday(Struct, frozen=True, kw_only=True):
    on: date
    name: str


class Calendar(Struct, frozen=True, kw_only=True):
    """Working hours Monday to Sunday and the public holidays."""

    code: str
    name: str
    country: str
    weekday_hours: tuple[Decimal, ...]
    holidays: tuple[Holiday, ...]

    def hours_on(self, day: date) -> Decimal:
        """Working hours of a day, 0 on a public holiday."""
        if any(holiday.on == day for holiday in self.holidays):
            return Decimal(0)
        return self.weekday_hours[day.weekday()]


class Skill(Struct, frozen=True, kw_only=True):
    """`level` 1 to 5."""

    code: str
    name: str
    level: int
    verified: bool


class CostRate(Struct, frozen=True, kw_only=True):
    """Loaded cost per hour. Ranges of one person do not overlap (RES-2)."""

    rate: Decimal
    currency: str
    starts_on: date
    ends_on: date | None


class Person(Struct, frozen=True, kw_only=True):
    """A worker. `number` E1001.. is the employee number every system knows; `worker_type` = employee, contractor.

    `manager` is the number of the superior, None for the head of the firm; only contractors have a vendor.
    """

    number: str
    given_name: str
    family_name: str
    email: str
    entity: str
    cost_center: str
    role: str
    seniority: str
    title: str
    location: str
    skills: tuple[Skill, ...]
    calendar: str
    cost_rates: tuple[CostRate, ...]
    hired_on: date
    ends_on: date | None
    manager: str | None
    worker_type: str
    vendor: str | None
    vendor_po: str | None

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"


class Absence(Struct, frozen=True, kw_only=True):
    """One day away. `kind` = vacation, sick, parental, training; `state` = approved, requested."""

    code: str
    person: str
    on: date
    hours: Decimal
    kind: str
    state: str
