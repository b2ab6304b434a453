"""From the facts about a bill group to the snapshot its 32 checks read (4f). Pure.

The invoice date is the last day of the period once that is past, else today. What counts as net is what a draft would bill
now: `queued` transactions (4f.1) and, once a draft holds them, `drafted` ones; `rated` ones still wait for the ERP.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from msgspec import Struct

from contracts.canon.ledger import FiscalPeriod, FxQuote, LegalEntity, TaxCode
from contracts.canon.party import BillingCustomer
from contracts.canon.project import Milestone
from contracts.money import ZERO, RoundingMode
from contracts.process.billing_objects import BillGroup, DraftInvoice
from contracts.process.exception_objects import BusinessException
from contracts.process.register_objects import Contract, Customer, RegisteredProject
from contracts.process.time_posting import Transaction
from domain import fx
from domain import snapshot as shape
from domain.invoices import due_date
from domain.metrics import metric
from domain.periods import within
from domain.terms import FixedRate
from domain.terms import FxQuote as Quote

BILLABLE = frozenset({"queued", "drafted"})
_GOOD_PROJECT = ("active", "on_hold", "closing")
_GOOD_CONTRACT = ("active", "completed", "terminated")
_RECONCILED = frozenset({"RECON_VARIANCE", "INVOICE_TOTAL_MISMATCH"})
_DUPLICATE, _UNMAPPED = "DUPLICATE_SUSPECTED", "COST_CENTER_UNMAPPED"
# These have a check of their own, or are about the draft itself.
_COUNTED_ELSEWHERE = frozenset(
    {_DUPLICATE, _UNMAPPED, *_RECONCILED, "READINESS_REGRESSED", "APPROVAL_LIMIT", "POSTING_FAILED", "POSTING_TIMEOUT"}
)


class Systems(Struct, frozen=True, kw_only=True):
    """Which instances serve the contract: a check whose facts no connected system supplies does not apply."""

    psa: frozenset[str] = frozenset()
    erp: str | None = None
    billing: str | None = None
    time: bool = False


class Facts(Struct, frozen=True, kw_only=True):
    """Everything that decides about one bill group. `contracts`: the group's own first, then others it bills.

    `debtor` is the ERP's copy of the bill-to; `cost` what the billed work cost by currency; `invoice` the live draft.
    """

    invoice_date: date
    group: BillGroup
    contracts: tuple[Contract, ...]
    projects: tuple[RegisteredProject, ...] = ()
    customer: Customer
    debtor: BillingCustomer | None = None
    debtor_ref: str | None = None
    entity: LegalEntity | None = None
    periods: tuple[FiscalPeriod, ...] = ()
    tax_codes: tuple[TaxCode, ...] = ()
    quotes: tuple[FxQuote, ...] = ()
    systems: Systems = Systems()
    transactions: tuple[Transaction, ...] = ()
    unapproved_hours: Decimal | None = None
    missing_timesheets: int | None = None
    milestones: tuple[Milestone, ...] = ()
    exceptions: tuple[BusinessException, ...] = ()
    po_consumed: Decimal = ZERO
    prior_open: tuple[str, ...] = ()
    billed_time: Decimal = ZERO
    cost: tuple[tuple[str | None, Decimal | None], ...] = ()
    invoice: DraftInvoice | None = None

    @property
    def contract(self) -> Contract:
        """The contract whose terms the draft follows."""
        return self.contracts[0]

    @property
    def rounding_mode(self) -> RoundingMode | None:
        """How money of the contracting entity is rounded (DEC-3)."""
        return self.entity.rounding_mode if self.entity else None

    @property
    def billable(self) -> tuple[Transaction, ...]:
        """What a draft bills now."""
        return tuple(t for t in self.transactions if t.state in BILLABLE and t.part != "non_billable")


def invoice_date(period_end: date, today: date) -> date:
    """The day an invoice of a period is dated when nobody chooses another."""
    return min(period_end, today)


def snapshot(facts: Facts, net_amount: Decimal, tax_codes_missing: tuple[str, ...]) -> shape.ReadinessSnapshot:
    """The snapshot of 4f; `tax_codes_missing` are the codes of lines without a tax treatment."""
    contract, own = facts.contract, facts.exceptions
    return shape.ReadinessSnapshot(
        invoice_date=facts.invoice_date,
        period=accounting_period(facts),
        contract=shape.SnapshotContract(
            state=_worst((c.state for c in facts.contracts), _GOOD_CONTRACT),
            po_required=contract.po_required,
            sequential_billing=contract.sequential_billing,
            partial_billing=contract.partial_billing,
            min_invoice_amount=contract.min_invoice_amount,
        ),
        project=_project(facts),
        customer=_customer(facts),
        po=_order(facts),
        tax=_tax(facts, tax_codes_missing),
        xref_missing=xref_missing(facts),
        fx_missing=None if facts.entity is None else functional_rate(facts).code is not None,
        payment_terms=payment_terms(facts),
        change_orders=_change_orders(facts),
        time=_time(facts),
        expenses=None,
        transactions=tuple(
            shape.SnapshotTransaction(id=t.id, state=t.state, amount=t.amount)
            for t in facts.transactions
            if t.state not in ("excluded", "written_off")
        ),
        milestones=tuple(
            shape.SnapshotMilestone(id=m.ref, state=m.state, acceptance_required=m.acceptance_required)
            for m in facts.milestones
        ),
        cap=_cap(facts),
        duplicates_open=len(of_code(own, _DUPLICATE)),
        unmapped_cost_centers=len(of_code(own, _UNMAPPED)),
        open_blocking_exceptions=len(blocking(own)),
        prior_invoice_open=bool(facts.prior_open),
        retainer=_retainer(facts),
        vendor_cost=None,
        margin=_margin(facts, net_amount),
        recon=_recon(own),
        net_amount=net_amount,
    )


def accounting_period(facts: Facts) -> shape.SnapshotPeriod | None:
    """The entity's period of the invoice date; without a state when the ERP has none for that day."""
    if not facts.periods:
        return None
    day = facts.invoice_date
    for period in facts.periods:
        if within(day, period.start_on, period.end_on):
            return shape.SnapshotPeriod(start=period.start_on, end=period.end_on, state=period.state)
    return shape.SnapshotPeriod(start=day, end=day, state=None)


