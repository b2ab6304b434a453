"""What resource planning promises: demands and bookings kept by key, with exact hours."""

from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from contracts.canon.project import Assignment, Demand, NewAssignment, NewDemand
from contracts.problems import Conflict, InvalidRequest, NotFound, OutcomeUnknown
from tests.contract.subject import Subject, new_key, pages


class Facts(Struct, frozen=True, kw_only=True):
    """`project` is a running one; `workers` = two bookable people and their numbers; `assignments` = all seeded references."""

    project: str
    workers: tuple[tuple[str, str], tuple[str, str]]
    assignments: frozenset[str]


def _demand(subject: Subject, key: str, hours: str = "120.5") -> NewDemand:
    return NewDemand(
        key=key,
        project_ref=subject.facts.project,
        role_code="DEV",
        seniority_code="SR",
        location_code="DE-BER",
        start_on=date(2026, 12, 1),
        end_on=date(2027, 2, 26),
        hours=Decimal(hours),
    )


def _booking(subject: Subject, key: str) -> NewAssignment:
    return NewAssignment(
        key=key,
        project_ref=subject.facts.project,
        worker_ref=subject.facts.workers[0][0],
        role_code="DEV",
        start_on=date(2026, 12, 1),
        end_on=date(2026, 12, 18),
        hours=Decimal("100"),
    )


async def read(subject: Subject) -> Any:
    return await subject.adapter.list_assignments(subject.call, limit=2)


async def write(subject: Subject, key: str) -> str:
    return (await _publish(subject, key)).ref


async def found(subject: Subject, key: str) -> tuple[str, ...]:
    return tuple(demand.ref for demand in (await subject.adapter.find_demands(subject.call, key=key)).items)


async def _publish(subject: Subject, key: str) -> Demand:
    return await subject.adapter.put_demand(subject.call, _demand(subject, key))


async def _book(subject: Subject, body: NewAssignment) -> Assignment:
    return await subject.adapter.put_assignment(subject.call, body)


async def promise_that_a_demand_holds_what_was_asked(subject: Subject) -> None:
    key = new_key()
    wanted, demand = _demand(subject, key), await _publish(subject, key)
    same = ("key", "project_ref", "role_code", "seniority_code", "location_code", "start_on", "end_on", "hours")
    assert {n: getattr(demand, n) for n in same} == {n: getattr(wanted, n) for n in same}
    assert demand.state == "open"


async def promise_that_a_project_shows_its_demands(subject: Subject) -> None:
    demand = await _publish(subject, new_key())
    of_project = await subject.adapter.find_demands(subject.call, project_ref=subject.facts.project)
    assert demand.ref in {other.ref for other in of_project.items}
    assert {other.project_ref for other in of_project.items} == {subject.facts.project}
    with pytest.raises(InvalidRequest):
        await subject.adapter.find_demands(subject.call)


async def promise_that_a_demand_is_updated_by_key(subject: Subject) -> None:
    key = new_key()
    first = await _publish(subject, key)
    changed = await subject.adapter.put_demand(subject.call, _demand(subject, key, "80.25"))
    assert (changed.ref, changed.hours) == (first.ref, Decimal("80.25"))


async def promise_that_a_cancelled_demand_stays_cancelled(subject: Subject) -> None:
    key = new_key()
    demand = await _publish(subject, key)
    for _ in range(2):
        cancelled = await subject.adapter.cancel_demand(subject.call, demand.ref)
        assert (cancelled.ref, cancelled.state) == (demand.ref, "cancelled")
    assert (await _publish(subject, key)).state == "cancelled"


async def promise_that_a_booking_holds_what_was_asked(subject: Subject) -> None:
    body = _booking(subject, new_key())
    booked = await _book(subject, body)
    same = ("key", "project_ref", "worker_ref", "role_code", "start_on", "end_on", "hours")
    assert {n: getattr(booked, n) for n in same} == {n: getattr(body, n) for n in same}
    assert (booked.worker_number, booked.state) == (subject.facts.workers[0][1], "hard")


async def promise_that_a_booking_is_kept_by_key(subject: Subject) -> None:
    body = _booking(subject, new_key())
    first = await _book(subject, body)
    assert (await _book(subject, body)).ref == first.ref
    longer = replace(body, end_on=date(2027, 1, 8), hours=Decimal("140.25"))
    changed = await _book(subject, longer)
    assert (changed.ref, changed.end_on, changed.hours) == (first.ref, date(2027, 1, 8), Decimal("140.25"))
    listed = await pages(partial(subject.adapter.list_assignments, subject.call), changed_since=first.changed_at)
    assert [assignment.ref for assignment in listed if assignment.key == body.key] == [first.ref]


async def promise_that_a_booking_keeps_its_person(subject: Subject) -> None:
    body = _booking(subject, new_key())
    await _book(subject, body)
    with pytest.raises(Conflict):
        await _book(subject, replace(body, worker_ref=subject.facts.workers[1][0]))


async def promise_that_a_lost_booking_converges(subject: Subject) -> None:
    body = _booking(subject, new_key())
    await subject.arm_writes("lost_response")
    with pytest.raises(OutcomeUnknown):
        await _book(subject, body)
    await subject.clear()
    booked = await _book(subject, body)
    everything = await pages(partial(subject.adapter.list_assignments, subject.call))
    assert [assignment.ref for assignment in everything if assignment.key == body.key] == [booked.ref]


async def promise_that_a_filled_demand_says_so(subject: Subject) -> None:
    demand = await _publish(subject, new_key())
    await _book(subject, replace(_booking(subject, new_key()), demand_ref=demand.ref))
    (filled,) = (await subject.adapter.find_demands(subject.call, key=demand.key)).items
    assert filled.state == "filled"


async def promise_that_pages_hold_every_assignment_once(subject: Subject) -> None:
    assignments = await pages(partial(subject.adapter.list_assignments, subject.call), limit=7)
    assert len({assignment.ref for assignment in assignments}) == len(assignments)
    assert subject.facts.assignments <= {assignment.ref for assignment in assignments}
    assert [a.changed_at for a in assignments] == sorted(a.changed_at for a in assignments)


async def promise_that_references_of_others_are_not_found(subject: Subject) -> None:
    demand = await _publish(subject, new_key())
    key = demand.ref.split(":")[2]
    for foreign in (f"elsewhere:demand:{key}", f"{subject.instance}:project:{key}"):
        with pytest.raises(NotFound):
            await subject.adapter.cancel_demand(subject.call, foreign)
        with pytest.raises(NotFound):
            await _book(subject, replace(_booking(subject, new_key()), worker_ref=foreign))
    with pytest.raises(NotFound):
        await subject.adapter.find_demands(subject.call, project_ref=f"elsewhere:project:{key}")
