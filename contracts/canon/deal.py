"""A sold deal as the CRM states it (Opportunity of domain rules 2.2)."""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from contracts.canon.ref import Code, CountryCode, CurrencyCode, Page, Ref, Text
from contracts.money import Exact

DealState = Literal["open", "closed_won", "closed_lost"]
BillingMethod = Literal["time_and_materials", "fixed_price", "milestone", "retainer", "recurring"]


class RoleNeed(Struct, frozen=True, kw_only=True):
    """One row of the roles profile: who is needed, where, from when to when (inclusive), for how many hours."""

    role_code: Code
    seniority_code: Code | None = None
    location_code: Code | None = None
    start_on: date
    end_on: date
    hours: Exact
    unit_price: Exact | None = None


class PlannedMilestone(Struct, frozen=True, kw_only=True):
    """A milestone sold with the deal; amount in the deal's currency."""

    sequence: int
    name: Text
    planned_on: date
    amount: Exact
    acceptance_required: bool = True


class Deal(Struct, frozen=True, kw_only=True):
    """A deal. `entity_code` is the contracting legal entity, `delivery_countries` where the work is done."""

    ref: Ref
    name: Text
    account_ref: Ref
    state: DealState
    stage: str
    amount: Exact
    currency: CurrencyCode
    closed_on: date
    entity_code: Code | None
    delivery_countries: tuple[CountryCode, ...] = ()
    document_ref: str | None = None
    signed_on: date | None = None
    billing_method: BillingMethod | None = None
    payment_terms: str | None = None
    service_line: Code | None = None
    start_on: date | None = None
    end_on: date | None = None
    roles: tuple[RoleNeed, ...] = ()
    milestones: tuple[PlannedMilestone, ...] = ()
    po_required: bool = False
    po_number: str | None = None
    po_amount: Exact | None = None
    nte_amount: Exact | None = None
    owner_name: str | None = None
    changed_at: datetime


class DealPage(Page[Deal], frozen=True, kw_only=True):
    """A page of deals."""


class DealAnnotation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What Ledgerway writes back on the deal: the project it became and where it stands."""

    project_code: Code
    status: Code
    note: str = ""
