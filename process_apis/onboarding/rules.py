"""What a won deal must have, and what becomes of it: countries, demands, project codes, templates, adoption. Pure."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from contracts.canon.deal import Deal
from contracts.canon.ledger import Dimension, ProjectShell
from contracts.canon.party import Account
from contracts.canon.project import Project, ProjectTemplate
from contracts.money import ZERO, written
from process_apis.onboarding.matching import words_of
from process_apis.onboarding.plan import Billed, Branch, CountryPlan, Plan, Registered

_BY_EFFORT = frozenset({"time_and_materials", "retainer"})
_REVENUE: dict[str, Literal["right_to_invoice", "cost_to_cost", "milestone", "straight_line"]] = {
    "fixed_price": "cost_to_cost",
    "milestone": "milestone",
    "recurring": "straight_line",
}
_LOCATION_COUNTRIES = {"UK": "GB"}
_EFFORT_WORDS = frozenset({"effort", "hours", "time", "tm", "materials"})
_FIXED_WORDS = frozenset({"deliverable", "deliverables", "fixed", "fix", "milestone", "milestones", "price"})
_STEM_LENGTH = 12
_DELIVERY = "delivery"


def start_of(deal: Deal) -> date | None:
    """The deal's start, else the first day anybody is needed."""
    return deal.start_on or min((need.start_on for need in deal.roles), default=None)


def end_of(deal: Deal) -> date | None:
    """The deal's end, else the last day of anything sold."""
    days = [need.end_on for need in deal.roles] + [m.planned_on for m in deal.milestones]
    return deal.end_on or max(days, default=None)


def missing(deal: Deal, account: Account) -> tuple[str, ...]:
    """What a won deal lacks (OPP-1), in words for whoever completes it; empty when complete."""
    wanted = (
        ("the signed contract document", deal.document_ref),
        ("the date it was signed", deal.signed_on),
        ("an amount above zero", deal.amount > 0),
        ("the contracting entity", deal.entity_code),
        ("a roles profile or milestones", deal.roles or deal.milestones),
        ("the billing method", deal.billing_method),
        ("the start date", start_of(deal)),
        ("the end date", end_of(deal)),
        ("the client's country", account.country),
    )
    return tuple(name for name, value in wanted if not value)


class Fault(Struct, frozen=True, kw_only=True):
    """Why a step cannot go on: a code of the exception catalogue, and what to do."""

    code: str
    detail: str


def fault_of(deal: Deal, account: Account) -> Fault | None:
    """What is wrong with a deal: parts that are missing, milestones that do not add up (MS-4), dates (CTR-1)."""
    if deal.state != "closed_won":
        return Fault(code="DEAL_INCOMPLETE", detail=f"The deal is {deal.state}, not closed_won any more.")
    if lacking := missing(deal, account):
        return Fault(code="DEAL_INCOMPLETE", detail=f"The deal lacks {', '.join(lacking)}. Complete it in the CRM.")
    planned = sum((m.amount for m in deal.milestones), ZERO)
    if planned_value(deal) is not None and deal.milestones and planned != deal.amount:
        made, sold = (written(amount, deal.currency) for amount in (planned, deal.amount))
        detail = f"The milestones make {made}, the deal {sold}. Correct them in the CRM."
        return Fault(code="MILESTONE_SUM_MISMATCH", detail=detail)
    start, end = start_of(deal), end_of(deal)
    if start and end and end < start:
        return Fault(code="CONTRACT_INVALID", detail=f"The deal ends on {end}, before it starts on {start} (CTR-1).")
    return None


def planned_value(deal: Deal) -> Decimal | None:
    """The value of the contract: the amount where a result is sold, none where effort is (CTL-1)."""
    return None if deal.billing_method in _BY_EFFORT else deal.amount


def countries_of(deal: Deal, entity_country: str) -> tuple[str, ...]:
    """Where the work is done, each country once; without a word on it, where the contracting entity is."""
    return tuple(dict.fromkeys(deal.delivery_countries)) or (entity_country,)


def country_of(location: str | None, countries: Sequence[str]) -> str:
    """The delivery country of a location code (`DE-BER` is DE, `UK-LON` is GB); the leading one when it is none of them."""
    prefix = (location or "").split("-")[0].upper()
    country = _LOCATION_COUNTRIES.get(prefix, prefix)
    return country if country in countries else countries[0]


def cost_center(
    dimensions: Iterable[Dimension], entity: str, service_line: str | None, named: str | None
) -> str | None:
    """The cost center of a contract line, or None.

    The one a person named, else the entity's whose name has the service line's words, else the one named delivery, else
    the only one there is.
    """
    own = [d for d in dimensions if d.kind == "cost_center" and d.active and d.entity_code in (entity, None)]
    told = [d.code for d in own if named and d.code.casefold() in re.split(r"[\s,;:]+", named.casefold())]
    line = set(words_of(service_line or ""))
    by_line = [d.code for d in own if line and line <= set(words_of(d.name))]
    by_name = [d.code for d in own if _DELIVERY in words_of(d.name)]
    only = [own[0].code] if len(own) == 1 else []
    return next(iter(sorted(told)[:1] + sorted(by_line)[:1] + sorted(by_name)[:1] + only), None)


