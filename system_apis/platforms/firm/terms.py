"""Deals and contracts of the running engagements, derived from the portfolio."""

from datetime import date, timedelta
from decimal import Decimal

from .commerce import (
    ChangeOrder,
    Client,
    Contract,
    ContractLine,
    Deal,
    PlannedMilestone,
    PurchaseOrder,
    Retainer,
    RoleNeed,
)
from .months import month_end, month_start
from .organisation import Person
from .portfolio import PLANS, RETAINER, TM, Plan
from .prices import planned_rate

_CURRENCY = {"US01": "USD", "DE01": "EUR", "UK01": "GBP"}
_CENTER = {"US01": "CC-110", "DE01": "CC-310", "UK01": "CC-510"}
_COUNTRY = {"US01": "US", "DE01": "DE", "UK01": "GB"}
_TAX_CODE = {"US01": "US-SVC", "DE01": "DE-S19", "UK01": "GB-S20"}
_SELLER = {"US01": "E1001", "DE01": "E2001", "UK01": "E3001"}
_REVENUE = {
    "time_and_materials": "right_to_invoice",
    "retainer": "right_to_invoice",
    "milestone": "milestone",
    "fixed_price": "cost_to_cost",
}
_WORKING_DAYS = 21
_MONTHS_AHEAD = 6

Clients = dict[str, Client]
People = dict[str, Person]


def began_on(plan: Plan, as_of: date) -> date:
    """First day of the engagement."""
    return month_start(as_of, -plan.months)


def ends_on(as_of: date) -> date:
    """Last day of every running engagement."""
    return month_end(as_of, _MONTHS_AHEAD)


def template_code(method: str, line: str) -> str:
    """The template a project of this method and service line is made from."""
    return f"TPL-{line}-{'TM' if method in (TM, RETAINER) else 'FIX'}"


def currency_of(plan: Plan, clients: Clients) -> str:
    """The client's currency, which is the contract's (CTR-2)."""
    return clients[plan.client].currency


def purchase_order(plan: Plan, as_of: date) -> PurchaseOrder | None:
    """The client's order with its expiry in last month or, when open, with the engagement's end."""
    if plan.po is None:
        return None
    number, amount, day = plan.po
    expires_on = month_start(as_of, -1) + timedelta(days=day - 1) if day else ends_on(as_of)
    return PurchaseOrder(number=number, amount=Decimal(amount) if amount else None, expires_on=expires_on)


def planned_on(plan: Plan, index: int, as_of: date) -> date:
    """When a deliverable was due: billed ones in the months before last, the next one on the 20th of last month."""
    offsets = {"billed": -2, "planned": 2}
    state = plan.milestones[index][2]
    return month_start(as_of, offsets.get(state, -1)) + timedelta(days=19)


def _deliverables(plan: Plan, as_of: date) -> tuple[PlannedMilestone, ...]:
    return tuple(
        PlannedMilestone(
            sequence=index + 1,
            name=name,
            planned_on=planned_on(plan, index, as_of),
            amount=Decimal(amount),
            acceptance_required=True,
        )
        for index, (name, amount, _) in enumerate(plan.milestones)
    )


def _roles(plan: Plan, people: People, as_of: date) -> tuple[RoleNeed, ...]:
    months = plan.months + _MONTHS_AHEAD + 1
    return tuple(
        RoleNeed(
            role=people[number].role,
            seniority=people[number].seniority,
            location=people[number].location,
            starts_on=began_on(plan, as_of),
            ends_on=ends_on(as_of),
            hours=Decimal(hours) * _WORKING_DAYS * months,
        )
        for number, hours in plan.team
    )


def _deal_amount(plan: Plan, people: People, as_of: date) -> Decimal:
    """What was sold: the deliverables, the cap, or effort at planned rates; never 0."""
    if plan.value is not None:
        return plan.value
    months = plan.months + _MONTHS_AHEAD + 1
    effort = sum(
        (Decimal(hours) * planned_rate(plan, people[number]) for number, hours in plan.team),
        Decimal(0),
    )
    return max((effort * _WORKING_DAYS * months).quantize(Decimal("1.00")), Decimal("1000.00"))