def period_state(periods: Iterable[FiscalPeriod], day: date) -> str | None:
    """The state of the period a day lies in, or None without one."""
    return next((p.state for p in periods if within(day, p.start_on, p.end_on)), None)


def payment_terms(facts: Facts) -> str | None:
    """The ERP's terms of the bill-to (2.1), the contract's while there is no copy; null when no due date follows from them."""
    found = facts.debtor.payment_terms if facts.debtor is not None else facts.contract.payment_terms
    try:
        due_date(facts.invoice_date, found or "")
    except ValueError:
        return None
    return found


def functional_rate(facts: Facts) -> fx.FxRate:
    """From the contract's currency to the entity's, at the invoice date (INV-6, FX-2)."""
    question = fx.FxQuestion(
        from_=facts.contract.currency,
        to=facts.entity.functional_currency if facts.entity else facts.contract.currency,
        date=facts.invoice_date,
        quotes=quotes(facts.quotes),
        fixed=tuple(FixedRate(from_=f.from_, to=f.to, rate=f.rate) for f in facts.contract.fx_fixed),
    )
    return fx.exchange_rate(question)


def quotes(found: Iterable[FxQuote]) -> tuple[Quote, ...]:
    """The ERP's rates as the calculator reads them."""
    return tuple(Quote(from_=q.from_currency, to=q.to_currency, date=q.on, rate=q.rate) for q in found)


def xref_missing(facts: Facts) -> tuple[str, ...]:
    """Cross references an invoice needs and does not have: projects in PSA and ERP, the bill-to in the ERP."""
    found = []
    for project in facts.projects:
        systems = {ref.split(":", 1)[0] for ref in project.refs}
        if facts.systems.psa and not systems & facts.systems.psa:
            found.append(f"project {project.code} in the PSA")
        if facts.systems.erp is not None and facts.systems.erp not in systems:
            found.append(f"project {project.code} in the ERP")
    if facts.systems.billing is not None and facts.debtor_ref is None:
        found.append(f"customer {facts.customer.name} in the ERP")
    return tuple(found)


def of_code(found: Iterable[BusinessException], *codes: str) -> tuple[BusinessException, ...]:
    """The exceptions of some codes."""
    return tuple(e for e in found if e.code in codes)


def blocking(found: Iterable[BusinessException]) -> tuple[BusinessException, ...]:
    """Exceptions that only the check OPEN_EXCEPTION counts."""
    return tuple(e for e in found if e.severity == "blocking" and e.code not in _COUNTED_ELSEWHERE)


def reconciled(found: Iterable[BusinessException]) -> tuple[BusinessException, ...]:
    """Open differences between the hub and the ledger."""
    return of_code(found, *_RECONCILED)


