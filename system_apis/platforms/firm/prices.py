"""What the firm charges: a standard card per entity, and the cards of clients, contracts and projects."""

from datetime import date
from decimal import Decimal

from msgspec import Struct

from .commerce import RateCard, RateLine
from .months import month_end, month_start
from .organisation import Person
from .portfolio import PLANS, Plan

# role -> hourly list price in US dollars for junior, middle, senior, principal
_LIST = {
    "ARC": ("170.00", "200.00", "245.00", "290.00"),
    "DEV": ("130.00", "165.00", "205.00", "250.00"),
    "CON": ("140.00", "175.00", "215.00", "265.00"),
    "ANA": ("125.00", "155.00", "190.00", "235.00"),
    "PM": ("150.00", "180.00", "220.00", "270.00"),
}
_SENIORITIES = ("JR", "MID", "SR", "PRI")
_LEVEL = {"US01": Decimal("1.00"), "DE01": Decimal("0.82"), "UK01": Decimal("0.72")}
_CURRENCY = {"US01": "USD", "DE01": "EUR", "UK01": "GBP"}

Dimensions = tuple[str, str | None]


class Special(Struct, frozen=True, kw_only=True):
    """A card that beats the standard one. `ended` = it ran out with the month before last."""

    code: str
    name: str
    scope: str
    scope_code: str
    currency: str
    prices: tuple[tuple[Dimensions, str], ...]
    person: str | None = None
    ended: bool = False


def _scope(card: str, scope: str, plan_code: str) -> str:
    plan = next(plan for plan in PLANS if plan.code == plan_code and plan.prices == card)
    return {"client": plan.client, "contract_line": plan.contract_line, "project_role": plan.project}[scope]


SPECIALS: dict[str, tuple[Special, ...]] = {
    "northstar": (
        Special(
            code="RC-NORTHSTAR", name="Northstar frame agreement", scope="client", scope_code="NORTHSTAR",
            currency="USD", prices=((("ARC", "SR"), "232.75"), (("DEV", "MID"), "156.75"), (("ANA", "MID"), "147.25")),
        ),
    ),
    "bluepeak": (
        Special(
            code="RC-BLUEPEAK", name="Bluepeak group rates", scope="client", scope_code="BLUEPEAK",
            currency="USD", prices=((("DEV", "MID"), "158.00"), (("DEV", "SR"), "196.00")),
        ),
    ),
    "summit": (
        Special(
            code="RC-SUMMIT-CHAU", name="Summit: principal architect", scope="project_person", scope_code="PRJ-2107",
            currency="USD", prices=((("ARC", "PRI"), "320.00"),), person="E1007",
        ),
        Special(
            code="RC-SUMMIT", name="Summit rates", scope="client", scope_code="SUMMIT",
            currency="USD", prices=((("ARC", "PRI"), "305.00"), (("DEV", "SR"), "210.00")),
        ),
    ),
    "expired": (
        Special(
            code="RC-C-2122", name="Loyalty programme rates", scope="contract_line",
            scope_code=_scope("expired", "contract_line", "2122"), currency="USD",
            prices=((("CON", "MID"), "168.00"),), ended=True,
        ),
    ),
    "gap": (
        Special(
            code="RC-C-2131", name="Redaktionssystem Sätze", scope="contract_line",
            scope_code=_scope("gap", "contract_line", "2131"), currency="EUR",
            prices=((("CON", "MID"), "142.00"), (("CON", "SR"), "174.00")),
        ),
    ),
    "thin": (
        Special(
            code="RC-PRJ-2125", name="Device integration rate", scope="project_role",
            scope_code=_scope("thin", "project_role", "2125"), currency="USD", prices=((("DEV", None), "118.00"),),
        ),
    ),
    "warranty": (
        Special(
            code="RC-PRJ-2126", name="Warranty at no charge", scope="project_role",
            scope_code=_scope("warranty", "project_role", "2126"), currency="USD", prices=((("DEV", None), "0.00"),),
        ),
    ),
    "franken": (
        Special(
            code="RC-MATTERHORN", name="Matterhorn Frankensätze", scope="client",
            scope_code=_scope("franken", "client", "2129"), currency="CHF",
            prices=((("ARC", "SR"), "228.00"), (("DEV", "MID"), "154.00"), (("ANA", "SR"), "176.00")),
        ),
    ),
}  # fmt: skip


def list_price(entity: str, role: str, seniority: str) -> Decimal:
    """Standard price of an hour in the entity's currency, in steps of 0.50."""
    exact = Decimal(_LIST[role][_SENIORITIES.index(seniority)]) * _LEVEL[entity]
    return ((exact * 2).quantize(Decimal(1)) / 2).quantize(Decimal("0.01"))


def planned_rate(plan: Plan, person: Person) -> Decimal:
    """What an hour of the person is planned to bring on the engagement, by the order of RATE-1."""
    for special in SPECIALS.get(plan.prices or "", ()):
        if special.scope == "project_person" and (special.scope_code, special.person) != (plan.project, person.number):
            continue
        for (role, seniority), rate in special.prices:
            if role == person.role and seniority in (None, person.seniority):
                return Decimal(rate)
    return list_price(plan.entity, person.role, person.seniority)


def _line(code: str, role: str, seniority: str | None, rate: Decimal, first: date, last: date | None) -> RateLine:
    return RateLine(
        code=code,
        role=role,
        seniority=seniority,
        location=None,
        time_type=None,
        method="amount",
        rate=rate,
        markup_pct=None,
        unit="hour",
        starts_on=first,
        ends_on=last,
    )


def _standard(entity: str, first: date) -> RateCard:
    lines = tuple(
        _line(f"RL-STD-{entity}-{role}-{sen}", role, sen, list_price(entity, role, sen), first, None)
        for role in _LIST
        for sen in _SENIORITIES
    )
    return RateCard(
        code=f"RC-STD-{entity}",
        name=f"Standard rates {entity}",
        scope="standard",
        scope_code=entity,
        person=None,
        currency=_CURRENCY[entity],
        version=2,
        starts_on=first,
        ends_on=None,
        state="active",
        lines=lines,
    )


def _special(special: Special, first: date, ended_on: date) -> RateCard:
    last = ended_on if special.ended else None
    lines = tuple(
        _line(f"RL-{special.code[3:]}-{index}", role, seniority, Decimal(rate), first, last)
        for index, ((role, seniority), rate) in enumerate(special.prices, start=1)
    )
    return RateCard(
        code=special.code,
        name=special.name,
        scope=special.scope,
        scope_code=special.scope_code,
        person=special.person,
        currency=special.currency,
        version=1,
        starts_on=first,
        ends_on=last,
        state="active",
        lines=lines,
    )


def rate_cards(as_of: date) -> tuple[RateCard, ...]:
    """Standard cards first, then the special ones; one of them ended before last month."""
    standard = [_standard(entity, month_start(as_of, -18)) for entity in _CURRENCY]
    first, ended_on = month_start(as_of, -10), month_end(as_of, -2)
    special = [_special(card, first, ended_on) for cards in SPECIALS.values() for card in cards]
    return (*standard, *special)
