"""What an entry is worth (5.2-5.6) and which part of it the caps leave billable (5.7). Pure."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from contracts.canon.worker import CostRate, Worker
from contracts.money import HOURS_PLACES, ZERO, plain, round_money, round_places
from contracts.process.register_objects import Contract, ContractLine
from contracts.process.time_posting import Transaction
from domain import caps, periods, quantities, rating
from domain.rate_book import RateBook
from domain.rate_search import RateLine
from domain.terms import EIGHT, FixedRate, FxQuote, PricingContract, PricingEntity
from process_apis.time_posting.verdict import Facts, Failure, Part, Verdict


class Prices(NamedTuple):
    """Rate lines of every level a line's entries may be priced at, and quotes of exchange rates."""

    lines: tuple[RateLine, ...]
    quotes: tuple[FxQuote, ...] = ()


_LINE_TERMS = tuple(quantities.LineTerms.__annotations__)


def cost_of(worker: Worker | None, on: date) -> CostRate | None:
    """The cost rate of a person on a day (RES-2)."""
    rates = worker.cost_rates if worker else ()
    return next((r for r in rates if periods.within(on, r.valid_from, r.valid_to)), None)


def cost_amount(verdict: Verdict, part: Part) -> Decimal | None:
    """What the hours of a part cost, in the currency of the cost rate."""
    if verdict.cost is None or verdict.cost_currency is None:
        return None
    return round_money(part.hours * verdict.cost, verdict.cost_currency)


def price_book(
    contract: Contract, line: ContractLine, functional_currency: str | None, path: tuple[str, ...], known: Prices
) -> RateBook:
    """The prices of a contract line; `path` is the customer, then its ancestors."""
    return RateBook(
        rating.PricingTerms(
            contract=_terms(contract),
            contract_line=quantities.LineTerms(**{name: getattr(line, name) for name in _LINE_TERMS}),
            legal_entity=PricingEntity(id=contract.legal_entity_id, functional_currency=functional_currency),
            customer_path=path,
            rate_lines=known.lines,
            fx_quotes=known.quotes,
        )
    )


def rate(facts: Facts, book: RateBook, line: ContractLine, cost: CostRate | None) -> rating.RatedTime:
    """The price of the entry under a contract line, before any cap."""
    entry, worker = facts.entry, facts.worker
    worked = rating.TimeWorked(
        service_date=entry.worked_on,
        quantity=entry.hours,
        unit="hour",
        project_id=line.project_id,
        resource_id=entry.worker_number,
        time_types=entry.time_types,
        role_code=entry.role_code or (worker.role_code if worker else None),
        seniority_code=worker.seniority_code if worker else None,
        location_code=entry.location_code or (worker.location_code if worker else None),
        billable=entry.billable and line.includes_time,
        billable_quantity=entry.billable_hours,
    )
    priced = rating.CostRate(rate=cost.rate, currency=cost.currency) if cost else None
    return book.rate(worked, priced, facts.prior_day)


def prior_day(line: ContractLine, recorded: Decimal, hours: Decimal, days: Decimal) -> quantities.PriorDay:
    """What was recorded and billed earlier that day (QTY-4); days that were billed are hours that were billed, too."""
    in_days = days * (line.hours_per_day or EIGHT)
    return quantities.PriorDay(recorded_hours=recorded, billed_hours=hours + in_days, billed_days=days)


def _terms(contract: Contract) -> PricingContract:
    fixed = tuple(FixedRate(from_=one.from_, to=one.to, rate=one.rate) for one in contract.fx_fixed)
    return PricingContract(currency=contract.currency, rate_fallback=contract.rate_fallback, fx_fixed=fixed)


def parts(facts: Facts, contract: Contract, line: ContractLine, rated: rating.RatedTime) -> tuple[Part, ...]:
    """A rated entry in its parts: billable, held above a cap, not billable."""
    hours = facts.entry.hours
    if rated.status != "rated":
        return (excluded(hours, "COST_ONLY" if rated.status == "cost_only" else "NOT_BILLABLE"),)
    left = rated.non_billable_quantity or ZERO
    item = caps.CapItem(
        id=facts.entry_id,
        kind="time",
        service_date=facts.entry.worked_on,
        approved_at=facts.entry.approved_at,
        hours=hours - left,
        quantity=rated.quantity or ZERO,
        bill_rate=rated.bill_rate or ZERO,
        amount=rated.amount or ZERO,
    )
    codes = (rated.code,) if rated.code else ()
    return (
        *split(item, capped(contract, line, facts.consumed, item), codes),
        *((excluded(left, "NOT_BILLABLE"),) if left else ()),
    )


