"""The firm's sales side as Sales Cloud knows it: sellers, accounts with contacts, opportunities with lines."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from system_apis.platforms.salesforce.sandbox import Org

from .objects import STAGES

if TYPE_CHECKING:
    from system_apis.platforms.firm import Client, Deal, Firm, Person, RoleNeed

_ORGANIZATION = {
    "InstanceName": "CS100",
    "OrganizationType": "Enterprise Edition",
    "TimeZoneSidKey": "GMT",
    "DefaultLocaleSidKey": "en_US",
    "IsSandbox": True,
}
_STAGE = {
    "qualification": "Qualification",
    "proposal": "Proposal/Price Quote",
    "negotiation": "Negotiation/Review",
    "won": "Closed Won",
    "lost": "Closed Lost",
}
_METHOD = {
    "time_and_materials": "Time and Materials",
    "fixed_price": "Fixed Price",
    "milestone": "Milestone",
    "retainer": "Retainer",
    "recurring": "Recurring",
}
_COUNTRIES = {"US": "United States", "DE": "Germany", "GB": "United Kingdom", "FR": "France", "CH": "Switzerland"}
_ROLE_NAMES = {"buyer": "Decision Maker", "approver": "Approver", "billing": "Billing", "legal": "Legal"}


def seed(org: Org, firm: Firm) -> None:
    """Everything Sales Cloud holds on the morning of `firm.as_of`."""
    org.load("Organization", {**_ORGANIZATION, "Name": firm.name}, _long_ago(firm.as_of))
    _users(org, firm)
    accounts = {client.code: _account(org, client, firm.as_of) for client in firm.clients}
    _parents(org, firm)
    products = _products(org, firm)
    for deal in firm.deals:
        _opportunity(org, firm, deal, accounts[deal.client], products)


def _at(day: date, as_of: date, hour: int = 16) -> datetime:
    """An instant of the day, never later than the early morning of `as_of`."""
    morning = datetime.combine(as_of, time(5), UTC)
    return min(datetime.combine(day, time(hour), UTC), morning)


def _long_ago(as_of: date) -> datetime:
    return _at(as_of - timedelta(days=400), as_of)


def _users(org: Org, firm: Firm) -> None:
    """Who sells and who leads projects has a licence; the others are resources only."""
    licensed = {deal.owner for deal in firm.deals} | {project.manager for project in firm.projects}
    for person in firm.people:
        if person.number in licensed:
            org.load("User", _user(person), _long_ago(firm.as_of))


def _user(person: Person) -> dict[str, object]:
    return {
        "FirstName": person.given_name,
        "LastName": person.family_name,
        "Name": person.name,
        "Email": person.email,
        "Username": person.email,
        "Title": person.title,
        "EmployeeNumber": person.number,
    }


def _account(org: Org, client: Client, as_of: date) -> str:
    at = _long_ago(as_of)
    values = {
        "Name": client.name,
        "AccountNumber": client.code,
        "Type": "Customer",
        "Industry": client.industry,
        "BillingStreet": client.street,
        "BillingCity": client.city,
        "BillingState": client.region,
        "BillingPostalCode": client.postal_code,
        "BillingCountryCode": client.country,
        "BillingCountry": _COUNTRIES.get(client.country, client.country),
        "CurrencyIsoCode": client.currency,
        "Legal_Name__c": client.legal_name,
        "Tax_Id__c": client.tax_id,
        "Tax_Status__c": client.tax_status.capitalize(),
        "Active__c": client.active,
        "PO_Required__c": client.po_required,
        "Legal_Entity__c": client.entity,
    }
    account = org.load("Account", values, at)
    for contact in client.contacts:
        given, _, family = contact.name.rpartition(" ")
        person = {"FirstName": given, "LastName": family, "Name": contact.name, "Email": contact.email}
        org.load("Contact", {**person, "AccountId": account, "Roles__c": ";".join(contact.roles)}, at)
    return account


def _parents(org: Org, firm: Firm) -> None:
    by_code = {row["AccountNumber"]: row for row in org.rows("Account")}
    with org.store.transaction() as change:
        for client in firm.clients:
            if client.parent:
                row = by_code[client.code]
                change.put("Account", row["Id"], {**row, "ParentId": by_code[client.parent]["Id"]})


def _products(org: Org, firm: Firm) -> dict[str, str]:
    """One product a role, in the standard price book."""
    at = _long_ago(firm.as_of)
    book = org.load("Pricebook2", {"Name": "Standard Price Book", "IsStandard": True, "IsActive": True}, at)
    products: dict[str, str] = {}
    for role in sorted({need.role for deal in firm.deals for need in deal.roles}):
        values = {"Name": f"Consulting hours {role}", "ProductCode": f"HOURS-{role}", "Family": "Services"}
        products[role] = org.load("Product2", values, at)
        entry = {"Name": values["Name"], "Pricebook2Id": book, "Product2Id": products[role], "IsActive": True}
        org.load("PricebookEntry", {**entry, "UnitPrice": 0}, at)
    return products


def _opportunity(org: Org, firm: Firm, deal: Deal, account: str, products: dict[str, str]) -> None:
    at = _at(min(deal.closed_on, firm.as_of), firm.as_of)
    record = org.load("Opportunity", _terms(org, firm, deal, account), at)
    for order, need in enumerate(deal.roles, start=1):
        price = _list_price(firm, deal, need)
        org.load("OpportunityLineItem", _line(deal, need, record, products[need.role], price, order), at)
    for milestone in deal.milestones:
        planned = {
            "Opportunity__c": record,
            "Name": milestone.name,
            "Sequence__c": milestone.sequence,
            "Planned_Date__c": milestone.planned_on.isoformat(),
            "Amount__c": milestone.amount,
            "Acceptance_Required__c": milestone.acceptance_required,
            "CurrencyIsoCode": deal.currency,
        }
        org.load("Deal_Milestone__c", planned, at)
    _contact_roles(org, record, account, at)


def _terms(org: Org, firm: Firm, deal: Deal, account: str) -> dict[str, object]:
    stage = _STAGE[deal.stage]
    probability, closed, won = STAGES[stage]
    owner = org.first("User", EmployeeNumber=deal.owner)
    values: dict[str, object] = {
        "Name": deal.name[:120],
        "Deal_Number__c": deal.code,
        "AccountId": account,
        "StageName": stage,
        "Probability": probability,
        "IsClosed": closed,
        "IsWon": won,
        "HasOpportunityLineItem": bool(deal.roles),
        "Amount": deal.amount,
        "CurrencyIsoCode": deal.currency,
        "CloseDate": deal.closed_on.isoformat(),
        "Type": "New Business",
        "OwnerId": owner["Id"] if owner else org.user,
        "Legal_Entity__c": deal.entity,
        "Delivery_Countries__c": ";".join(deal.delivery_countries),
        "Contract_Document__c": deal.contract_document,
        "Contract_Signed_On__c": deal.signed_on and deal.signed_on.isoformat(),
        "Start_Date__c": deal.starts_on.isoformat(),
        "End_Date__c": deal.ends_on.isoformat(),
        "Billing_Method__c": _METHOD[deal.method],
        "Billing_Cycle__c": deal.billing_cycle,
        "Payment_Terms__c": deal.payment_terms,
        "NTE_Amount__c": deal.nte_amount,
        "PO_Required__c": deal.po_required,
        "Service_Line__c": deal.service_line,
        "Project_Template__c": deal.template,
    }
    return {**values, **_order_of(deal), **_outcome(firm, deal)}


def _order_of(deal: Deal) -> dict[str, object]:
    if deal.po is None:
        return {}
    expires = deal.po.expires_on.isoformat() if deal.po.expires_on else None
    return {"PO_Number__c": deal.po.number, "PO_Amount__c": deal.po.amount, "PO_Expires_On__c": expires}


def _outcome(firm: Firm, deal: Deal) -> dict[str, object]:
    project = next((project for project in firm.projects if project.deal == deal.code), None)
    return {"Ledgerway_Project__c": project.code, "Ledgerway_Status__c": "active"} if project else {}


def _list_price(firm: Firm, deal: Deal, need: RoleNeed) -> Decimal:
    """The standard card's hourly price of a role, 0 when it has none."""
    for card in firm.rate_cards:
        if card.scope == "standard" and card.scope_code in (deal.entity, None) and card.currency == deal.currency:
            for line in card.lines:
                if (line.role, line.seniority) == (need.role, need.seniority) and line.rate is not None:
                    return line.rate
    return Decimal(0)


