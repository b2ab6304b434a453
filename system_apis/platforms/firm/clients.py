"""Clients with their contacts, from the client table."""

from .client_table import (
    ADDRESSES,
    BILLING_HOLD,
    CLIENTS,
    CONTACT_NAMES,
    CREDIT_HOLD,
    CURRENCY,
    INVALID_TAX_ID,
    NOT_IN_ERP,
    PARENT,
    PO_REQUIRED,
)
from .commerce import Client, Contact

_ENTITY_CURRENCY = {"US01": "USD", "DE01": "EUR", "UK01": "GBP"}
_CONTACT_ROLES = (("billing",), ("buyer", "approver"))


def _contacts(code: str, index: int) -> tuple[Contact, ...]:
    """A billing contact first (CON-1), then the buyer."""
    domain = f"{code.lower()}.example"
    rows = []
    for offset, roles in enumerate(_CONTACT_ROLES):
        given, family = CONTACT_NAMES[(index * 2 + offset) % len(CONTACT_NAMES)]
        email = f"{given}.{family}@{domain}".lower()
        rows.append(Contact(code=f"{code}-{offset + 1}", name=f"{given} {family}", email=email, roles=roles))
    return tuple(rows)


def clients() -> tuple[Client, ...]:
    """Every client the firm sells to, debtors and not yet debtors alike."""
    rows = []
    for index, row in enumerate(CLIENTS):
        code, name, legal_name, entity, country, terms, tax_id, industry = row
        street, city, postal_code, region = ADDRESSES[code]
        rows.append(
            Client(
                code=code,
                name=name,
                legal_name=legal_name,
                parent=PARENT.get(code),
                industry=industry,
                entity=entity,
                street=street,
                city=city,
                postal_code=postal_code,
                region=region,
                country=country,
                currency=CURRENCY.get(code, _ENTITY_CURRENCY[entity]),
                payment_terms=terms,
                tax_id=tax_id,
                tax_id_valid=code not in INVALID_TAX_ID,
                tax_status="business",
                billing_hold=code in BILLING_HOLD,
                credit_hold=code in CREDIT_HOLD,
                po_required=code in PO_REQUIRED,
                active=True,
                in_erp=code not in NOT_IN_ERP,
                contacts=_contacts(code, index),
            )
        )
    return tuple(rows)
