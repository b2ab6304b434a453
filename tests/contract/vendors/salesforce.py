"""Sales Cloud: the org simulator with both products, and what its seed holds."""

from typing import Any

import httpx

from runtime.connections import Connection
from runtime.http.simulate import ASGIApp
from tests.contract.suites import crm
from tests.contract.vendors import salesforce_org

SECRET = salesforce_org.SECRET
READS, WRITES = salesforce_org.READS, salesforce_org.WRITES
_DEAL, _SOLD, _OPEN = "D-2204", "D-2203", "D-2301"


def simulator() -> ASGIApp:
    return salesforce_org.simulator()


def connection(secret: str) -> Connection:
    return Connection(
        tenant="demo",
        instance="salesforce",
        vendor="salesforce",
        ports=("crm",),
        base_url=salesforce_org.URL,
        secret=secret,
    )


async def facts(port: str, http: httpx.AsyncClient) -> crm.Facts:
    firm = salesforce_org.firm()
    ids = await salesforce_org.ids(http, "Opportunity", "Name")
    deals = {deal.code: deal for deal in firm.deals}
    refs = {code: f"salesforce:deal:{ids[deal.name]}" for code, deal in deals.items()}
    deal, sold = deals[_DEAL], deals[_SOLD]
    client = next(client for client in firm.clients if client.code == deal.client)
    accounts = await salesforce_org.ids(http, "Account", "AccountNumber")
    account = f"salesforce:account:{accounts[client.code]}"
    return crm.Facts(
        won=frozenset(refs[code] for code, deal in deals.items() if deal.stage == "won"),
        open_deal=refs[_OPEN],
        deal=refs[_DEAL],
        expected=_expected(deal, refs[_DEAL], account),
        roles=frozenset((need.role, need.seniority, need.location, need.hours) for need in deal.roles),
        sold=refs[_SOLD],
        milestones=tuple((m.sequence, m.name, m.planned_on, m.amount) for m in sold.milestones),
        account=account,
        account_expected={
            "name": client.name,
            "legal_name": client.legal_name,
            "country": client.country,
            "tax_id": client.tax_id,
            "tax_status": client.tax_status,
            "currency": client.currency,
            "parent_ref": None,
        },
        contact_roles=frozenset(contact.roles for contact in client.contacts),
    )


def _expected(deal: Any, ref: str, account: str) -> dict[str, Any]:
    return {
        "ref": ref,
        "name": deal.name,
        "account_ref": account,
        "amount": deal.amount,
        "currency": deal.currency,
        "closed_on": deal.closed_on,
        "entity_code": deal.entity,
        "delivery_countries": deal.delivery_countries,
        "document_ref": deal.contract_document,
        "signed_on": deal.signed_on,
        "billing_method": deal.method,
        "payment_terms": deal.payment_terms,
        "service_line": deal.service_line,
        "start_on": deal.starts_on,
        "end_on": deal.ends_on,
        "po_required": True,
        "po_number": deal.po.number,
        "po_amount": deal.po.amount,
        "nte_amount": deal.nte_amount,
    }
