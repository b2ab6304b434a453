"""Invoices of the months before last, as the ledger holds them, with what has been paid."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

from .commerce import Client
from .delivery import PastInvoice, Payment
from .engagements import is_by_effort
from .months import month_end, month_start
from .portfolio import PLANS, Plan
from .prices import planned_rate
from .terms import Clients, People, began_on, currency_of, planned_on, purchase_order

_TAX = {"US01": ("US-SVC", Decimal("0.00")), "DE01": ("DE-S19", Decimal("19.00")), "UK01": ("GB-S20", Decimal("20.00"))}
_FOREIGN_TAX = {"FR": ("DE-RC", Decimal("0.00")), "CH": ("DE-EXPORT", Decimal("0.00"))}
_TERM_DAYS = {"NET14": 14, "NET30": 30, "NET45": 45, "NET60": 60}
_BILLED_DAYS = Decimal(20)
_CHANGED_BY = Decimal("-360.00")
_CENT = Decimal("0.01")


class _Bill(Struct, frozen=True, kw_only=True):
    number: str
    plan: Plan
    net: Decimal
    hours: Decimal | None
    first: date
    last: date
    text: str
    state: str
    changed: Decimal


def _monthly(plan: Plan, offset: int, people: People, as_of: date) -> _Bill:
    """Twenty days of everybody booked, at planned rates."""
    codes = {code for code, _ in plan.stories}
    net = sum((Decimal(h) * _BILLED_DAYS * planned_rate(plan, people[n]) for n, h in plan.team), Decimal(0))
    first = month_start(as_of, offset)
    return _Bill(
        number=f"INV-{plan.code}-{first:%Y%m}",
        plan=plan,
        net=net.quantize(_CENT, ROUND_HALF_UP),
        hours=sum((Decimal(h) for _, h in plan.team), Decimal(0)) * _BILLED_DAYS,
        first=first,
        last=month_end(as_of, offset),
        text=f"{plan.name}, services in {first:%B %Y}",
        state="pending" if offset == -2 and "PRIOR_INVOICE_OPEN" in codes else "posted",
        changed=_CHANGED_BY if offset == -3 and "RECON_VARIANCE" in codes else Decimal(0),
    )


def _single(plan: Plan, suffix: str, amount: str, on: date, text: str, state: str) -> _Bill:
    return _Bill(
        number=f"INV-{plan.code}-{suffix}",
        plan=plan,
        net=Decimal(amount),
        hours=None,
        first=month_start(on),
        last=on,
        text=text,
        state=state,
        changed=Decimal(0),
    )


def _bills(plan: Plan, people: People, as_of: date) -> list[_Bill]:
    rows = [
        _single(plan, f"M{index + 1}", amount, planned_on(plan, index, as_of), f"Milestone: {name}", "posted")
        for index, (name, amount, state) in enumerate(plan.milestones)
        if state == "billed"
    ]
    if plan.retainer:
        state = "posted" if plan.retainer[3] == "posted" else "pending"
        rows.append(_single(plan, "R", plan.retainer[0], began_on(plan, as_of), "Retainer in advance", state))
    elif is_by_effort(plan):
        offsets = [offset for offset in (-3, -2) if plan.months >= -offset]
        rows.extend(bill for offset in offsets if (bill := _monthly(plan, offset, people, as_of)).net > 0)
    return rows


def _payments(bill: _Bill, gross: Decimal, due_on: date, as_of: date) -> tuple[Payment, ...]:
    """Paid two days after the due date, when that is past; every seventh client pays half first."""
    paid_on = due_on + timedelta(days=2)
    if bill.state != "posted" or paid_on >= as_of:
        return ()
    late = int(bill.plan.code) % 7 == 0
    amount = (gross / 2).quantize(_CENT, ROUND_HALF_UP) if late else gross
    code = bill.number.replace("INV-", "PAY-")
    return (Payment(code=code, amount=amount, received_on=paid_on, reference=bill.number),)


def _tax_of(plan: Plan, client: Client) -> tuple[str, Decimal]:
    return _FOREIGN_TAX.get(client.country, _TAX[plan.entity])


def _invoice(bill: _Bill, clients: Clients, as_of: date) -> PastInvoice:
    plan, client = bill.plan, clients[bill.plan.client]
    tax_code, rate = _tax_of(plan, client)
    net = bill.net + bill.changed
    tax = (net * rate / 100).quantize(_CENT, ROUND_HALF_UP)
    agreed = bill.net + (bill.net * rate / 100).quantize(_CENT, ROUND_HALF_UP)
    due_on = bill.last + timedelta(days=_TERM_DAYS[client.payment_terms or "NET30"])
    order = purchase_order(plan, as_of)
    return PastInvoice(
        number=bill.number,
        client=plan.client,
        contract=plan.contract,
        project=plan.project,
        entity=plan.entity,
        currency=currency_of(plan, clients),
        invoiced_on=bill.last,
        due_on=due_on,
        period_start=bill.first,
        period_end=bill.last,
        description=bill.text,
        hours=bill.hours,
        net=net,
        tax_code=tax_code,
        tax_rate_pct=rate,
        tax=tax,
        gross=net + tax,
        agreed_gross=agreed,
        po_number=order.number if order else None,
        state=bill.state,
        payments=_payments(bill, net + tax, due_on, as_of),
    )


def invoices(clients: Clients, people: People, as_of: date) -> tuple[PastInvoice, ...]:
    """Billed milestones, retainers in advance and two months of effort, oldest first in each engagement."""
    return tuple(_invoice(bill, clients, as_of) for plan in PLANS for bill in _bills(plan, people, as_of))
