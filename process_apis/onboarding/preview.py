"""What an onboarding would do, told without doing it: the same reads and decisions, no writes."""

from collections.abc import Iterator, Mapping
from typing import Literal

from contracts.call import Call
from contracts.canon.deal import Deal
from contracts.canon.party import Account
from contracts.process.onboarding import CountryPreview, Obstacle, Preview
from process_apis.onboarding import matching, rules
from process_apis.onboarding.matching import Match
from process_apis.registers import customers, replicas
from process_apis.registers.unit import Unit
from runtime.data.links import canonical
from runtime.services import Services
from runtime.work.unit import unit_of_work

_REVIEW = "CUSTOMER_MATCH_REVIEW"
_CUSTOMER: Mapping[str, Literal["known", "new", "to decide"]] = {"same": "known", "new": "new", "review": "to decide"}


async def preview(services: Services, call: Call, deal: Deal, run_id: str | None) -> Preview:
    """`call` may read CRM and PSA."""
    account = await services.ports.crm(call).get_account(call, deal.account_ref)
    found = (await services.ports.psa(call).find_projects(call, deal_ref=deal.ref)).items
    async with unit_of_work(services.database) as connection:
        unit = Unit(connection, call, services.clock.now())
        match = await _customer(unit, account)
        entity = (await replicas.entities(unit)).get(deal.entity_code or "")
    countries = rules.countries_of(deal, entity.country if entity else account.country or "")
    verdicts = [rules.adoptable(found, country, countries) for country in countries]
    return Preview(
        deal_ref=deal.ref,
        name=deal.name,
        amount=deal.amount,
        currency=deal.currency,
        run_id=run_id,
        customer=_CUSTOMER[match.verdict],
        customer_id=match.customer_id,
        countries=tuple(_country(deal, countries, place, verdict) for place, verdict in enumerate(verdicts)),
        obstacles=tuple(_obstacles(deal, account, match, verdicts)),
    )


async def _customer(unit: Unit, account: Account) -> Match:
    linked = await canonical(unit.connection, unit.tenant, account.ref)
    if linked is not None:
        return Match(verdict="same", customer_id=linked)
    return matching.match(account, await customers.candidates(unit, account.tax_id, account.country))


def _country(
    deal: Deal, countries: tuple[str, ...], place: int, verdict: rules.Adopt | rules.Create | rules.Ambiguous
) -> CountryPreview:
    adopted = verdict.project if isinstance(verdict, rules.Adopt) else None
    country = countries[place]
    return CountryPreview(
        country=country,
        adopts=adopted.ref if adopted else None,
        adopts_code=adopted.code if adopted else None,
        demands=sum(rules.country_of(need.location_code, countries) == country for need in deal.roles),
        milestones=len(deal.milestones) if place == 0 and rules.planned_value(deal) is not None else 0,
    )


def _obstacles(
    deal: Deal, account: Account, match: Match, verdicts: list[rules.Adopt | rules.Create | rules.Ambiguous]
) -> Iterator[Obstacle]:
    fault = rules.fault_of(deal, account)
    if fault is not None:
        yield Obstacle(code=fault.code, detail=fault.detail, missing=rules.missing(deal, account))
    if match.verdict == "review":
        names = ", ".join(f"{c.name} ({c.customer_id})" for c in match.candidates)
        yield Obstacle(code=_REVIEW, detail=f"{account.legal_name} could be {names}.")
    for verdict in verdicts:
        if isinstance(verdict, rules.Ambiguous):
            codes = ", ".join(p.code for p in verdict.projects)
            yield Obstacle(code="PROJECT_CODE_INVALID", detail=f"The PSA has several projects for the deal: {codes}.")
