"""Deals that are not projects yet: five won ones (one of them unsigned) and a few still open or lost."""

from datetime import date, timedelta
from decimal import Decimal

from msgspec import Struct

from .commerce import Deal, PlannedMilestone, PurchaseOrder, RoleNeed
from .months import month_end
from .portfolio import FIXED, MILESTONE, TM
from .prices import list_price
from .terms import Clients, template_code

_COUNTRY = {"US01": "US", "DE01": "DE", "UK01": "GB"}
_SELLER = {"US01": "E1001", "DE01": "E2001", "UK01": "E3001"}


class _Lead(Struct, frozen=True, kw_only=True):
    """`roles` = (role, seniority, location, hours); `milestones` = (name, amount); `closed` = days before today."""

    code: str
    client: str
    name: str
    entity: str
    method: str
    line: str
    closed: int
    roles: tuple[tuple[str, str, str, str], ...] = ()
    milestones: tuple[tuple[str, str], ...] = ()
    nte: str | None = None
    po: tuple[str, str] | None = None
    stage: str = "won"
    signed: bool = True


_LEADS = (
    _Lead(
        code="D-2201", client="REDWOOD", name="Broker self-service", entity="US01", method=TM, line="INTEGRATION",
        closed=6, roles=(("DEV", "SR", "US-NYC", "640"),),
    ),
    _Lead(
        code="D-2202", client="ISARBLICK", name="Smart-Meter-Rollout", entity="DE01", method=TM, line="DATA",
        closed=5,
        roles=(("ARC", "SR", "DE-MUC", "200"), ("ANA", "SR", "DE-BER", "420"), ("DEV", "MID", "DE-BER", "600")),
    ),
    _Lead(
        code="D-2203", client="AVONMOUTH", name="Leak detection pilot", entity="UK01", method=FIXED, line="INTEGRATION",
        closed=4, roles=(("CON", "SR", "UK-LON", "180"), ("DEV", "SR", "UK-LON", "300")),
        milestones=(("Design accepted", "24000.00"), ("Pilot live", "36000.00"), ("Handover", "20000.00")),
    ),
    _Lead(
        code="D-2204", client="COPPERFIELD", name="Lab data platform", entity="US01", method=TM, line="DATA",
        closed=3,
        roles=(("ARC", "PRI", "US-NYC", "120"), ("ANA", "SR", "US-CHI", "400"), ("ANA", "MID", "US-NYC", "400")),
        nte="180000.00", po=("PO-CB-1009", "180000.00"),
    ),
    _Lead(
        code="D-2205", client="NORDLICHT", name="Windpark-Monitoring", entity="DE01", method=MILESTONE, line="DATA",
        closed=2, roles=(("ANA", "SR", "DE-BER", "360"),), signed=False,
        milestones=(("Konzept", "28000.00"), ("Betrieb", "52000.00")),
    ),
    _Lead(
        code="D-2301", client="KESSLER", name="Werkslogistik", entity="DE01", method=TM, line="ADVISORY", closed=-25,
        roles=(("CON", "SR", "DE-MUC", "300"),), stage="proposal", signed=False,
    ),
    _Lead(
        code="D-2302", client="SUMMIT", name="Supplier quality hub", entity="US01", method=TM, line="DATA", closed=-12,
        roles=(("ANA", "SR", "US-CHI", "500"),), stage="negotiation", signed=False,
    ),
    _Lead(
        code="D-2303", client="CALEDON", name="Cask ledger", entity="UK01", method=TM, line="INTEGRATION", closed=20,
        roles=(("DEV", "MID", "UK-LON", "450"),), stage="lost", signed=False,
    ),
)  # fmt: skip


def _amount(lead: _Lead) -> Decimal:
    """The deliverables' sum, else effort at list prices."""
    if lead.milestones:
        return sum((Decimal(amount) for _, amount in lead.milestones), Decimal(0))
    effort = (Decimal(hours) * list_price(lead.entity, role, level) for role, level, _, hours in lead.roles)
    return sum(effort, Decimal("0.00"))


def _deliverables(lead: _Lead, start: date) -> tuple[PlannedMilestone, ...]:
    return tuple(
        PlannedMilestone(
            sequence=index,
            name=name,
            planned_on=month_end(start, index),
            amount=Decimal(amount),
            acceptance_required=True,
        )
        for index, (name, amount) in enumerate(lead.milestones, start=1)
    )


def _needs(lead: _Lead, start: date) -> tuple[RoleNeed, ...]:
    last = month_end(start, 5)
    return tuple(
        RoleNeed(role=role, seniority=level, location=place, starts_on=start, ends_on=last, hours=Decimal(hours))
        for role, level, place, hours in lead.roles
    )


def _deal(lead: _Lead, clients: Clients, as_of: date) -> Deal:
    start, client = as_of - timedelta(days=lead.closed), clients[lead.client]
    return Deal(
        code=lead.code,
        name=f"{client.name} - {lead.name}",
        client=lead.client,
        amount=_amount(lead),
        currency=client.currency,
        stage=lead.stage,
        closed_on=start,
        entity=lead.entity,
        delivery_countries=(_COUNTRY[lead.entity],),
        contract_document=f"SOW-{lead.code[2:]}.pdf" if lead.signed else None,
        signed_on=start if lead.signed else None,
        starts_on=start,
        ends_on=month_end(start, 5),
        roles=_needs(lead, start),
        milestones=_deliverables(lead, start),
        method=lead.method,
        billing_cycle="monthly",
        payment_terms=client.payment_terms,
        nte_amount=Decimal(lead.nte) if lead.nte else None,
        po=PurchaseOrder(number=lead.po[0], amount=Decimal(lead.po[1]), expires_on=month_end(start, 8))
        if lead.po
        else None,
        po_required=lead.po is not None,
        service_line=lead.line,
        template=template_code(lead.method, lead.line),
        owner=_SELLER[lead.entity],
        onboarded=False,
    )


def pipeline(clients: Clients, as_of: date) -> tuple[Deal, ...]:
    """Deals without a project; a won one starts on the day it was closed, so that time can be booked at once."""
    return tuple(_deal(lead, clients, as_of) for lead in _LEADS)