def excluded(hours: Decimal, reason: str) -> Part:
    """Work that only costs."""
    return Part(
        part="non_billable", hours=hours, quantity=hours, amount=ZERO, commands=("validate", "exclude"), codes=(reason,)
    )


def has_caps(contract: Contract, line: ContractLine) -> bool:
    """Whether anything limits what the line may bill."""
    return any(limit is not None for limit in _limits(contract, line))


def _limits(contract: Contract, line: ContractLine) -> tuple[Decimal | None, ...]:
    return contract.nte_amount, line.nte_amount, contract.po.amount if contract.po else None, line.nte_hours


def capped(contract: Contract, line: ContractLine, used: Mapping[str, Decimal], item: caps.CapItem) -> caps.CappedItem:
    """An item against what the caps still leave."""
    of_contract, of_line, of_po, of_hours = _limits(contract, line)
    question = caps.CapQuestion(
        currency=contract.currency,
        policy=contract.cap_policy,
        tolerance_amount=contract.cap_tolerance_amount or ZERO,
        nte_scope=contract.nte_scope,
        limits=caps.CapAmounts(contract=of_contract, contract_line=of_line, po=of_po, line_hours=of_hours),
        consumed=caps.CapAmounts(
            contract=used.get("contract", ZERO),
            contract_line=used.get(f"line:{line.id}", ZERO),
            po=used.get("contract", ZERO),
            line_hours=used.get(f"line_hours:{line.id}", ZERO),
        ),
        items=(item,),
    )
    return caps.apply_caps(question).items[0]


def split(item: caps.CapItem, found: caps.CappedItem, codes: tuple[str, ...]) -> tuple[Part, ...]:
    """The billable and the held part; hours by the share of the quantity, the rest by subtraction (CAP-5, DEC-5)."""
    codes = (*codes, found.code) if found.code else codes
    worked = item.hours or ZERO
    share = round_places(worked * found.billable_quantity / item.quantity, HOURS_PLACES) if item.quantity else None
    hours = worked if share is None else share
    billable = Part(
        part="billable",
        hours=hours,
        quantity=found.billable_quantity,
        amount=found.billable_amount,
        commands=("validate", "rate"),
        codes=codes,
    )
    overage = Part(
        part="overage",
        hours=worked - hours,
        quantity=found.overage_quantity,
        amount=found.overage_amount,
        commands=("validate", "rate", "hold"),
        codes=codes,
    )
    if not found.overage_quantity and not found.overage_amount:
        return (billable,)
    return (overage,) if not found.billable_amount and not found.billable_quantity else (billable, overage)


def held_item(held: Transaction) -> caps.CapItem:
    """A transaction above a cap as an item that asks for headroom again; its price is not calculated anew (TXN-2)."""
    return caps.CapItem(
        id=held.id,
        kind="time",
        service_date=held.service_date,
        approved_at=held.approved_at,
        hours=held.hours,
        quantity=held.quantity,
        bill_rate=held.rating.bill_rate or ZERO,
        amount=held.amount,
    )


def warnings(
    facts: Facts, contract: Contract, line: ContractLine, made: tuple[Part, ...], rate_line: str
) -> tuple[Failure, ...]:
    """What prices and caps let pass and people should know: held overage, soft caps, rates of zero."""
    codes = {code for part in made for code in part.codes}
    held = sum((p.amount for p in made if p.part == "overage"), ZERO)
    over = [p for p in made if p.part == "overage"]
    found = []
    for code in sorted(codes & {"CAP_OVERAGE_HELD", "CAP_EXCEEDED"}):
        detail = f"{over[0].hours} h worth {plain(held)} {contract.currency} are above the cap."
        found.append(Failure(code=code, detail=detail, warning=True, amount=held))
    if "CAP_SOFT_EXCEEDED" in codes:
        limits = " ".join(plain(limit) for limit in _limits(contract, line) if limit is not None)
        detail = f"More than the agreed {limits} is billed; the contract only warns."
        found.append(Failure(code="CAP_SOFT_EXCEEDED", detail=detail, warning=True, grounds=limits, contract_wide=True))
    if "ZERO_RATE" in codes:
        detail = f"The rate of {facts.entry.role_code or 'the role'} is zero; is this work complimentary?"
        found.append(Failure(code="ZERO_RATE", detail=detail, warning=True, grounds=rate_line, contract_wide=True))
    return tuple(found)
