"""What the steps of an onboarding hand to each other: recorded, so that a repeat works with the same ids and terms."""

from datetime import date
from typing import Literal

from msgspec import Struct

from contracts.canon.deal import BillingMethod, Deal, PlannedMilestone, RoleNeed
from contracts.canon.party import Account
from contracts.money import Exact
from contracts.process.register_objects import RevenueMethod


class Sold(Struct, frozen=True, kw_only=True):
    """A complete deal (OPP-1) and who bought it."""

    deal: Deal
    account: Account


class Matched(Struct, frozen=True, kw_only=True):
    """The customer of the register; `how` says whether it was known, found by likeness, named by a person or new."""

    id: str
    how: Literal["linked", "matched", "named", "created"]


class Billed(Struct, frozen=True, kw_only=True):
    """The deal as it was when the ERP accepted it, and its terms there. `ref` is the receivables customer."""

    ref: str
    created: bool
    deal: Deal
    account: Account
    entity_country: str
    payment_terms: str
    tax_treatment: str


class PlannedDemand(Struct, frozen=True, kw_only=True):
    """A row of the roles profile under the id its demand gets."""

    id: str
    need: RoleNeed


class PlannedDelivery(Struct, frozen=True, kw_only=True):
    """A milestone under the id it gets."""

    id: str
    milestone: PlannedMilestone


class CountryPlan(Struct, frozen=True, kw_only=True):
    """What one delivery country gets (PRJ-2). `adopted_*` name a PSA project somebody made for the deal before."""

    country: str
    project_id: str
    line_id: str
    demands: tuple[PlannedDemand, ...] = ()
    milestones: tuple[PlannedDelivery, ...] = ()
    adopted_ref: str | None = None
    adopted_code: str | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """All ids of an onboarding, made once: they are the keys of every write (WF-3). The first country leads."""

    engagement_id: str
    contract_id: str
    countries: tuple[CountryPlan, ...]


class Registered(Struct, frozen=True, kw_only=True):
    """The active contract and the code of each project, in the order of the plan."""

    id: str
    cost_center: str
    codes: tuple[str, ...]


class Branch(Struct, frozen=True, kw_only=True):
    """All that the provisioning of one country needs; also the input of its own run when there are several."""

    deal_ref: str
    account_ref: str
    customer_id: str
    contract_id: str
    engagement_id: str
    customer_ref: str
    name: str
    code: str
    entity_code: str
    currency: str
    billing_method: BillingMethod
    revenue_method: RevenueMethod
    value: Exact | None
    amount: Exact
    cost_center: str
    start_on: date
    end_on: date
    country: CountryPlan


class Published(Struct, frozen=True, kw_only=True):
    """The demands of a project."""

    refs: tuple[str, ...]


class Provisioned(Struct, frozen=True, kw_only=True):
    """An active project: its ids here, in the PSA and in the ERP."""

    id: str
    code: str
    country: str
    psa_ref: str
    erp_ref: str
    demand_refs: tuple[str, ...] = ()


class Provisions(Struct, frozen=True, kw_only=True):
    """The projects of several countries."""

    items: tuple[Provisioned, ...]


class Onboarded(Struct, frozen=True, kw_only=True):
    """How an onboarding ended. `partially_provisioned`: a country was given up, the others are at work."""

    state: Literal["provisioned", "partially_provisioned"]
    deal_ref: str
    customer_id: str
    contract_id: str
    engagement_id: str
    customer_ref: str
    projects: tuple[Provisioned, ...]