def deal(plan: Plan, clients: Clients, people: People, as_of: date) -> Deal:
    """The won deal behind a running engagement."""
    start = began_on(plan, as_of)
    return Deal(
        code=plan.deal,
        name=f"{clients[plan.client].name} - {plan.name}",
        client=plan.client,
        amount=_deal_amount(plan, people, as_of),
        currency=currency_of(plan, clients),
        stage="won",
        closed_on=start - timedelta(days=12),
        entity=plan.entity,
        delivery_countries=(_COUNTRY[plan.entity],),
        contract_document=f"SOW-{plan.code}.pdf",
        signed_on=start - timedelta(days=14),
        starts_on=start,
        ends_on=ends_on(as_of),
        roles=_roles(plan, people, as_of),
        milestones=_deliverables(plan, as_of),
        method=plan.method,
        billing_cycle="monthly",
        payment_terms=clients[plan.client].payment_terms,
        nte_amount=Decimal(plan.nte) if plan.nte else None,
        po=purchase_order(plan, as_of),
        po_required=plan.po_required,
        service_line=plan.line,
        template=template_code(plan.method, plan.line),
        owner=_SELLER[plan.entity],
        onboarded=True,
    )


def _contract_line(plan: Plan) -> ContractLine:
    by_effort = plan.method in (TM, RETAINER)
    return ContractLine(
        code=plan.contract_line,
        description=plan.name,
        method=plan.method,
        project=plan.project,
        task_codes=(),
        value=plan.value,
        nte_amount=None,
        nte_hours=None,
        increment_minutes=15 if by_effort and plan.line == "ADVISORY" else None,
        discount_pct=Decimal("0.00"),
        includes_time=True,
        includes_expenses=by_effort,
        tax_code_rule="standard",
        revenue_method=_REVENUE[plan.method],
        retainer_basis="amount" if plan.method == RETAINER else None,
        recurring_amount=None,
        service_place_rule="general",
        cost_center=_CENTER[plan.entity],
        multipliers=(("overtime", Decimal("1.5000")), ("weekend", Decimal("2.0000"))) if by_effort else (),
    )


def contract(plan: Plan, clients: Clients, as_of: date) -> Contract:
    """Executed terms of a running engagement."""
    start = began_on(plan, as_of)
    return Contract(
        code=plan.contract,
        name=plan.name,
        deal=plan.deal,
        client=plan.client,
        bill_to=plan.client,
        entity=plan.entity,
        currency=currency_of(plan, clients),
        starts_on=start,
        ends_on=ends_on(as_of),
        signed_on=start - timedelta(days=14),
        contract_document=f"SOW-{plan.code}.pdf",
        payment_terms=clients[plan.client].payment_terms,
        invoice_grouping="per_contract",
        line_detail="resource_role",
        billing_cycle="monthly",
        po_required=plan.po_required,
        po=purchase_order(plan, as_of),
        nte_amount=Decimal(plan.nte) if plan.nte else None,
        nte_scope="time_and_expense",
        cap_policy=plan.cap_policy,
        cap_tolerance_amount=Decimal("0.00"),
        rate_fallback=plan.fallback,
        min_invoice_amount=Decimal(plan.minimum) if plan.minimum else None,
        sequential_billing=False,
        partial_billing=False,
        description_required=plan.line == "ADVISORY",
        tax_treatment="standard",
        state=plan.contract_state,
        lines=(_contract_line(plan),),
    )


def retainers(clients: Clients, as_of: date) -> tuple[Retainer, ...]:
    """One posted and nearly used up, one whose own invoice never got posted."""
    rows = []
    for plan in PLANS:
        if plan.retainer is None:
            continue
        amount, available, threshold, state = plan.retainer
        posted = state == "posted"
        rows.append(
            Retainer(
                code=f"RET-{plan.code}",
                contract_line=plan.contract_line,
                invoice=f"INV-{plan.code}-R",
                amount=Decimal(amount),
                available=Decimal(available),
                low_threshold=Decimal(threshold),
                currency=currency_of(plan, clients),
                tax_code=_TAX_CODE[plan.entity],
                posted_on=began_on(plan, as_of) if posted else None,
                expires_on=ends_on(as_of),
                on_expiry="rollover",
                state=state,
            )
        )
    return tuple(rows)


def change_orders(as_of: date) -> tuple[ChangeOrder, ...]:
    """Cap increases that wait for a signature."""
    return tuple(
        ChangeOrder(
            code=f"CO-{plan.code}-1",
            contract=plan.contract,
            number="1",
            types=("cap",),
            effective_on=month_start(as_of, -1) + timedelta(days=24),
            value_delta=Decimal("0.00"),
            cap_delta=Decimal("12000.00"),
            hours_delta=Decimal("0.0000"),
            holds_billing=False,
            state="submitted",
        )
        for plan in PLANS
        if any(code == "CHANGE_ORDER_PENDING" for code, _ in plan.stories)
    )
