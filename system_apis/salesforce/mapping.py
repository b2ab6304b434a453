"""Sales Cloud records <-> canon. A billing method or tax status the canon does not know is missing, never guessed."""

import re
from decimal import Decimal

from contracts.canon.deal import Deal, DealAnnotation, DealState, PlannedMilestone, RoleNeed
from contracts.canon.party import Account, Address, Contact, TaxStatus
from contracts.canon.ref import ref
from contracts.money import HOURS_PLACES, RATE_PLACES, ZERO, round_money, round_places
from system_apis.platforms.salesforce.picklists import billing_method, choices
from system_apis.platforms.salesforce.references import optional_ref
from system_apis.salesforce import wire

_COUNTRY = re.compile("[A-Z]{2}")


def deal_from_wire(row: wire.Opportunity, instance: str) -> Deal:
    """An opportunity with its roles profile (line items) and planned milestones."""
    return Deal(
        ref=ref(instance, "deal", row.id),
        name=row.name,
        account_ref=ref(instance, "account", row.account_id),
        state=_state(row),
        stage=row.stage,
        amount=round_money(row.amount or ZERO, row.currency),
        currency=row.currency,
        closed_on=row.close_date,
        entity_code=row.entity,
        delivery_countries=tuple(code for code in choices(row.delivery_countries) if _COUNTRY.fullmatch(code)),
        document_ref=row.document,
        signed_on=row.signed_on,
        billing_method=billing_method(row.billing_method),
        payment_terms=row.payment_terms,
        service_line=row.service_line,
        start_on=row.starts_on,
        end_on=row.ends_on,
        roles=_roles(row),
        milestones=_milestones(row),
        po_required=row.po_required,
        po_number=row.po_number,
        po_amount=_money(row.po_amount, row.currency),
        nte_amount=_money(row.nte_amount, row.currency),
        owner_name=row.owner.name if row.owner else None,
        changed_at=row.changed_at,
    )


def account_from_wire(row: wire.Account, instance: str) -> Account:
    """An account; without a legal name of its own its name is the legal one."""
    country = row.country if row.country and _COUNTRY.fullmatch(row.country) else None
    return Account(
        ref=ref(instance, "account", row.id),
        name=row.name,
        legal_name=row.legal_name or row.name,
        country=country,
        address=Address(
            street=row.street or "",
            city=row.city or "",
            region=row.state or "",
            postal_code=row.postal_code or "",
            country=country,
        ),
        tax_status=_tax_status(row.tax_status),
        tax_id=row.tax_id,
        currency=row.currency,
        parent_ref=optional_ref(instance, "account", row.parent_id),
        contacts=tuple(_contact(contact, instance) for contact in (row.contacts.records if row.contacts else ())),
        changed_at=row.changed_at,
    )


def annotation_from_canon(body: DealAnnotation) -> wire.Annotation:
    """What is written back on the opportunity."""
    return wire.Annotation(project=body.project_code, status=body.status, note=body.note)


def _state(row: wire.Opportunity) -> DealState:
    if row.is_won:
        return "closed_won"
    return "closed_lost" if row.is_closed else "open"


def _tax_status(value: str | None) -> TaxStatus:
    return "consumer" if (value or "").lower() == "consumer" else "business"


def _money(value: Decimal | None, currency: str) -> Decimal | None:
    return None if value is None else round_money(value, currency)


def _roles(row: wire.Opportunity) -> tuple[RoleNeed, ...]:
    """Line items that name a role; their dates default to the deal's."""
    needs = (_role(line, row) for line in (row.lines.records if row.lines else ()))
    found = [need for need in needs if need is not None]
    return tuple(sorted(found, key=lambda n: (n.start_on, n.role_code, n.seniority_code or "", n.location_code or "")))


def _role(line: wire.LineItem, row: wire.Opportunity) -> RoleNeed | None:
    start_on, end_on = line.starts_on or row.starts_on, line.ends_on or row.ends_on
    if line.role is None or start_on is None or end_on is None:
        return None
    return RoleNeed(
        role_code=line.role,
        seniority_code=line.seniority,
        location_code=line.location,
        start_on=start_on,
        end_on=end_on,
        hours=round_places(line.quantity or ZERO, HOURS_PLACES),
        unit_price=None if line.unit_price is None else round_places(line.unit_price, RATE_PLACES),
    )


def _milestones(row: wire.Opportunity) -> tuple[PlannedMilestone, ...]:
    found = [_milestone(item, row.currency) for item in (row.milestones.records if row.milestones else ())]
    return tuple(sorted(found, key=lambda milestone: milestone.sequence))


def _milestone(item: wire.PlannedMilestone, currency: str) -> PlannedMilestone:
    return PlannedMilestone(
        sequence=int(item.sequence),
        name=item.name,
        planned_on=item.planned_on,
        amount=round_money(item.amount, currency),
        acceptance_required=item.acceptance_required,
    )


def _contact(row: wire.Contact, instance: str) -> Contact:
    return Contact(
        ref=ref(instance, "contact", row.id),
        name=row.name,
        email=row.email,
        roles=tuple(role.lower() for role in choices(row.roles)),
        active=row.active,
    )