def _line(deal: Deal, need: RoleNeed, record: str, product: str, price: Decimal, order: int) -> dict[str, object]:
    return {
        "OpportunityId": record,
        "Product2Id": product,
        "Name": f"{deal.name} {need.role}"[:376],
        "ProductCode": f"HOURS-{need.role}",
        "Quantity": need.hours,
        "UnitPrice": price,
        "TotalPrice": need.hours * price,
        "SortOrder": order,
        "ServiceDate": need.starts_on.isoformat(),
        "CurrencyIsoCode": deal.currency,
        "Role__c": need.role,
        "Seniority__c": need.seniority,
        "Location__c": need.location,
        "Start_Date__c": need.starts_on.isoformat(),
        "End_Date__c": need.ends_on.isoformat(),
    }


def _contact_roles(org: Org, record: str, account: str, at: datetime) -> None:
    for contact in [row for row in org.rows("Contact") if row.get("AccountId") == account]:
        roles = str(contact.get("Roles__c", "")).split(";")
        role = next((_ROLE_NAMES[name] for name in roles if name in _ROLE_NAMES), "Other")
        values = {"OpportunityId": record, "ContactId": contact["Id"], "Role": role, "IsPrimary": role != "Billing"}
        org.load("OpportunityContactRole", {**values, "Name": f"{contact['Name']} - {role}"}, at)
