"""From queued transactions to a draft: lines, volume discount, retainer, tax, totals, due date (5.9). Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from contracts.canon.billing import InvoiceLine, TaxGroup
from contracts.money import HOURS_PLACES, ZERO, round_money, round_places
from contracts.process.billing_objects import DraftInvoice, Functional
from contracts.process.time_posting import Transaction
from domain import discounts, invoice_lines, invoices, retainers
from process_apis.invoice_readiness.rules import Facts, functional_rate, payment_terms
from process_apis.invoice_readiness.taxes import Taxes, line_tax

_ONE = round_places(Decimal(1), HOURS_PLACES)
_NO_CODE = "-"


class Assembly(Struct, frozen=True, kw_only=True):
    """The lines of a draft in the order of INV-4, its totals, and what it draws from the contract's retainer."""

    lines: tuple[InvoiceLine, ...]
    totals: invoices.Totals
    functional: Functional | None
    drawn: Decimal

    @property
    def transaction_ids(self) -> tuple[str, ...]:
        """Everything the lines were made of."""
        return tuple(sorted(i for line in self.lines for i in line.transaction_ids))


def assemble(facts: Facts, taxes: Taxes) -> Assembly:
    """The draft of what can be billed now. Lines without a tax treatment stand under no code and bear no tax."""
    base = invoice_lines.aggregate_lines([_billable(t, taxes) for t in facts.billable], facts.contract.line_detail)
    nets = tuple(line.as_net() for line in base)
    discount = _discount(facts, nets)
    # The discount lessens what a retainer may pay, so that the two never exceed the work itself.
    reduced = (*nets, *(discounts.NetLine(id="d", kind="time", amount=d.amount, tax_code=d.tax_code) for d in discount))
    applied = _applied(facts, reduced)
    rates = {line.tax_code: line.tax_rate_pct for line in base}
    lines = _numbered(
        (*_described(facts, base), *_discount_lines(discount, rates), *_retainer_lines(facts, applied, rates))
    )
    totals = _totals(facts, lines)
    return Assembly(
        lines=lines,
        totals=totals,
        functional=_functional(facts, totals),
        drawn=-sum((a.amount for a in applied), ZERO),
    )


def _billable(transaction: Transaction, taxes: Taxes) -> invoice_lines.BillableTransaction:
    found, one = line_tax(taxes, transaction), transaction
    return invoice_lines.BillableTransaction(
        id=one.id,
        kind=one.kind,
        contract_line_id=one.contract_line_id or "",
        currency=one.currency or "",
        quantity=one.quantity,
        unit=one.unit,
        bill_rate=one.rating.bill_rate,
        amount=one.amount,
        tax_code=found.tax_code or _NO_CODE,
        tax_rate_pct=found.rate_pct,
        resource_id=one.worker_number,
        role_code=one.role_code,
        task_id=one.task_code,
        project_id=one.project_id,
    )


def _discount(facts: Facts, nets: tuple[discounts.NetLine, ...]) -> tuple[discounts.DiscountLine, ...]:
    tiers = tuple(discounts.VolumeTier(from_=t.from_, pct=t.pct) for t in facts.contract.volume_tiers)
    if not tiers or not nets:
        return ()
    question = discounts.VolumeQuestion(
        currency=facts.contract.currency,
        prior_net=facts.billed_time,
        lines=nets,
        tiers=tiers,
        rounding_mode=facts.rounding_mode,
    )
    return discounts.volume_discount(question).lines


def _applied(facts: Facts, nets: tuple[discounts.NetLine, ...]) -> tuple[retainers.RetainerApplication, ...]:
    found = facts.contract.retainer
    if found is None:
        return ()
    retainer = retainers.Retainer(
        id=found.id,
        state=found.state,
        posted_on=found.posted_on,
        expires_on=found.expires_on,
        available=found.available,
        tax_code=found.tax_code,
    )
    question = retainers.RetainerQuestion(
        currency=facts.contract.currency, period_end=facts.group.period_end, lines=nets, retainers=(retainer,)
    )
    return retainers.apply_retainers(question).applications


def _described(facts: Facts, base: Iterable[invoice_lines.InvoiceLine]) -> list[InvoiceLine]:
    by_id = {t.id: t for t in facts.billable}
    return [
        InvoiceLine(
            id=line.id,
            kind=line.kind,
            description=_description(facts, by_id[line.transaction_ids[0]])[:300],
            quantity=line.quantity,
            unit=line.unit or "unit",
            bill_rate=line.bill_rate,
            amount=line.amount,
            tax_code=line.tax_code,
            tax_rate_pct=line.tax_rate_pct,
            transaction_ids=line.transaction_ids,
        )
        for line in base
    ]


