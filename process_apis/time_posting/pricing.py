"""What an entry is worth (5.2-5.6) and which part of it the caps leave billable (5.7). Pure."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from contracts.canon.ledger import LegalEntity
from contracts.canon.worker import CostRate, Worker
from contracts.money import ZERO, plain, written
from contracts.process.register_objects import Contract, ContractLine
from contracts.process.time_posting import Transaction
from domain import caps, costs, periods, quantities, rating
from domain.rate_book import RateBook
from domain.rate_explanation import reasons_for
from domain.rate_search import RateLine
from domain.terms import FixedRate, FxQuote, PricingContract, PricingEntity
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
    mode = entity_terms(verdict.entity).rounding_mode
    return costs.cost_of_hours(part.hours, verdict.cost, verdict.cost_currency, mode)


def entity_terms(entity: LegalEntity | None, code: str | None = None) -> PricingEntity:
    """The settings of a legal entity that price work, as far as its ERP states them; `code` is the contract's."""
    if entity is None:
        return PricingEntity(id=code)
    return PricingEntity(
        id=code or entity.code,
        functional_currency=entity.functional_currency,
        rounding_mode=entity.rounding_mode,
        hours_per_day=entity.hours_per_day,
        multipliers=dict(entity.multipliers),
    )


def line_terms(line: ContractLine) -> quantities.LineTerms:
    """The terms of a contract line that price time."""
    return quantities.LineTerms(**{name: getattr(line, name) for name in _LINE_TERMS})


def price_book(
    contract: Contract, line: ContractLine, entity: LegalEntity | None, path: tuple[str, ...], known: Prices
) -> RateBook:
    """The prices of a contract line; `path` is the customer, then its ancestors."""
    return RateBook(
        rating.PricingTerms(
            contract=_terms(contract),
            contract_line=line_terms(line),
            legal_entity=entity_terms(entity, contract.legal_entity_id),
            customer_path=path,
            rate_lines=known.lines,
            fx_quotes=known.quotes,
        )
    )


def converts(contract: Contract, lines: tuple[RateLine, ...]) -> bool:
    """Whether a price may ask for an exchange rate: it is stated in another currency, or made of costs."""
    return any(line.currency != contract.currency or line.method == "cost_plus" for line in lines)


def rate(facts: Facts, book: RateBook, line: ContractLine, cost: CostRate | None) -> rating.RatedTime:
    """The price of the entry under a contract line, before any cap."""
    priced = rating.CostRate(rate=cost.rate, currency=cost.currency) if cost else None
    return book.rate(_worked(facts, line), priced, facts.prior_day)


def reasons(facts: Facts, verdict: Verdict) -> dict[str, str]:
    """How the figures of its price were made, where not in the usual way."""
    if facts.book is None or verdict.line is None or verdict.rated is None:
        return {}
    return reasons_for(_worked(facts, verdict.line), facts.book.terms, verdict.rated)


def _worked(facts: Facts, line: ContractLine) -> rating.TimeWorked:
    entry, worker = facts.entry, facts.worker
    return rating.TimeWorked(
        service_date=entry.worked_on,
        quantity=entry.hours,
        unit="hour",
        project_id=line.project_id,
        resource_id=entry.worker_number,
        time_types=entry.time_types,
        role_code=entry.role_code or (worker.role_code if worker else None),
        seniority_code=worker.seniority_code if worker else None,
        location_code=entry.location_code or (worker.location_code if worker else None),
        billable=entry.billable and line.includes_time and (facts.task is None or facts.task.chargeable),
        billable_quantity=entry.billable_hours,
        billable_override_reason=entry.billable_override_reason,
    )


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
        *split(capped(contract, line, facts.entity, facts.consumed, item), codes),
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


def by_day(line: ContractLine) -> bool:
    """Whether what a person worked on a day is rounded as a whole (QTY-4)."""
    return line.rounding_scope == "day" or line.day_rounding != "exact"


def _limits(contract: Contract, line: ContractLine) -> tuple[Decimal | None, ...]:
    return contract.nte_amount, line.nte_amount, contract.po.amount if contract.po else None, line.nte_hours


def capped(
    contract: Contract,
    line: ContractLine,
    entity: LegalEntity | None,
    used: Mapping[str, Decimal],
    item: caps.CapItem,
) -> caps.CapSplit:
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
        rounding_mode=entity_terms(entity).rounding_mode,
    )
    (found,), _ = caps.split_items(question)
    return found


def split(found: caps.CapSplit, codes: tuple[str, ...]) -> tuple[Part, ...]:
    """The billable and the held part, as far as there is anything of each."""
    codes = (*codes, found.code) if found.code else codes
    kept, held = found.billable, found.overage
    billable = Part(
        part="billable",
        hours=kept.hours,
        quantity=kept.quantity,
        amount=kept.amount,
        commands=("validate", "rate"),
        codes=codes,
    )
    overage = Part(
        part="overage",
        hours=held.hours,
        quantity=held.quantity,
        amount=held.amount,
        commands=("validate", "rate", "hold"),
        codes=codes,
    )
    if not held.quantity and not held.amount:
        return (billable,)
    return (overage,) if not kept.amount and not kept.quantity else (billable, overage)


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
        detail = f"{over[0].hours} h worth {written(held, contract.currency)} are above the cap."
        found.append(Failure(code=code, detail=detail, warning=True, amount=held))
    if "CAP_SOFT_EXCEEDED" in codes:
        limits = " ".join(plain(limit) for limit in _limits(contract, line) if limit is not None)
        detail = f"More than the agreed {limits} is billed; the contract only warns."
        found.append(Failure(code="CAP_SOFT_EXCEEDED", detail=detail, warning=True, grounds=limits, contract_wide=True))
    if "ZERO_RATE" in codes:
        detail = f"The rate of {facts.entry.role_code or 'the role'} is zero; is this work complimentary?"
        found.append(Failure(code="ZERO_RATE", detail=detail, warning=True, grounds=rate_line, contract_wide=True))
    return tuple(found)
