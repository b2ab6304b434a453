"""The whole firm on one day: every fact, once."""

from datetime import date

from msgspec import Struct

from .commerce import (
    ChangeOrder,
    Client,
    Contract,
    Deal,
    ExpenseRule,
    Policy,
    RateCard,
    Retainer,
)
from .delivery import (
    Assignment,
    Expense,
    Milestone,
    PastInvoice,
    Project,
    ProjectTemplate,
    TimeEntry,
    VendorBill,
)
from .organisation import (
    Absence,
    Calendar,
    CostCenter,
    CostCenterMap,
    Entity,
    FiscalPeriod,
    FxQuote,
    Person,
    TaxCode,
)


class Firm(Struct, frozen=True, kw_only=True):
    """Who supplies what: customers' systems see their share of it; the registers hold contracts, prices, policies."""

    as_of: date
    seed: int
    name: str
    entities: tuple[Entity, ...]
    cost_centers: tuple[CostCenter, ...]
    cost_center_maps: tuple[CostCenterMap, ...]
    periods: tuple[FiscalPeriod, ...]
    tax_codes: tuple[TaxCode, ...]
    fx_quotes: tuple[FxQuote, ...]
    calendars: tuple[Calendar, ...]
    people: tuple[Person, ...]
    absences: tuple[Absence, ...]
    clients: tuple[Client, ...]
    deals: tuple[Deal, ...]
    templates: tuple[ProjectTemplate, ...]
    projects: tuple[Project, ...]
    assignments: tuple[Assignment, ...]
    time_entries: tuple[TimeEntry, ...]
    expenses: tuple[Expense, ...]
    milestones: tuple[Milestone, ...]
    invoices: tuple[PastInvoice, ...]
    vendor_bills: tuple[VendorBill, ...]
    contracts: tuple[Contract, ...]
    retainers: tuple[Retainer, ...]
    change_orders: tuple[ChangeOrder, ...]
    rate_cards: tuple[RateCard, ...]
    expense_rules: tuple[ExpenseRule, ...]
    policies: tuple[Policy, ...]
