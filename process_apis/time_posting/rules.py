"""What becomes of an approved time entry: which checks fail, what it is worth, which part is billable. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from contracts.canon.ledger import FiscalPeriod, FxQuote
from contracts.canon.timesheet import TimeEntry
from contracts.canon.worker import CostRate, Worker
from contracts.money import HOURS_PLACES, ZERO, round_money, round_places
from contracts.process.register_objects import Contract, ContractLine, RateCard, RegisteredProject
from contracts.process.time_posting import Part as TransactionPart
from contracts.process.time_posting import TransactionState
from contracts.wire import convert, to_builtins
from domain import caps, periods, quantities, rating
from domain.terms import FxQuote as Quote
from domain.terms import PricingContract, PricingEntity
from process_apis.registers.prices import rate_lines

# Where a person's word is enough; every other check is looked at again.
SETTLED_BY_PEOPLE = frozenset({"DUPLICATE_SUSPECTED", "TIME_RETRO_LIMIT", "NOT_ASSIGNED"})


class Facts(Struct, frozen=True, kw_only=True):
    """Everything that decides about one version of one entry. `settled` are codes a person decided for it before."""

    entry_id: str
    version: int
    entry: TimeEntry
    project: RegisteredProject | None = None
    contracts: tuple[Contract, ...] = ()
    worker: Worker | None = None
    assigned: bool | None = None
    functional_currency: str | None = None
    customer_path: tuple[str, ...] = ()
    cards: tuple[RateCard, ...] = ()
    quotes: tuple[FxQuote, ...] = ()
    periods: tuple[FiscalPeriod, ...] = ()
    cost_center: str | None = None
    hours_on_day: Decimal = ZERO
    twins: tuple[str, ...] = ()
    retro_limit_days: int = 60
    settled: frozenset[str] = frozenset()
    consumed: Mapping[str, Decimal] = {}
    prior_day: quantities.PriorDay = quantities.PriorDay()


class Failure(Struct, frozen=True, kw_only=True):
    """A check of 4c that does not hold; `facts` are its evidence. A warning does not stop the entry."""

    code: str
    detail: str
    warning: bool = False
    facts: Mapping[str, Any] = {}


class Part(Struct, frozen=True, kw_only=True):
    """A part of an entry as a transaction: its commands lead from `pending` to its state."""

    part: TransactionPart
    hours: Decimal
    quantity: Decimal
    amount: Decimal
    commands: tuple[str, ...]
    codes: tuple[str, ...] = ()

    @property
    def state(self) -> TransactionState:
        """Where the commands lead."""
        return _ENDS[self.commands[-1]]


_ENDS: Mapping[str, TransactionState] = {"fail": "exception", "exclude": "excluded", "rate": "rated", "hold": "held"}


class Verdict(Struct, frozen=True, kw_only=True):
    """What becomes of an entry: its parts with one rating, and what to open exceptions for."""

    parts: tuple[Part, ...]
    failures: tuple[Failure, ...] = ()
    contract: Contract | None = None
    line: ContractLine | None = None
    rated: rating.RatedTime | None = None
    posting_date: date | None = None
    cost: Decimal | None = None
    cost_currency: str | None = None
    cost_center: str | None = None


def lines_for(facts: Facts) -> list[tuple[Contract, ContractLine]]:
    """Contract lines an entry could belong to; lines for time before lines for expenses only (CTL-5)."""
    if facts.project is None:
        return []
    found = [
        (contract, line)
        for contract in facts.contracts
        for line in contract.lines
        if line.project_id == facts.project.id and (not line.task_ids or facts.entry.task_code in line.task_ids)
    ]
    return [pair for pair in found if pair[1].includes_time] or found


def failures(facts: Facts) -> tuple[Failure, ...]:
    """All checks of 4c.1 and 4c.2 that fail, in their order; what a person settled before does not fail again."""
    found = (*_duplicate(facts), *_project(facts), *_dates(facts), *_contract(facts), *_content(facts))
    return tuple(f for f in found if f.code not in facts.settled)


def _duplicate(facts: Facts) -> Iterator[Failure]:
    if facts.twins:
        detail = "The same person, day, project, task, hours and description stand in another entry."
        yield Failure(code="DUPLICATE_SUSPECTED", detail=detail, facts={"other_entries": list(facts.twins)})


def _project(facts: Facts) -> Iterator[Failure]:
    project, day = facts.project, facts.entry.worked_on
    if project is None:
        detail = f"No project of ours is {facts.entry.project_ref}."
        yield Failure(code="PROJECT_CODE_INVALID", detail=detail, facts={"project_ref": facts.entry.project_ref})
        return
    before_stop = project.hold_from is not None and day < project.hold_from
    if project.status != "active" and not (project.status in ("on_hold", "closing") and before_stop):
        detail = f"Project {project.code} is {project.status} and takes no time for {day}."
        yield Failure(code="PROJECT_STATUS_INVALID", detail=detail, facts={"status": project.status})


def _dates(facts: Facts) -> Iterator[Failure]:
    day, project, worker = facts.entry.worked_on, facts.project, facts.worker
    ranges: dict[str, tuple[date | None, date | None]] = {}
    if project is not None:
        ranges["project"] = (project.start, project.end)
    if worker is not None:
        ranges["resource"] = (worker.start_on, worker.end_on)
    for what, (start, end) in ranges.items():
        if not periods.within(day, start, end):
            evidence = {"range": what, "start": str(start), "end": str(end)}
            yield Failure(code="DATE_OUT_OF_RANGE", detail=f"{day} is outside the {what}'s dates.", facts=evidence)


def _contract(facts: Facts) -> Iterator[Failure]:
    lines = lines_for(facts)
    if facts.project is not None and len(lines) != 1:
        detail = f"{len(lines)} contract lines match project {facts.project.code}; exactly one must."
        yield Failure(code="CONTRACT_LINE_UNRESOLVED", detail=detail, facts={"lines": [line.id for _, line in lines]})
    for contract, _ in lines[:1]:
        in_force = contract.state in ("active", "completed") and periods.within(
            facts.entry.worked_on, contract.start, contract.end
        )
        if not in_force:
            detail = f"Contract {contract.name} is {contract.state} and does not cover {facts.entry.worked_on}."
            yield Failure(code="CONTRACT_NOT_ACTIVE", detail=detail, facts={"contract_id": contract.id})


def _content(facts: Facts) -> Iterator[Failure]:
    entry, lines = facts.entry, lines_for(facts)
    if facts.assigned is False:
        yield Failure(code="NOT_ASSIGNED", detail=f"No assignment covers {entry.worked_on}.", warning=True)
    if not 0 < entry.hours <= 24 or facts.hours_on_day > 24:
        detail = f"{facts.hours_on_day} hours on {entry.worked_on}; a day has 24."
        yield Failure(code="TIME_QTY_INVALID", detail=detail, facts={"hours_on_day": str(facts.hours_on_day)})
    for _, line in lines[:1]:
        home = facts.worker.cost_center_code if facts.worker else line.cost_center_id
        if facts.cost_center is None:
            detail = f"No mapping says where time of cost center {home} is booked on {entry.worked_on}."
            yield Failure(code="COST_CENTER_UNMAPPED", detail=detail, facts={"cost_center": home})
        if line.description_required and not entry.description.strip():
            yield Failure(code="DESCRIPTION_MISSING", detail="The contract asks for a description of the work.")
    age = (entry.approved_at.date() - entry.worked_on).days if entry.approved_at else 0
    if age > facts.retro_limit_days:
        detail = f"Approved {age} days after the work; the limit is {facts.retro_limit_days}."
        yield Failure(code="TIME_RETRO_LIMIT", detail=detail, facts={"age_days": age})


def decide(facts: Facts) -> Verdict:
    """The verdict on an entry: excluded, rated with its caps applied, or an exception with every reason."""
    found, lines = failures(facts), lines_for(facts)
    contract, line = lines[0] if len(lines) == 1 else (None, None)
    if contract is None or line is None or any(not f.warning for f in found):
        return _refused(facts, found, contract, line)
    posting = _posting_date(facts)
    if posting is None:
        detail = f"No open period of {contract.legal_entity_id} takes work of {facts.entry.worked_on}."
        return _refused(facts, (*found, Failure(code="PERIOD_CLOSED", detail=detail)), contract, line)
    cost = cost_of(facts.worker, facts.entry.worked_on)
    rated = _rate(facts, contract, line, cost)
    if rated.status == "exception":
        failure = Failure(code=rated.code or "RATE_MISSING", detail=_rate_detail(facts, rated.code))
        return _refused(facts, (*found, failure), contract, line)
    return Verdict(
        parts=_parts(facts, contract, line, rated),
        failures=found,
        contract=contract,
        line=line,
        rated=rated,
        posting_date=posting,
        cost=cost.rate if cost else None,
        cost_currency=cost.currency if cost else None,
        cost_center=facts.cost_center,
    )


def _rate_detail(facts: Facts, code: str | None) -> str:
    entry = facts.entry
    who = f"role {entry.role_code or 'unknown'} on {entry.worked_on}"
    return {
        "RATE_EXPIRED": f"The rate for {who} has ended; the work was done later.",
        "RATE_OVERLAP": f"Two rate lines fit {who} equally well.",
        "FX_MISSING": f"No exchange rate converts the rate for {who} into the contract's currency.",
        "COST_RATE_MISSING": f"The rate for {who} is cost plus, and no cost rate is known.",
    }.get(code or "", f"No rate line fits {who}.")


def _refused(facts: Facts, found: tuple[Failure, ...], contract: Contract | None, line: ContractLine | None) -> Verdict:
    codes = tuple(dict.fromkeys(f.code for f in found))
    part = Part(
        part="billable",
        hours=facts.entry.hours,
        quantity=facts.entry.hours,
        amount=ZERO,
        commands=("fail",),
        codes=codes,
    )
    return Verdict(parts=(part,), failures=found, contract=contract, line=line)


def _posting_date(facts: Facts) -> date | None:
    known = tuple(periods.AccountingPeriod(start=p.start_on, end=p.end_on, state=p.state) for p in facts.periods)
    question = periods.PostingQuestion(service_date=facts.entry.worked_on, periods=known)
    return periods.posting_date(question).posting_date


def cost_of(worker: Worker | None, on: date) -> CostRate | None:
    """The cost rate of a person on a day (RES-2)."""
    rates = worker.cost_rates if worker else ()
    return next((r for r in rates if periods.within(on, r.valid_from, r.valid_to)), None)


def pricing_contract(contract: Contract) -> PricingContract:
    """The terms of a contract that price time."""
    return convert(to_builtins(contract), PricingContract)


def _rate(facts: Facts, contract: Contract, line: ContractLine, cost: CostRate | None) -> rating.RatedTime:
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
    return rating.rate_time(
        rating.RateTime(
            entry=worked,
            contract=pricing_contract(contract),
            contract_line=convert(to_builtins(line), quantities.LineTerms),
            legal_entity=PricingEntity(id=contract.legal_entity_id, functional_currency=facts.functional_currency),
            customer_path=facts.customer_path,
            rate_lines=rate_lines(facts.cards),
            fx_quotes=tuple(
                Quote(from_=q.from_currency, to=q.to_currency, date=q.on, rate=q.rate) for q in facts.quotes
            ),
            cost_rate=rating.CostRate(rate=cost.rate, currency=cost.currency) if cost else None,
            prior_day=facts.prior_day,
        )
    )


def _parts(facts: Facts, contract: Contract, line: ContractLine, rated: rating.RatedTime) -> tuple[Part, ...]:
    hours = facts.entry.hours
    if rated.status != "rated":
        reason = "COST_ONLY" if rated.status == "cost_only" else "NOT_BILLABLE"
        return (_excluded(hours, reason),)
    left = rated.non_billable_quantity or ZERO
    capped = _capped(facts, contract, line, rated, hours - left)
    return (*_split(rated, capped, hours - left), *((_excluded(left, "NOT_BILLABLE"),) if left else ()))


def _excluded(hours: Decimal, reason: str) -> Part:
    return Part(
        part="non_billable", hours=hours, quantity=hours, amount=ZERO, commands=("validate", "exclude"), codes=(reason,)
    )


def _limits(contract: Contract, line: ContractLine) -> caps.CapAmounts:
    return caps.CapAmounts(
        contract=contract.nte_amount,
        contract_line=line.nte_amount,
        po=contract.po.amount if contract.po else None,
        line_hours=line.nte_hours,
    )


def _capped(
    facts: Facts, contract: Contract, line: ContractLine, rated: rating.RatedTime, hours: Decimal
) -> caps.CappedItem:
    used = facts.consumed
    item = caps.CapItem(
        id=facts.entry_id,
        kind="time",
        service_date=facts.entry.worked_on,
        approved_at=facts.entry.approved_at,
        hours=hours,
        quantity=rated.quantity or ZERO,
        bill_rate=rated.bill_rate or ZERO,
        amount=rated.amount or ZERO,
    )
    question = caps.CapQuestion(
        currency=contract.currency,
        policy=contract.cap_policy,
        tolerance_amount=contract.cap_tolerance_amount or ZERO,
        nte_scope=contract.nte_scope,
        limits=_limits(contract, line),
        consumed=caps.CapAmounts(
            contract=used.get("contract", ZERO),
            contract_line=used.get(f"line:{line.id}", ZERO),
            po=used.get("contract", ZERO),
            line_hours=used.get(f"line_hours:{line.id}", ZERO),
        ),
        items=(item,),
    )
    return caps.apply_caps(question).items[0]


def _split(rated: rating.RatedTime, capped: caps.CappedItem, hours: Decimal) -> tuple[Part, ...]:
    """The billable and the held part; hours by the share of the quantity, the rest by subtraction (CAP-5, DEC-5)."""
    codes = tuple(code for code in (rated.code, capped.code) if code)
    quantity = rated.quantity or ZERO
    held = capped.overage_quantity if capped.code != "CAP_SOFT_EXCEEDED" else ZERO
    share = round_places(hours * capped.billable_quantity / quantity, HOURS_PLACES) if quantity else hours
    billable = Part(
        part="billable",
        hours=share,
        quantity=capped.billable_quantity,
        amount=capped.billable_amount,
        commands=("validate", "rate"),
        codes=codes,
    )
    overage = Part(
        part="overage",
        hours=hours - share,
        quantity=capped.overage_quantity,
        amount=capped.overage_amount,
        commands=("validate", "rate", "hold"),
        codes=codes,
    )
    if not held and not capped.overage_amount:
        return (billable,)
    return (overage,) if capped.billable_amount == 0 and capped.billable_quantity == 0 else (billable, overage)


def cost_amount(verdict: Verdict, part: Part) -> Decimal | None:
    """What the hours of a part cost, in the currency of the cost rate."""
    if verdict.cost is None or verdict.cost_currency is None:
        return None
    return round_money(part.hours * verdict.cost, verdict.cost_currency)