def _description(facts: Facts, first: Transaction) -> str:
    """What the client reads: the dimension the contract asks for, then project and period."""
    names = {p.id: p.name for p in facts.projects}
    project = names.get(first.project_id or "") or facts.contract.name
    if first.kind != "time":
        return first.description or f"{first.kind.capitalize()}: {project}"
    detail = {
        "entry": f"{first.service_date.isoformat()} {first.worker_name or first.worker_number}: {first.description}",
        "resource_role": f"{first.worker_name or first.worker_number}, {first.role_code}",
        "role": f"{first.role_code}",
        "task": f"{first.task_code or 'Services'}",
        "project": "Services",
    }[facts.contract.line_detail]
    return f"{detail}, {project}, {facts.group.period_start.isoformat()} to {facts.group.period_end.isoformat()}"


def _computed(kind: str, description: str, amount: Decimal, tax_code: str, rates: Mapping[str, Decimal]) -> InvoiceLine:
    return InvoiceLine(
        id=kind,
        kind=kind,
        description=description,
        quantity=_ONE,
        unit="unit",
        bill_rate=None,
        amount=amount,
        tax_code=tax_code,
        tax_rate_pct=rates.get(tax_code, ZERO),
    )


def _discount_lines(found: Iterable[discounts.DiscountLine], rates: Mapping[str, Decimal]) -> list[InvoiceLine]:
    return [_computed("discount", "Volume discount", one.amount, one.tax_code, rates) for one in found]


def _retainer_lines(
    facts: Facts, found: Iterable[retainers.RetainerApplication], rates: Mapping[str, Decimal]
) -> list[InvoiceLine]:
    code = facts.contract.retainer.tax_code if facts.contract.retainer else _NO_CODE
    return [_computed("retainer", f"Retainer {one.retainer_id} applied", one.amount, code, rates) for one in found]


def _numbered(lines: Iterable[InvoiceLine]) -> tuple[InvoiceLine, ...]:
    return tuple(replace(line, id=str(number)) for number, line in enumerate(lines, start=1))


def _totals(facts: Facts, lines: tuple[InvoiceLine, ...]) -> invoices.Totals:
    rate = functional_rate(facts).rate if facts.entity else None
    functional = None
    if facts.entity is not None and rate is not None:
        functional = invoices.FunctionalRate(currency=facts.entity.functional_currency, fx_rate=rate)
    amounts = tuple(
        invoices.AmountLine(id=line.id, amount=line.amount, tax_code=line.tax_code, tax_rate_pct=line.tax_rate_pct)
        for line in lines
    )
    question = invoices.TotalsQuestion(
        currency=facts.contract.currency, rounding_mode=facts.rounding_mode, lines=amounts, functional=functional
    )
    return invoices.invoice_totals(question)


def _functional(facts: Facts, totals: invoices.Totals) -> Functional | None:
    found, rate = totals.functional, functional_rate(facts).rate
    if found is None or rate is None:
        return None
    return Functional(currency=found.currency, fx_rate=rate, net=found.net, tax=found.tax, gross=found.gross)


def draft(facts: Facts, assembly: Assembly, invoice_id: str, prepared_by: str, correlation_id: str) -> DraftInvoice:
    """The invoice as it goes up for review; an empty id is a dry run's. Terms must be known (TERMS_MISSING)."""
    group, contract, totals = facts.group, facts.contract, assembly.totals
    terms = payment_terms(facts) or ""
    return DraftInvoice(
        id=invoice_id,
        bill_group_id=group.id,
        contract_id=contract.id,
        customer_id=facts.customer.id,
        customer_name=facts.customer.name,
        legal_entity_id=group.legal_entity_id,
        currency=contract.currency,
        payment_terms=terms,
        po_number=contract.po.number if contract.po else None,
        invoice_date=facts.invoice_date,
        due_date=invoices.due_date(facts.invoice_date, terms),
        period_start=group.period_start,
        period_end=group.period_end,
        lines=assembly.lines,
        net=totals.net,
        tax_groups=tuple(
            TaxGroup(tax_code=g.tax_code, rate_pct=g.rate_pct, base=g.base, tax=g.tax) for g in totals.tax_groups
        ),
        tax=totals.tax,
        gross=totals.gross,
        functional=assembly.functional,
        state="draft",
        draft_version=1,
        prepared_by=prepared_by,
        correlation_id=correlation_id,
        version=1,
        updated_at=group.updated_at,
    )


def hours_of(transactions: Iterable[Transaction]) -> Decimal:
    """Recorded hours behind what is billed."""
    return round_places(sum((t.hours for t in transactions if t.kind == "time"), ZERO), HOURS_PLACES)


def net_of(facts: Facts, assembly: Assembly) -> Decimal:
    """The net a group stands for: the draft's once there is one, else what a draft would come to."""
    return facts.invoice.net if facts.invoice else round_money(assembly.totals.net, facts.contract.currency)
