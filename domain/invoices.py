"""Invoice arithmetic (INV-1..INV-8, AR-1): draft grouping, tax groups and totals, credit lines, due date."""

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import Struct

from contracts.iso import Currency
from contracts.money import (
    PERCENT_PLACES,
    ZERO,
    Exact,
    RoundingMode,
    negate,
    precise,
    round_money,
    round_places,
)
from contracts.periods import month_of
from domain.fx import exchanged
from domain.objects import ContractObject, TransactionObject
from domain.terms import Input, Result

InvoiceGrouping = Literal["per_contract", "per_project", "per_po", "per_contract_line", "per_customer"]

_NONE = "-"
_ANY = "*"
_HUNDRED = Decimal(100)
_TERMS = re.compile(r"(?P<rule>NET|EOM)(?P<days>[0-9]{1,3})")


class GroupingTerms(ContractObject, frozen=True, kw_only=True):
    """How a contract's transactions gather into drafts."""

    invoice_grouping: InvoiceGrouping | None = None


class GroupedTransaction(TransactionObject, frozen=True, kw_only=True):
    """The grouping keys of a transaction (INV-1) and its amount."""

    id: str
    legal_entity_id: str
    bill_to_id: str
    currency: Currency
    payment_terms: str
    po_number: str | None = None
    billing_period: str
    contract_id: str
    project_id: str | None = None
    contract_line_id: str | None = None
    amount: Exact


class GroupQuestion(Input, frozen=True, kw_only=True):
    """Transactions to gather into drafts."""

    contract: GroupingTerms
    transactions: tuple[GroupedTransaction, ...]
    rounding_mode: RoundingMode | None = None


class DraftGroup(Struct, frozen=True, kw_only=True):
    """One draft: its key, its transactions in code-point order and their net."""

    key: str
    transaction_ids: tuple[str, ...]
    net: Exact


class DraftGroups(Struct, frozen=True, kw_only=True):
    """Drafts sorted by key."""

    drafts: tuple[DraftGroup, ...]


@precise
def group_transactions(question: GroupQuestion) -> DraftGroups:
    """Gather transactions by draft key (INV-1, INV-2)."""
    groups: dict[str, list[GroupedTransaction]] = {}
    for transaction in question.transactions:
        groups.setdefault(draft_key(transaction, question.contract.invoice_grouping or "per_contract"), []).append(
            transaction
        )
    drafts = [_draft(key, members, question.rounding_mode) for key, members in sorted(groups.items())]
    return DraftGroups(drafts=tuple(drafts))


def _draft(key: str, members: list[GroupedTransaction], mode: RoundingMode | None) -> DraftGroup:
    net = round_money(_total(one.amount for one in members), members[0].currency, mode)
    return DraftGroup(key=key, transaction_ids=tuple(sorted(one.id for one in members)), net=net)


def draft_key(transaction: GroupedTransaction, grouping: InvoiceGrouping) -> str:
    """The mandatory keys joined with `|`, then the key of the contract's grouping (INV-2)."""
    one = transaction
    po = one.po_number or _NONE
    last = {
        "per_contract": one.contract_id,
        "per_project": f"{one.contract_id}/{one.project_id or _NONE}",
        "per_contract_line": one.contract_line_id or _NONE,
        "per_customer": _ANY,
        "per_po": _ANY if one.po_number else one.contract_id,
    }[grouping]
    mandatory = (one.legal_entity_id, one.bill_to_id, one.currency, one.payment_terms, po, one.billing_period)
    return "|".join((*mandatory, last))


class AmountLine(Input, frozen=True, kw_only=True):
    """An invoice line as totals see it."""

    id: str
    amount: Exact
    tax_code: str
    tax_rate_pct: Exact


class FunctionalRate(Input, frozen=True, kw_only=True):
    """The entity's currency and the rate from invoice currency to it."""

    currency: Currency
    fx_rate: Exact

    def __post_init__(self) -> None:
        if self.fx_rate <= 0:
            raise ValueError("`fx_rate` is above zero")


