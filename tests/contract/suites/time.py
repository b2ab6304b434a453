"""What a time tool promises: every entry of every day once, who worked on what, and a mark when it reached the ledger."""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from msgspec import Struct

from contracts.canon.timesheet import PostedTime, PostedTimes, TimeEntry
from contracts.problems import NotFound, OutcomeUnknown
from tests.contract.subject import Subject, new_key, pages


class Facts(Struct, frozen=True, kw_only=True):
    """`entries` = how many there are and their hours; `statuses` = how many stand in each status.

    `known` = (worker number, project reference, task code, ISO date) of one approved entry; `expected` = its attributes.
    """

    entries: int
    hours: Decimal
    statuses: Mapping[str, int]
    known: tuple[str, str, str, str]
    expected: Mapping[str, Any]


def _listing(subject: Subject):
    return partial(subject.adapter.list_time, subject.call)


async def read(subject: Subject) -> Any:
    return await subject.adapter.list_time(subject.call, limit=5)


async def _approved(subject: Subject, number: int) -> list[TimeEntry]:
    """Approved entries that lie together, so that some share whatever the vendor keeps days in."""
    entries = await pages(_listing(subject))
    return [entry for entry in entries if entry.status == "approved"][:number]


async def promise_that_pages_hold_every_entry_once(subject: Subject) -> None:
    entries = await pages(_listing(subject))
    assert len({entry.ref for entry in entries}) == len(entries) == subject.facts.entries
    assert sum(entry.hours for entry in entries) == subject.facts.hours
    assert [entry.changed_at for entry in entries] == sorted(entry.changed_at for entry in entries)


async def promise_that_small_pages_hold_the_same_entries(subject: Subject) -> None:
    whole = [entry.ref for entry in (await pages(_listing(subject)))[:40]]
    refs: list[str] = []
    cursor = None
    while len(refs) < len(whole):
        page = await subject.adapter.list_time(subject.call, cursor=cursor, limit=3)
        assert len(page.items) <= 3
        refs += [entry.ref for entry in page.items]
        cursor = page.next_cursor
    assert refs[: len(whole)] == whole


async def promise_that_every_status_is_told(subject: Subject) -> None:
    entries = await pages(_listing(subject))
    told = {status: sum(e.status == status for e in entries) for status in {e.status for e in entries}}
    assert told == subject.facts.statuses
    assert all(entry.approved_at for entry in entries if entry.status == "approved")
    assert not any(entry.approved_at for entry in entries if entry.status != "approved")


async def promise_that_an_entry_tells_who_did_what(subject: Subject) -> None:
    number, project, task, on = subject.facts.known
    (entry,) = [
        entry
        for entry in await pages(_listing(subject))
        if (entry.worker_number, entry.project_ref, entry.task_code, entry.worked_on.isoformat())
        == (number, project, task, on)
    ]
    assert {name: getattr(entry, name) for name in subject.facts.expected} == subject.facts.expected


async def promise_that_hours_have_four_places(subject: Subject) -> None:
    page = await read(subject)
    assert {entry.hours.as_tuple().exponent for entry in page.items} == {-4}


async def promise_that_a_listing_can_start_at_an_instant(subject: Subject) -> None:
    entries = await pages(_listing(subject))
    since = entries[len(entries) // 2].changed_at
    later = await pages(_listing(subject), changed_since=since, limit=50)
    assert [entry.ref for entry in later] == [entry.ref for entry in entries if entry.changed_at >= since]


async def promise_that_a_mark_stays_and_can_be_repeated(subject: Subject) -> None:
    posting = f"ledger:posting:{new_key()}"
    marks = PostedTimes(items=tuple(PostedTime(ref=e.ref, posting_ref=posting) for e in await _approved(subject, 12)))
    assert await subject.adapter.mark_posted(subject.call, marks) == marks
    before = {entry.ref: entry.changed_at for entry in await pages(_listing(subject))}
    assert await subject.adapter.mark_posted(subject.call, marks) == marks
    assert {entry.ref: entry.changed_at for entry in await pages(_listing(subject))} == before


async def promise_that_a_mark_changes_nothing_else(subject: Subject) -> None:
    (entry,) = await _approved(subject, 1)
    marks = PostedTimes(items=(PostedTime(ref=entry.ref, posting_ref=f"ledger:posting:{new_key()}"),))
    await subject.adapter.mark_posted(subject.call, marks)
    after = next(other for other in await pages(_listing(subject)) if other.ref == entry.ref)
    assert (after.hours, after.status, after.approved_at) == (entry.hours, entry.status, entry.approved_at)


async def promise_that_a_lost_mark_is_found_again(subject: Subject) -> None:
    posting = f"ledger:posting:{new_key()}"
    marks = PostedTimes(items=tuple(PostedTime(ref=e.ref, posting_ref=posting) for e in await _approved(subject, 2)))
    await subject.arm_writes("lost_response")
    with pytest.raises(OutcomeUnknown):
        await subject.adapter.mark_posted(subject.call, marks)
    await subject.clear()
    assert await subject.adapter.mark_posted(subject.call, marks) == marks


async def promise_that_marks_of_others_are_not_found(subject: Subject) -> None:
    (entry,) = await _approved(subject, 1)
    foreign = f"elsewhere:time:{entry.ref.split(':')[2]}"
    with pytest.raises(NotFound):
        await subject.adapter.mark_posted(
            subject.call, PostedTimes(items=(PostedTime(ref=foreign, posting_ref="l:p:1"),))
        )
