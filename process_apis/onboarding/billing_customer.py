"""Makes sure that the ERP can bill the client: validates entity and terms, finds or creates its customer there (4a.3)."""

from typing import TypeVar

from contracts.call import Call
from contracts.canon.deal import Deal
from contracts.canon.ledger import LegalEntity
from contracts.canon.party import Account, BillingCustomer
from contracts.problems import NotFound
from contracts.process.register_objects import Customer
from contracts.system.billing import Billing
from contracts.system.erp import Erp
from process_apis.onboarding import billing_terms, rules
from process_apis.onboarding.billing_terms import Client, Terms
from process_apis.onboarding.intake import REVIEW, everything, read_deal, refusal
from process_apis.onboarding.plan import Billed
from process_apis.onboarding.rules import Fault
from process_apis.registers import customers, exceptions, projects
from process_apis.registers.unit import Unit
from runtime.data.links import link
from runtime.services import Services
from runtime.work.unit import unit_of_work

T = TypeVar("T")


async def ensure_billing_customer(
    services: Services, run_id: str, deal_ref: str, customer_id: str, call: Call
) -> Billed:
    """The client's customer in the ERP of the contracting entity, with settled terms.

    The deal is read again: who corrects it while the run is held here corrects what goes on.
    Raises RuleViolated (ENTITY_INVALID, TERMS_MISSING, TAX_NOT_DETERMINED, CONTRACT_INVALID, CUSTOMER_MATCH_REVIEW).
    """
    sold = await read_deal(services, deal_ref, call)
    deal, account = sold.deal, sold.account
    customer, named = await _known(services, run_id, customer_id, call)
    erp = _erp(services, deal, call)
    entity = _settled(
        billing_terms.entity_of(await everything(lambda at: erp.list_entities(call, cursor=at)), deal), deal
    )
    found = await _find(services, deal, account, customer, call)
    chosen = _settled(billing_terms.choose(found, frozenset(customer.refs), named), deal).customer
    client = Client(account=account, customer=customer, billed=chosen)
    terms = await _terms(erp, deal, client, entity, call)
    debtor = chosen or await _create(services, deal, client, entity, terms, call)
    async with unit_of_work(services.database) as connection:
        await link(connection, call.tenant, customer.id, debtor.ref, debtor.number)
    return Billed(
        ref=debtor.ref,
        created=chosen is None,
        deal=deal,
        account=account,
        entity_country=entity.country,
        payment_terms=terms.payment_terms,
        tax_treatment=terms.tax.treatment or "",
    )


async def _known(services: Services, run_id: str, customer_id: str, call: Call) -> tuple[Customer, str | None]:
    async with unit_of_work(services.database) as connection:
        unit = Unit(connection, call, services.clock.now())
        return await customers.get(unit, customer_id), await exceptions.answer(unit, run_id, REVIEW)


def _settled(found: T | Fault, deal: Deal) -> T:
    if isinstance(found, Fault):
        raise refusal(found, deal)
    return found


def _erp(services: Services, deal: Deal, call: Call) -> Erp:
    try:
        return services.ports.erp(call, deal.entity_code)
    except NotFound as unserved:
        raise refusal(Fault(code="ENTITY_INVALID", detail=unserved.detail), deal) from unserved


async def _find(
    services: Services, deal: Deal, account: Account, customer: Customer, call: Call
) -> tuple[BillingCustomer, ...]:
    """Who could be the client in the ERP: by our key, else what is linked or has the tax id, else by name."""
    entity = deal.entity_code or ""
    billing = services.ports.billing(call, entity)
    keyed = await billing.find_customers(call, key=billing_terms.billing_key(customer.id, entity))
    if keyed.items:
        return keyed.items
    instance = services.ports.connections.choose(call.tenant, "billing", entity).instance
    linked = [await billing.get_customer(call, r) for r in customer.refs if r.startswith(f"{instance}:")]
    known = {c.ref: c for c in linked if c.entity_code == entity}
    for tax_id in {account.tax_id, customer.tax_id} - {None}:
        page = await billing.find_customers(call, tax_id=tax_id, entity_code=entity)
        known |= {c.ref: c for c in page.items}
    return tuple(known.values()) or await _of_name(billing, account, customer, entity, call)


async def _of_name(
    billing: Billing, account: Account, customer: Customer, entity: str, call: Call
) -> tuple[BillingCustomer, ...]:
    page = await billing.find_customers(call, name=account.name, entity_code=entity)
    return tuple(c for c in page.items if billing_terms.same_client(c, account, customer))


async def _terms(erp: Erp, deal: Deal, client: Client, entity: LegalEntity, call: Call) -> Terms:
    codes = await everything(lambda at: erp.list_tax_codes(call, cursor=at))
    on = rules.start_of(deal)
    assert on, "a deal is complete before its terms are settled"
    return _settled(billing_terms.terms_of(deal, client, entity, codes, on), deal)


async def _create(
    services: Services, deal: Deal, client: Client, entity: LegalEntity, terms: Terms, call: Call
) -> BillingCustomer:
    key = billing_terms.billing_key(client.customer.id, entity.code)
    new = billing_terms.new_customer(key, client.account, deal, entity, terms.payment_terms)
    return await services.ports.billing(call, entity.code).put_customer(call, new)


async def deactivate_billing_customer(services: Services, deal_ref: str, customer_id: str, call: Call) -> bool:
    """Undoes `ensure_billing_customer`: the customer under our key is made inactive, unless other deals of the client need it."""
    deal = await services.ports.crm(call).get_deal(call, deal_ref)
    entity = deal.entity_code or ""
    async with unit_of_work(services.database) as connection:
        unit = Unit(connection, call, services.clock.now())
        if await projects.sold_besides(unit, customer_id, entity, deal_ref):
            return False
    billing = services.ports.billing(call, entity)
    found = await billing.find_customers(call, key=billing_terms.billing_key(customer_id, entity))
    active = [c for c in found.items if c.active]
    for debtor in active:
        await billing.deactivate_customer(call, debtor.ref)
    return bool(active)