def duplicates(found: Iterable[BusinessException]) -> tuple[BusinessException, ...]:
    """Suspected duplicates nobody decided about."""
    return of_code(found, _DUPLICATE)


def unmapped(found: Iterable[BusinessException]) -> tuple[BusinessException, ...]:
    """Cost centers without a ledger account."""
    return of_code(found, _UNMAPPED)


def _worst(states: Iterable[str], good: tuple[str, ...]) -> str | None:
    """The first state that is not good, else the first."""
    known = list(states)
    return next((s for s in known if s not in good), known[0] if known else None)


def _project(facts: Facts) -> shape.SnapshotProject | None:
    if not facts.projects:
        return None
    return shape.SnapshotProject(state=_worst((p.status for p in facts.projects), _GOOD_PROJECT))


def _customer(facts: Facts) -> shape.SnapshotCustomer | None:
    debtor = facts.debtor
    if debtor is None:
        return None
    return shape.SnapshotCustomer(
        active=debtor.active and facts.customer.status == "active",
        address_complete=debtor.address.complete,
        billing_hold=debtor.billing_hold,
        credit_hold=debtor.credit_hold,
    )


def _order(facts: Facts) -> shape.SnapshotOrder | None:
    po = facts.contract.po
    if po is None:
        return None
    remaining = None if po.amount is None else po.amount - facts.po_consumed
    return shape.SnapshotOrder(number=po.number, expires_on=po.expires_on, remaining=remaining)


def _tax(facts: Facts, missing: tuple[str, ...]) -> shape.SnapshotTax | None:
    """Null while no ERP states the entity's tax setup."""
    if facts.entity is None or not facts.tax_codes:
        return None
    return shape.SnapshotTax(status="undetermined" if missing else "determined")


def _change_orders(facts: Facts) -> tuple[shape.SnapshotChangeOrder, ...]:
    return tuple(
        shape.SnapshotChangeOrder(
            id=order.id, state=order.state, effective_date=order.effective_date, holds_billing=order.holds_billing
        )
        for contract in facts.contracts
        for order in contract.change_orders
    )


def _time(facts: Facts) -> shape.SnapshotTime | None:
    if not facts.systems.time:
        return None
    return shape.SnapshotTime(
        unapproved_billable_hours=facts.unapproved_hours or ZERO, missing_timesheets=facts.missing_timesheets or 0
    )


def _cap(facts: Facts) -> shape.SnapshotCap | None:
    """The contract's cap: an amount on contract, line or purchase order, or hours on a line (CAP-1)."""
    contract = facts.contract
    limits = [contract.nte_amount, contract.po.amount if contract.po else None]
    limits += [limit for line in contract.lines for limit in (line.nte_amount, line.nte_hours)]
    if all(limit is None for limit in limits):
        return None
    held = [t.amount for t in facts.transactions if t.part == "overage" and t.state == "held"]
    return shape.SnapshotCap(policy=contract.cap_policy, overage_held=sum(held, ZERO))


def _recon(found: Iterable[BusinessException]) -> shape.SnapshotRecon | None:
    """Null until a comparison with the ledger found something: that one was made and agreed is not kept per group."""
    return shape.SnapshotRecon(variance_breached=True) if reconciled(found) else None


def _retainer(facts: Facts) -> shape.SnapshotRetainer | None:
    found = facts.contract.retainer
    if found is None:
        return None
    return shape.SnapshotRetainer(state=found.state, available=found.available, low_threshold=found.low_threshold)


def _margin(facts: Facts, net_amount: Decimal) -> shape.SnapshotMargin | None:
    """Of contracts with a threshold, once the cost of all the work is known and converts."""
    threshold, cost = facts.contract.margin_threshold_pct, _cost(facts)
    if threshold is None or cost is None or net_amount <= 0:
        return None
    pct = metric("project_margin_pct", {"recognised_revenue": net_amount, "project_cost": cost})
    return shape.SnapshotMargin(pct=pct, threshold=threshold)


def _cost(facts: Facts) -> Decimal | None:
    total = ZERO
    for currency, amount in facts.cost:
        if currency is None or amount is None:
            return None
        question = fx.FxQuestion(
            from_=currency, to=facts.contract.currency, date=facts.invoice_date, quotes=quotes(facts.quotes)
        )
        rate = fx.exchange_rate(question).rate
        if rate is None:
            return None
        total += fx.exchanged(amount, rate, facts.contract.currency, facts.rounding_mode)
    return total if facts.cost else None
