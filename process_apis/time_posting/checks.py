"""The checks of 4c.1 and 4c.2 on an approved time entry, in their order; all that fail are collected. Pure."""

from collections.abc import Iterator
from datetime import date

from contracts.process.register_objects import Contract, ContractLine
from domain import periods
from process_apis.time_posting.verdict import Facts, Failure

# Where a person's word is enough; every other check is looked at again.
_SETTLED_BY_PEOPLE = frozenset({"DUPLICATE_SUSPECTED", "TIME_RETRO_LIMIT", "NOT_ASSIGNED", "ZERO_RATE"})
_IN_FORCE = frozenset({"active", "completed"})
_NOT_SIGNED = frozenset({"draft", "in_review", "cancelled"})
_HOURS_OF_A_DAY = 24
Pair = tuple[Contract, ContractLine]


def lines_for(facts: Facts) -> list[Pair]:
    """Contract lines the entry belongs to: exactly one, or it cannot be billed (CTL-5).

    Lines for time come before lines for expenses only; contracts in force that day before those of other times, and these
    before unsigned ones, so that last year's contract and next year's draft do not stand in the way.
    """
    project, found = facts.project, facts.contracts
    if project is None:
        return []
    fitting = [
        (contract, line)
        for contract in found
        for line in contract.lines
        if line.project_id == project.id and (not line.task_ids or facts.entry.task_code in line.task_ids)
    ]
    for_time = [pair for pair in fitting if pair[1].includes_time] or fitting
    in_force = [pair for pair in for_time if _in_force(pair[0], facts.entry.worked_on)]
    return in_force or [pair for pair in for_time if pair[0].state not in _NOT_SIGNED] or for_time


def line_for(facts: Facts) -> Pair | tuple[None, None]:
    """The contract and the line, when there is exactly one."""
    found = lines_for(facts)
    return found[0] if len(found) == 1 else (None, None)


def settled(facts: Facts, failure: Failure) -> bool:
    """Whether a person decided about it, on the same grounds."""
    return failure.code in _SETTLED_BY_PEOPLE and (failure.code, failure.grounds) in facts.settled


def failures(facts: Facts) -> tuple[Failure, ...]:
    """Everything that fails; what a person settled before does not fail again."""
    contract, line = line_for(facts)
    found = (
        *_duplicate(facts),
        *_project(facts),
        *_task(facts),
        *_dates(facts, contract),
        *_line(facts),
        *_contract(facts, contract),
        *_assigned(facts),
        *_quantity(facts),
        *_cost_center(facts, line),
        *_retroactive(facts),
        *_description(facts, line),
    )
    return tuple(f for f in found if not settled(facts, f))


def _duplicate(facts: Facts) -> Iterator[Failure]:
    if facts.twins:
        detail = "The same person, day, project, task, hours and description stand in another entry."
        evidence = {"other_entries": list(facts.twins)}
        yield Failure(code="DUPLICATE_SUSPECTED", detail=detail, grounds=" ".join(facts.twins), facts=evidence)


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


def _task(facts: Facts) -> Iterator[Failure]:
    """TSK-1."""
    if facts.task is not None and not facts.task.open:
        detail = f"Task {facts.task.code} ({facts.task.name}) is closed and takes no time."
        yield Failure(code="PROJECT_CODE_INVALID", detail=detail, facts={"task_code": facts.task.code})


def _dates(facts: Facts, contract: Contract | None) -> Iterator[Failure]:
    day, project, worker = facts.entry.worked_on, facts.project, facts.worker
    ranges: dict[str, tuple[date | None, date | None]] = {}
    if project is not None:
        ranges["project"] = (project.start, project.end)
    if facts.task is not None:
        ranges["task"] = (facts.task.start_on, facts.task.end_on)
    if worker is not None:
        ranges["resource"] = (worker.start_on, worker.end_on)
    if contract is not None and contract.po is not None:
        ranges["purchase order"] = (None, contract.po.expires_on)
    outside = {what: span for what, span in ranges.items() if not periods.within(day, *span)}
    if outside:
        evidence = {what: f"{start or ''}/{end or ''}" for what, (start, end) in outside.items()}
        detail = f"{day} is outside the dates of the {' and the '.join(outside)}."
        yield Failure(code="DATE_OUT_OF_RANGE", detail=detail, facts=evidence)


def _line(facts: Facts) -> Iterator[Failure]:
    found = lines_for(facts)
    if facts.project is not None and len(found) != 1:
        detail = f"{len(found)} contract lines match project {facts.project.code}; exactly one must."
        yield Failure(code="CONTRACT_LINE_UNRESOLVED", detail=detail, facts={"lines": [line.id for _, line in found]})


def _in_force(contract: Contract, day: date) -> bool:
    return contract.state in _IN_FORCE and periods.within(day, contract.start, contract.end)


def _contract(facts: Facts, contract: Contract | None) -> Iterator[Failure]:
    if contract is not None and not _in_force(contract, facts.entry.worked_on):
        detail = f"Contract {contract.name} is {contract.state} and does not cover {facts.entry.worked_on}."
        yield Failure(code="CONTRACT_NOT_ACTIVE", detail=detail, facts={"contract_id": contract.id})


def _assigned(facts: Facts) -> Iterator[Failure]:
    if facts.assigned is False:
        day = str(facts.entry.worked_on)
        yield Failure(code="NOT_ASSIGNED", detail=f"No assignment covers {day}.", warning=True, grounds=day)


def _quantity(facts: Facts) -> Iterator[Failure]:
    entry = facts.entry
    if not 0 < entry.hours <= _HOURS_OF_A_DAY or facts.hours_on_day > _HOURS_OF_A_DAY:
        detail = f"{facts.hours_on_day} hours on {entry.worked_on}; a day has {_HOURS_OF_A_DAY}."
        yield Failure(code="TIME_QTY_INVALID", detail=detail, facts={"hours_on_day": str(facts.hours_on_day)})


def _cost_center(facts: Facts, line: ContractLine | None) -> Iterator[Failure]:
    if line is not None and facts.cost_center is None:
        home = facts.worker.cost_center_code if facts.worker else line.cost_center_id
        detail = f"No mapping says where time of cost center {home} is booked on {facts.entry.worked_on}."
        yield Failure(code="COST_CENTER_UNMAPPED", detail=detail, facts={"cost_center": home})


def _retroactive(facts: Facts) -> Iterator[Failure]:
    """TIME-R2. The age counts up to the approval, so that it does not depend on when we heard of it."""
    entry = facts.entry
    age = ((entry.approved_at or entry.changed_at).date() - entry.worked_on).days
    if age > facts.retro_limit_days:
        detail = f"Approved {age} days after the work; the limit is {facts.retro_limit_days}."
        evidence = {"age_days": age, "limit_days": facts.retro_limit_days}
        yield Failure(code="TIME_RETRO_LIMIT", detail=detail, grounds=str(entry.worked_on), facts=evidence)


def _description(facts: Facts, line: ContractLine | None) -> Iterator[Failure]:
    if line is not None and line.description_required and not facts.entry.description.strip():
        yield Failure(code="DESCRIPTION_MISSING", detail="The contract asks for a description of the work.")