def template_for(templates: Iterable[ProjectTemplate], deal: Deal) -> ProjectTemplate | None:
    """The template of the deal's service line; of several the one whose name tells of the billing method, else the first."""
    line = (deal.service_line or "").casefold()
    fitting = sorted((t for t in templates if t.service_line.casefold() == line), key=lambda t: (t.name, t.ref))
    wanted = _EFFORT_WORDS if deal.billing_method in _BY_EFFORT else _FIXED_WORDS
    telling = [t for t in fitting if wanted & set(words_of(t.name))]
    return next(iter(telling + fitting), None)


class Adopt(Struct, frozen=True, kw_only=True):
    """The project is there."""

    project: Project


class Create(Struct, frozen=True, kw_only=True):
    """It has to be made."""


class Ambiguous(Struct, frozen=True, kw_only=True):
    """Several could be it: a person has to say which."""

    projects: tuple[Project, ...]


def adoptable(found: Iterable[Project], country: str, countries: Sequence[str]) -> Adopt | Create | Ambiguous:
    """The live PSA project somebody made for the deal without us; one without a country is the leading country's."""
    live = [p for p in found if p.key is None and p.status not in ("cancelled", "closed")]
    fitting = tuple(p for p in live if (p.country or countries[0]) == country)
    if len(fitting) > 1:
        return Ambiguous(projects=fitting)
    return Adopt(project=fitting[0]) if fitting else Create()


def project_for(branch: Branch, keyed: Sequence[Project], of_deal: Sequence[Project]) -> Adopt | Create | Ambiguous:
    """The branch's PSA project: the one with our key, else the adopted one, else none yet."""
    if len(keyed) > 1:
        return Ambiguous(projects=tuple(keyed))
    if keyed:
        return Adopt(project=keyed[0])
    known = [p for p in of_deal if p.ref == branch.country.adopted_ref]
    return Adopt(project=known[0]) if known else Create()


def code_stem(customer_name: str) -> str:
    """What a project code begins with: the first word of the customer's name, longer while it is short, in A-Z and 0-9."""
    stem = ""
    for word in words_of(customer_name):
        if len(stem) >= 4:
            break
        stem += "".join(c for c in word.upper() if c.isascii() and c.isalnum())
    return stem[:_STEM_LENGTH] or "PROJECT"


def next_code(stem: str, taken: Iterable[str]) -> str:
    """`STEM-001`, or one more than the highest number taken."""
    numbers = [int(found[1]) for code in taken if (found := re.fullmatch(rf"{re.escape(stem)}-(\d+)", code))]
    return f"{stem}-{max(numbers, default=0) + 1:03d}"


def branch_of(billed: Billed, customer_id: str, plan: Plan, registered: Registered, place: int) -> Branch:
    """The branch of the country at a place of the plan. The value, and with it the milestones, is the leading country's."""
    deal, country = billed.deal, plan.countries[place]
    start, end, value = start_of(deal), end_of(deal), planned_value(deal)
    assert start and end and deal.entity_code and deal.billing_method, "a deal is complete before it is planned"
    return Branch(
        deal_ref=deal.ref,
        account_ref=deal.account_ref,
        customer_id=customer_id,
        contract_id=plan.contract_id,
        engagement_id=plan.engagement_id,
        customer_ref=billed.ref,
        name=project_name(deal, country, plan),
        code=registered.codes[place],
        entity_code=deal.entity_code,
        currency=deal.currency,
        billing_method=deal.billing_method,
        revenue_method=revenue_method(deal),
        value=value if place == 0 or value is None else ZERO,
        amount=deal.amount,
        cost_center=registered.cost_center,
        start_on=start,
        end_on=end,
        country=country,
    )


def project_name(deal: Deal, country: CountryPlan, plan: Plan) -> str:
    """The deal's name, with the country where there are several."""
    return deal.name[:290] + (f" ({country.country})" if len(plan.countries) > 1 else "")


def revenue_method(deal: Deal) -> Literal["right_to_invoice", "cost_to_cost", "milestone", "straight_line"]:
    """How revenue of the line is recognised unless somebody decides otherwise."""
    return _REVENUE.get(deal.billing_method or "", "right_to_invoice")


class ReadBack(Struct, frozen=True, kw_only=True):
    """What the systems show under our key. `absent` means not there yet, which may pass; `wrong` does not by itself."""

    absent: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


def read_back(branch: Branch, projects: Sequence[Project], shells: Sequence[ProjectShell]) -> ReadBack:
    """Whether PSA and ERP show the project under its key, with its code, open for time (4a.8)."""
    absent = [name for name, found in (("PSA", projects), ("ERP", shells)) if not found]
    wrong = [f"the {name} has it twice" for name, found in (("PSA", projects), ("ERP", shells)) if len(found) > 1]
    for project in projects[:1]:
        wrong += _differs("PSA", "code", branch.code, project.code)
        if project.status != "active" or not project.time_allowed:
            wrong.append(f"in the PSA it is {project.status} and takes {'' if project.time_allowed else 'no '}time")
    for shell in shells[:1]:
        wrong += _differs("ERP", "code", branch.code, shell.code)
        wrong += _differs("ERP", "entity", branch.entity_code, shell.entity_code)
        if not shell.active:
            wrong.append("in the ERP it is inactive")
    return ReadBack(absent=tuple(absent), wrong=tuple(wrong))


def _differs(system: str, what: str, ours: str, theirs: str) -> list[str]:
    return [] if ours == theirs else [f"its {what} in the {system} is {theirs}, not {ours}"]
