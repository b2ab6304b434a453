"""What the ERP owns: entities, periods, dimensions, tax codes, rates, project shells, postings and journals."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.canon.ref import LARGEST_BULK, Code, CountryCode, CurrencyCode, Page, Ref, Text
from contracts.money import Exact, RoundingMode

TaxTreatment = Literal["standard", "exempt", "reverse_charge", "out_of_scope"]


class LegalEntity(Struct, frozen=True, kw_only=True):
    """A company that contracts, employs or posts. What prices its work is null where its ERP says nothing: half up, 8 hours,
    no multipliers (DEC-3, QTY-1, MULT-1)."""

    ref: Ref
    code: Code
    name: Text
    country: CountryCode
    functional_currency: CurrencyCode
    active: bool = True
    rounding_mode: RoundingMode | None = None
    hours_per_day: Exact | None = None
    multipliers: dict[Code, Exact] = {}


class LegalEntityPage(Page[LegalEntity], frozen=True, kw_only=True):
    """A page of legal entities."""


class FiscalPeriod(Struct, frozen=True, kw_only=True):
    """An accounting period of one entity; both days inclusive."""

    ref: Ref
    entity_code: Code
    name: Text
    start_on: date
    end_on: date
    state: Literal["future", "open", "soft_closed", "closed"]


class FiscalPeriodPage(Page[FiscalPeriod], frozen=True, kw_only=True):
    """A page of periods."""


class Dimension(Struct, frozen=True, kw_only=True):
    """A value of a financial dimension, such as a cost center."""

    ref: Ref
    kind: Code
    code: Code
    name: Text
    entity_code: Code | None = None
    active: bool = True


class DimensionPage(Page[Dimension], frozen=True, kw_only=True):
    """A page of dimension values."""


class TaxCode(Struct, frozen=True, kw_only=True):
    """A tax code; `rate_pct` 19.00 means 19 %."""

    ref: Ref
    code: Code
    country: CountryCode
    rate_pct: Exact
    treatment: TaxTreatment
    valid_from: date
    valid_to: date | None = None


class TaxCodePage(Page[TaxCode], frozen=True, kw_only=True):
    """A page of tax codes."""


class FxQuote(Struct, frozen=True, kw_only=True):
    """One unit of `from_currency` costs `rate` units of `to_currency` on that day."""

    from_currency: CurrencyCode
    to_currency: CurrencyCode
    on: date
    rate: Exact
    source: Code


class FxQuotePage(Page[FxQuote], frozen=True, kw_only=True):
    """A page of rates."""


class Balance(Struct, frozen=True, kw_only=True):
    """A balance of one entity at the end of a day, e.g. open receivables."""

    entity_code: Code
    kind: Literal["receivables", "unbilled"]
    currency: CurrencyCode
    amount: Exact
    on: date


class BalancePage(Page[Balance], frozen=True, kw_only=True):
    """A page of balances."""


class ProjectShell(Struct, frozen=True, kw_only=True):
    """The ERP's side of a project. `key` is the canonical project id."""

    ref: Ref
    key: str | None
    code: Code
    name: Text
    entity_code: Code
    customer_ref: Ref
    currency: CurrencyCode
    active: bool


class ProjectShellPage(Page[ProjectShell], frozen=True, kw_only=True):
    """A page of project shells."""


class NewProjectShell(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project shell to create or update, keyed by `key` (canonical project id)."""

    key: Code
    code: Code
    name: Text
    entity_code: Code
    customer_ref: Ref
    currency: CurrencyCode
    cost_center_code: Code
    contract_id: Code
    billing_method: Code
    revenue_method: Code
    value: Exact | None = None
    start_on: date
    end_on: date | None = None


class PostingLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cost and unbilled-revenue line, keyed by `key` (WF-3). `quantity` in `unit`; `amount` in `currency`; a reversal is negative."""

    key: Code
    transaction_id: Code
    entity_code: Code
    project_shell_ref: Ref
    worker_number: str | None = None
    service_date: date
    posting_date: date
    quantity: Exact
    unit: Literal["hour", "day", "unit"] = "hour"
    hours: Exact
    bill_rate: Exact
    amount: Exact
    currency: CurrencyCode
    billable: bool
    cost_center_code: Code
    memo: str = ""
    correlation_id: str = ""


class PostingLines(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines to post in bulk; at most 200 (SCL-3)."""

    items: Annotated[tuple[PostingLine, ...], Meta(max_length=LARGEST_BULK)]


class LineOutcome(Struct, frozen=True, kw_only=True):
    """What became of one line: the ERP's reference, or why not."""

    key: Code
    posted: bool
    ref: Ref | None = None
    code: str | None = None
    reason: str | None = None


class LineOutcomes(Struct, frozen=True, kw_only=True):
    """One outcome per line, in the order of the lines."""

    items: tuple[LineOutcome, ...]


class Posting(Struct, frozen=True, kw_only=True):
    """A line as it stands in the ERP."""

    ref: Ref
    key: str
    amount: Exact
    hours: Exact
    currency: CurrencyCode
    posting_date: date


class PostingPage(Page[Posting], frozen=True, kw_only=True):
    """A page of postings."""


class PostingKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys to look for; at most 200."""

    entity_code: Code
    keys: Annotated[tuple[Code, ...], Meta(max_length=LARGEST_BULK)]


class Reversal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Take back the line posted under `original_key` exactly (DEC-6), under a key of its own."""

    key: Code
    original_key: Code
    posting_date: date


class Reversals(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines to reverse; at most 200."""

    entity_code: Code
    items: Annotated[tuple[Reversal, ...], Meta(max_length=LARGEST_BULK)]


class JournalLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Debit is positive, credit negative."""

    account: Code
    amount: Exact
    cost_center_code: Code | None = None
    memo: str = ""


class NewJournal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A journal, all or nothing; lines sum to zero."""

    key: Code
    entity_code: Code
    currency: CurrencyCode
    posting_date: date
    memo: str = ""
    lines: tuple[JournalLine, ...]


class Journal(Struct, frozen=True, kw_only=True):
    """A posted journal."""

    ref: Ref
    key: str
    number: str | None = None
    posted_at: datetime | None = None