class TotalsQuestion(Input, frozen=True, kw_only=True):
    """Lines of one draft in one currency."""

    currency: Currency
    rounding_mode: RoundingMode | None = None
    lines: tuple[AmountLine, ...]
    functional: FunctionalRate | None = None


class TaxGroup(Struct, frozen=True, kw_only=True):
    """Tax of all lines with one code and rate, rounded once."""

    tax_code: str
    rate_pct: Exact
    base: Exact
    tax: Exact


class FunctionalTotals(Struct, frozen=True, kw_only=True):
    """Totals in the entity's currency; net by subtraction, so that the journal balances (INV-6)."""

    currency: str
    net: Exact
    tax: Exact
    gross: Exact


class Totals(Result, frozen=True, kw_only=True):
    """Totals of a draft; tax groups by code ascending, then rate descending."""

    net: Exact
    tax_groups: tuple[TaxGroup, ...]
    tax: Exact
    gross: Exact
    functional: FunctionalTotals | None = None


@precise
def invoice_totals(question: TotalsQuestion) -> Totals:
    """Net, tax per group and gross (INV-5), and the functional totals when a rate is given (INV-6)."""
    currency, mode = question.currency, question.rounding_mode
    groups = _tax_groups(question.lines, currency, mode)
    net = round_money(_total(line.amount for line in question.lines), currency, mode)
    tax = round_money(_total(group.tax for group in groups), currency)
    gross = round_money(net + tax, currency)
    functional = None if question.functional is None else _functional(question.functional, gross, tax, mode)
    return Totals(net=net, tax_groups=groups, tax=tax, gross=gross, functional=functional)


def _tax_groups(lines: tuple[AmountLine, ...], currency: str, mode: RoundingMode | None) -> tuple[TaxGroup, ...]:
    bases: dict[tuple[str, Decimal], Decimal] = {}
    for line in lines:
        key = (line.tax_code, line.tax_rate_pct)
        bases[key] = bases.get(key, ZERO) + line.amount
    ordered = sorted(bases.items(), key=lambda group: (group[0][0], -group[0][1]))
    return tuple(_tax_group(code, rate, base, currency, mode) for (code, rate), base in ordered)


def _tax_group(code: str, rate: Decimal, base: Decimal, currency: str, mode: RoundingMode | None) -> TaxGroup:
    tax = round_money(base * rate / _HUNDRED, currency, mode)
    percent = round_places(rate, PERCENT_PLACES)
    return TaxGroup(tax_code=code, rate_pct=percent, base=round_money(base, currency, mode), tax=tax)


def _functional(rate: FunctionalRate, gross: Decimal, tax: Decimal, mode: RoundingMode | None) -> FunctionalTotals:
    converted = exchanged(gross, rate.fx_rate, rate.currency, mode)
    converted_tax = exchanged(tax, rate.fx_rate, rate.currency, mode)
    net = round_money(converted - converted_tax, rate.currency)
    return FunctionalTotals(currency=rate.currency, net=net, tax=converted_tax, gross=converted)


def credit_lines(lines: Iterable[AmountLine]) -> tuple[AmountLine, ...]:
    """The lines of a credit note: the exact opposite, same tax code and rate (INV-8, DEC-6)."""
    return tuple(msgspec.structs.replace(line, amount=negate(line.amount)) for line in lines)


def due_date(invoice_date: dt.date, terms: str) -> dt.date:
    """When an invoice is due (AR-1): NETn, EOMn or IMMEDIATE; ValueError for other terms. Weekends do not shift it."""
    if terms == "IMMEDIATE":
        return invoice_date
    found = _TERMS.fullmatch(terms)
    if found is None:
        raise ValueError(f"payment terms {terms!r} are not NETn, EOMn or IMMEDIATE")
    start = month_of(invoice_date).last if found["rule"] == "EOM" else invoice_date
    return start + dt.timedelta(days=int(found["days"]))


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
