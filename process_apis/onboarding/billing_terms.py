"""Which receivables customer bills a deal and on what terms: entity, currency, payment terms, tax (4a.3). Pure."""

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from contracts.canon.deal import Deal
from contracts.canon.ledger import LegalEntity, TaxCode
from contracts.canon.party import Account, BillingCustomer, NewBillingCustomer
from contracts.process.register_objects import Customer
from domain import tax
from process_apis.onboarding.matching import tax_number, words_of
from process_apis.onboarding.rules import Fault
from process_apis.registers.taxation import ZONES, has_valid_tax_id


def billing_key(customer_id: str, entity: str) -> str:
    """The key of a receivables customer in the ERP: a customer has one per legal entity that bills it."""
    return f"{customer_id}.{entity}"


def entity_of(entities: Iterable[LegalEntity], deal: Deal) -> LegalEntity | Fault:
    """The contracting entity, if the ERP has it and it is active."""
    found = next((e for e in entities if e.code == deal.entity_code), None)
    if found is None:
        return Fault(code="ENTITY_INVALID", detail=f"The ERP has no legal entity {deal.entity_code}; choose another.")
    if not found.active:
        return Fault(
            code="ENTITY_INVALID", detail=f"Legal entity {found.code} is inactive; activate or choose another."
        )
    return found


class Chosen(Struct, frozen=True, kw_only=True):
    """The receivables customer to use, None when one has to be created."""

    customer: BillingCustomer | None


def choose(found: Sequence[BillingCustomer], linked: frozenset[str], named: str | None) -> Chosen | Fault:
    """The one that is linked, or named by a person, or the only one there is."""
    told = [c for c in found if named and (c.ref in named or (c.number and c.number in named.split()))]
    known = [c for c in found if c.ref in linked]
    best = told[:1] or known or [c for c in found if c.active] or list(found)
    if len(best) > 1:
        names = ", ".join(f"{c.name} ({c.number or c.ref})" for c in best)
        detail = (
            f"Several receivables customers could be the client: {names}. Resolve with the number of the right one."
        )
        return Fault(code="CUSTOMER_MATCH_REVIEW", detail=detail)
    return Chosen(customer=best[0] if best else None)


def same_client(found: BillingCustomer, account: Account, customer: Customer) -> bool:
    """Whether a receivables customer found by words of its name is the client: equal tax id, or equal words and none."""
    number = tax_number(account.tax_id or customer.tax_id)
    if number and found.tax_id:
        return tax_number(found.tax_id) == number
    ours = {words_of(name) for name in (account.name, account.legal_name, customer.name, customer.legal_name)}
    return bool(ours & {words_of(found.name), words_of(found.legal_name)})


class Client(Struct, frozen=True, kw_only=True):
    """Who is billed: in the CRM, in the register, and in the ERP when it is there."""

    account: Account
    customer: Customer
    billed: BillingCustomer | None = None


class Terms(Struct, frozen=True, kw_only=True):
    """What was settled with the ERP."""

    payment_terms: str
    tax: tax.TaxAnswer


def terms_of(deal: Deal, client: Client, entity: LegalEntity, codes: Iterable[TaxCode], on: date) -> Terms | Fault:
    """Payment terms, currency and tax treatment on a day, or the first that does not hold."""
    billed = client.billed
    if billed is not None and not billed.active:
        detail = f"The client is inactive in the ERP ({billed.number or billed.ref}); activate it there."
        return Fault(code="ENTITY_INVALID", detail=detail)
    if billed is not None and billed.currency != deal.currency:
        detail = f"The deal is in {deal.currency}, the client's receivables account is in {billed.currency}."
        return Fault(code="CONTRACT_INVALID", detail=detail)
    payment_terms = (billed.payment_terms if billed else None) or deal.payment_terms
    if not payment_terms:
        detail = "Neither the client's record in the ERP nor the deal has payment terms; set them in the ERP."
        return Fault(code="TERMS_MISSING", detail=detail)
    answer = tax.determine_tax(_tax_question(client, entity, codes, on))
    if answer.code is not None:
        return Fault(code="TAX_NOT_DETERMINED", detail=_TAX_HELP.get(answer.code, f"No tax treatment: {answer.code}."))
    return Terms(payment_terms=payment_terms, tax=answer)


_TAX_HELP = {
    "TAX_ID_MISSING": "Reverse charge needs the client's validated tax id (TAX-6): keep it on its record in the ERP.",
    "TAX_RATE_MISSING": "The ERP has no standard rate of the place of supply on the first day (TAX-4): load it there.",
}


def _tax_question(client: Client, entity: LegalEntity, codes: Iterable[TaxCode], on: date) -> tax.TaxQuestion:
    status, country = (client.billed or client.account).tax_status, client.account.country or client.customer.country
    rates = tuple(
        tax.TaxRate(
            country=c.country, rate_pct=c.rate_pct, tax_code=c.code, valid_from=c.valid_from, valid_to=c.valid_to
        )
        for c in codes
        if c.treatment == "standard"
    )
    valid = has_valid_tax_id(client.customer, client.billed)
    return tax.TaxQuestion(
        supplier=tax.Supplier(country=entity.country, registrations=(entity.country,)),
        customer=tax.TaxCustomer(country=country, status=status, tax_id_valid=valid),
        tax_date=on,
        tax_rates=rates,
        zones=dict(ZONES),
    )


def new_customer(key: str, account: Account, deal: Deal, entity: LegalEntity, payment_terms: str) -> NewBillingCustomer:
    """The client as the ERP shall hold it."""
    return NewBillingCustomer(
        key=key,
        name=account.name,
        legal_name=account.legal_name,
        entity_code=entity.code,
        currency=deal.currency,
        address=account.address,
        tax_status=account.tax_status,
        tax_id=account.tax_id,
        payment_terms=payment_terms,
    )
