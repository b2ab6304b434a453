"""From billable transactions to invoice lines (INV-3): amounts are summed, never recomputed as quantity times rate."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import Struct

from contracts.iso import Currency
from contracts.money import HOURS_PLACES, ZERO, Exact, negate, precise, round_money, round_places
from domain.discounts import NetLine
from domain.invoices import AmountLine
from domain.terms import Input

LineDetail = Literal["entry", "resource_role", "role", "task", "project"]


class BillableTransaction(Input, frozen=True, kw_only=True):
    """A queued transaction as an invoice line sees it."""

    id: str
    kind: str
    contract_line_id: str
    currency: Currency
    quantity: Exact
    unit: str | None = None
    bill_rate: Exact | None = None
    amount: Exact
    tax_code: str
    tax_rate_pct: Exact
    resource_id: str | None = None
    role_code: str | None = None
    task_id: str | None = None
    project_id: str | None = None


class InvoiceLine(Struct, frozen=True, kw_only=True):
    """One line: what it aggregates and its amount; `detail` is the value of the line_detail dimension."""

    id: str
    kind: str
    contract_line_id: str | None
    detail: str
    quantity: Exact
    unit: str | None
    bill_rate: Exact | None
    amount: Exact
    tax_code: str
    tax_rate_pct: Exact
    transaction_ids: tuple[str, ...] = ()

    def as_amount(self) -> AmountLine:
        """The line as totals see it."""
        return AmountLine(id=self.id, amount=self.amount, tax_code=self.tax_code, tax_rate_pct=self.tax_rate_pct)

    def as_net(self) -> NetLine:
        """The line as discounts and retainers see it."""
        return NetLine(id=self.id, kind=self.kind, amount=self.amount, tax_code=self.tax_code)


_Key = tuple[str, str, str, str, str, str, str]


@precise
def aggregate_lines(transactions: Iterable[BillableTransaction], line_detail: LineDetail) -> tuple[InvoiceLine, ...]:
    """Lines of equal contract line, kind, tax, rate, unit and detail, in that order, numbered from 1 (INV-3)."""
    groups: dict[_Key, list[BillableTransaction]] = {}
    for one in transactions:
        groups.setdefault(_key(one, line_detail), []).append(one)
    ordered = sorted(groups.items())
    return tuple(_line(str(n), key[2], members) for n, (key, members) in enumerate(ordered, start=1))


def _key(one: BillableTransaction, line_detail: LineDetail) -> _Key:
    rate = "" if one.bill_rate is None else format(one.bill_rate.normalize(), "f")
    tax_rate = format(one.tax_rate_pct.normalize(), "f")
    return one.contract_line_id, one.kind, _detail(one, line_detail), one.tax_code, tax_rate, rate, one.unit or ""


def _detail(one: BillableTransaction, line_detail: LineDetail) -> str:
    if line_detail == "entry":
        return one.id
    if line_detail == "resource_role":
        return f"{one.resource_id or '-'}/{one.role_code or '-'}"
    return {"role": one.role_code, "task": one.task_id, "project": one.project_id}[line_detail] or "-"


def _line(number: str, detail: str, members: list[BillableTransaction]) -> InvoiceLine:
    first = members[0]
    return InvoiceLine(
        id=number,
        kind=first.kind,
        contract_line_id=first.contract_line_id,
        detail=detail,
        quantity=round_places(_sum(one.quantity for one in members), HOURS_PLACES),
        unit=first.unit,
        bill_rate=first.bill_rate,
        amount=round_money(_sum(one.amount for one in members), first.currency),
        tax_code=first.tax_code,
        tax_rate_pct=first.tax_rate_pct,
        transaction_ids=tuple(sorted(one.id for one in members)),
    )


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)


def credit_invoice_lines(lines: Iterable[InvoiceLine]) -> tuple[InvoiceLine, ...]:
    """The opposite of invoice lines: quantity and amount negated, tax code and rate kept (INV-8, DEC-6)."""
    return tuple(
        msgspec.structs.replace(line, quantity=negate(line.quantity), amount=negate(line.amount)) for line in lines
    )
