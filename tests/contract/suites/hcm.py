"""What an HCM promises: everybody once with place, role and skills, cost for finance alone, leave by day, calendars."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from contracts.call import Call
from contracts.canon.worker import WorkerPage
from contracts.problems import InvalidRequest, NotFound
from tests.contract.subject import Subject, pages

COST_SCOPE = "hcm:cost"
Rates = tuple[tuple[Decimal, str, date, date | None], ...]


class Facts(Struct, frozen=True, kw_only=True):
    """`numbers` of all people; `worker` is one with skills and cost, `expected` its canon attributes.

    `cost_rates` = (rate, currency, first day, last day); `on_leave` has `leave` (day, hours) approved on several days;
    `asking` asked for leave that nobody approved yet; `calendars` = code -> (hours from Monday on, holidays).
    """

    numbers: frozenset[str]
    worker: str
    expected: Mapping[str, Any]
    skills: frozenset[tuple[str, int, bool]]
    cost_rates: Rates
    on_leave: str
    leave: tuple[tuple[date, Decimal], ...]
    asking: str
    asked_days: frozenset[date]
    calendars: Mapping[str, tuple[tuple[Decimal, ...], frozenset[date]]]


async def read(subject: Subject) -> WorkerPage:
    return await subject.adapter.list_workers(subject.call, limit=2)


def _for_finance(call: Call) -> Call:
    return replace(call, scopes=call.scopes | {COST_SCOPE})


def _listing(subject: Subject, call: Call | None = None):
    return partial(subject.adapter.list_workers, call or subject.call)


async def promise_that_pages_hold_everybody_once(subject: Subject) -> None:
    workers = await pages(_listing(subject), limit=7)
    assert len({worker.ref for worker in workers}) == len(workers) == len(subject.facts.numbers)
    assert {worker.number for worker in workers} == subject.facts.numbers


async def promise_that_a_worker_tells_place_role_and_skills(subject: Subject) -> None:
    facts, worker = subject.facts, await subject.adapter.get_worker(subject.call, subject.facts.worker)
    assert {name: getattr(worker, name) for name in facts.expected} == facts.expected
    assert {(skill.code, skill.level, skill.verified) for skill in worker.skills} == facts.skills


async def promise_that_a_listed_worker_is_the_one_that_is_read(subject: Subject) -> None:
    for worker in (await read(subject)).items:
        assert await subject.adapter.get_worker(subject.call, worker.ref) == worker


async def promise_that_cost_is_for_finance_alone(subject: Subject) -> None:
    """SOD-2."""
    facts, adapter = subject.facts, subject.adapter
    assert (await adapter.get_worker(subject.call, facts.worker)).cost_rates == ()
    assert all(worker.cost_rates == () for worker in await pages(_listing(subject)))
    worker = await adapter.get_worker(_for_finance(subject.call), facts.worker)
    assert _told(worker.cost_rates) == facts.cost_rates
    listed = await pages(_listing(subject, _for_finance(subject.call)))
    assert next(_told(w.cost_rates) for w in listed if w.number == worker.number) == facts.cost_rates


def _told(rates: Any) -> Rates:
    return tuple((rate.rate, rate.currency, rate.valid_from, rate.valid_to) for rate in rates)


async def promise_that_leave_is_told_by_day_in_hours(subject: Subject) -> None:
    absences = (await subject.adapter.list_absences(subject.call, subject.facts.on_leave)).items
    assert tuple((absence.on, absence.hours) for absence in absences) == subject.facts.leave
    assert {absence.hours.as_tuple().exponent for absence in absences} == {-4}
    assert len({absence.ref for absence in absences}) == len(absences)


async def promise_that_both_days_of_a_range_are_in_it(subject: Subject) -> None:
    days = [on for on, _ in subject.facts.leave]
    ask = partial(subject.adapter.list_absences, subject.call, subject.facts.on_leave)
    assert [a.on for a in (await ask(since=days[0], until=days[-1])).items] == days
    assert [a.on for a in (await ask(since=days[0] + timedelta(days=1))).items] == days[1:]
    assert [a.on for a in (await ask(until=days[-1] - timedelta(days=1))).items] == days[:-1]


async def promise_that_leave_that_was_only_asked_for_is_none(subject: Subject) -> None:
    page = await subject.adapter.list_absences(subject.call, subject.facts.asking)
    assert not {absence.on for absence in page.items} & subject.facts.asked_days


async def promise_that_calendars_tell_hours_and_holidays(subject: Subject) -> None:
    found = {c.code: c for c in (await subject.adapter.list_calendars(subject.call)).items}
    told = {code: (calendar.weekday_hours, frozenset(calendar.holidays)) for code, calendar in found.items()}
    assert told == subject.facts.calendars
    assert all(list(calendar.holidays) == sorted(calendar.holidays) for calendar in found.values())


async def promise_that_a_foreign_cursor_is_refused(subject: Subject) -> None:
    with pytest.raises(InvalidRequest):
        await subject.adapter.list_workers(subject.call, cursor="bm90IGEgY3Vyc29y")


async def promise_that_references_of_others_are_not_found(subject: Subject) -> None:
    key = subject.facts.worker.split(":")[2]
    for foreign in (f"elsewhere:worker:{key}", f"{subject.instance}:absence:{key}", f"{subject.instance}:worker:none"):
        with pytest.raises(NotFound):
            await subject.adapter.get_worker(subject.call, foreign)
        with pytest.raises(NotFound):
            await subject.adapter.list_absences(subject.call, foreign)
