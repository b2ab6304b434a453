"""What becomes of an approved time entry: excluded, rated with its caps applied, or an exception with every reason. Pure."""

from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from contracts.money import ZERO
from contracts.process.register_objects import Contract, ContractLine
from domain import periods, rating
from process_apis.time_posting import checks, pricing
from process_apis.time_posting.verdict import Facts, Failure, Part, Verdict


def decide(facts: Facts) -> Verdict:
    """The verdict on an entry. Checks come first, then the price, then the posting date (4c.2 to 4c.5)."""
    found, (contract, line) = checks.failures(facts), checks.line_for(facts)
    if contract is None or line is None or facts.book is None:
        return _refused(facts, found, contract, line)
    cost = pricing.cost_of(facts.worker, facts.entry.worked_on)
    rated, posting = pricing.rate(facts, facts.book, line, cost), _posting_date(facts)
    if any(not f.warning for f in found):
        return _refused(facts, found, contract, line, rated.amount)
    if stopped := (*_unpriced(facts, rated), *_unpostable(facts, contract, posting)):
        return _refused(facts, (*found, *stopped), contract, line, rated.amount)
    parts = pricing.parts(facts, contract, line, rated)
    told = pricing.warnings(facts, contract, line, parts, rated.rate_line_id or "")
    return Verdict(
        parts=parts,
        failures=(*found, *(f for f in told if not checks.settled(facts, f))),
        contract=contract,
        line=line,
        entity=facts.entity,
        rated=rated,
        posting_date=posting,
        cost=cost.rate if cost else None,
        cost_currency=cost.currency if cost else None,
        cost_center=facts.cost_center,
    )


def held(verdict: Verdict) -> Verdict:
    """The same, its billable part held: what a person held stays held in a newer version."""
    parts = (_held(p) if p.part == "billable" and p.state == "rated" else p for p in verdict.parts)
    return replace(verdict, parts=tuple(parts))


def _held(part: Part) -> Part:
    return replace(part, commands=(*part.commands, "hold"))


def _unpriced(facts: Facts, rated: rating.RatedTime) -> tuple[Failure, ...]:
    if rated.status != "exception":
        return ()
    code, entry = rated.code or "RATE_MISSING", facts.entry
    role = entry.role_code or (facts.worker.role_code if facts.worker else None) or "unknown"
    who = f"role {role} on {entry.worked_on}"
    detail = {
        "RATE_EXPIRED": f"The rate for {who} has ended; the work was done later.",
        "RATE_OVERLAP": f"Two rate lines fit {who} equally well.",
        "FX_MISSING": f"No exchange rate converts the rate for {who} into the contract's currency.",
        "COST_RATE_MISSING": f"The rate for {who} is cost plus, and no cost rate is known.",
        "BILLABLE_QTY_INVALID": f"{entry.billable_hours} billable of {entry.hours} recorded hours, and no reason why.",
    }.get(code, f"No rate line fits {who}.")
    return (Failure(code=code, detail=detail, facts={"role": role}),)


def _unpostable(facts: Facts, contract: Contract, posting: date | None) -> tuple[Failure, ...]:
    if posting is not None:
        return ()
    detail = f"No open period of {contract.legal_entity_id} takes work of {facts.entry.worked_on}."
    return (Failure(code="PERIOD_CLOSED", detail=detail),)


def _refused(
    facts: Facts,
    found: tuple[Failure, ...],
    contract: Contract | None,
    line: ContractLine | None,
    worth: Decimal | None = None,
) -> Verdict:
    """In exception, whole. What the work would be worth is at risk, where its price is known."""
    codes = tuple(dict.fromkeys(f.code for f in found if not f.warning))
    part = Part(
        part="billable",
        hours=facts.entry.hours,
        quantity=facts.entry.hours,
        amount=ZERO,
        commands=("fail",),
        codes=codes,
    )
    return Verdict(parts=(part,), failures=_with_amount(found, worth), contract=contract, line=line)


def _with_amount(found: tuple[Failure, ...], worth: Decimal | None) -> tuple[Failure, ...]:
    return tuple(f if f.warning else replace(f, amount=worth) for f in found)


def _posting_date(facts: Facts) -> date | None:
    question = periods.PostingQuestion(service_date=facts.entry.worked_on, periods=facts.periods)
    return periods.posting_date(question).posting_date
