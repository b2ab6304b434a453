"""Events of one object: each is applied once, whatever order they come in and however often (EVT-1 to EVT-3)."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from domain.ordering import ArrivedEvent, EventBatch, EventOutcome, apply_events

_LAST = 3


def event(version: int, copy: int = 0, full_state: bool = False) -> ArrivedEvent:
    return ArrivedEvent(id=f"e{version}.{copy}", key=f"k{version}", version=version, full_state=full_state)


def applied(outcome: EventOutcome) -> list[int]:
    return [int(row.id[1:].split(".")[0]) for row in outcome.log if row.result == "applied"]


def run(events: Sequence[ArrivedEvent], last: int = _LAST, seen: Sequence[str] = ()) -> EventOutcome:
    return apply_events(EventBatch(last_version=last, seen=tuple(seen), events=tuple(events)))


_versions = st.lists(st.integers(_LAST + 1, _LAST + 8), unique=True, max_size=8)


@given(versions=st.permutations(range(_LAST + 1, _LAST + 8)), copies=st.lists(st.integers(0, 6), max_size=10))
def test_each_event_is_applied_once_and_in_order(versions: list[int], copies: list[int]) -> None:
    """Every version of a stream without gaps, in any order, some of them again and again at any place."""
    arrivals = [event(version) for version in versions]
    for number, at in enumerate(copies):
        arrivals.insert(at, event(versions[at], copy=number + 1))
    outcome = run(arrivals)
    assert applied(outcome) == sorted(versions)
    assert (outcome.last_version, outcome.parked) == (max(versions), ())
    assert sum(row.result == "duplicate" for row in outcome.log) == len(copies)


_arrivals = st.lists(
    st.builds(event, version=st.integers(1, _LAST + 7), copy=st.integers(0, 2), full_state=st.booleans()), max_size=14
)


@given(arrivals=_arrivals, again=st.integers(0, 14))
def test_a_stream_may_break_off_anywhere(arrivals: list[ArrivedEvent], again: int) -> None:
    """What was seen and applied is all there is to know, once nothing is parked: the rest goes on as if never broken."""
    whole, first = run(arrivals), run(arrivals[:again])
    if first.parked:
        return
    seen = [one.key for one in arrivals[:again]]
    second = run(arrivals[again:], first.last_version, seen)
    assert first.log + second.log == whole.log
    assert (second.last_version, second.parked) == (whole.last_version, whole.parked)


@given(arrivals=_arrivals)
def test_nothing_is_lost_and_nothing_goes_back(arrivals: list[ArrivedEvent]) -> None:
    outcome, by_id = run(arrivals), {one.id: one for one in arrivals}
    versions = [by_id[row.id].version for row in outcome.log if row.result == "applied"]
    assert versions == sorted(set(versions))
    assert outcome.last_version == max([_LAST, *versions])
    # Each arrival has a row; one that was parked has a second one unless it waits still.
    parked = sum(row.result == "parked" for row in outcome.log)
    assert len(outcome.log) == len(arrivals) + parked - len(outcome.parked)
    assert all(by_id[id].version > outcome.last_version + 1 for id in outcome.parked)
    assert [by_id[id].version for id in outcome.parked] == sorted(by_id[id].version for id in outcome.parked)


@given(arrivals=_arrivals)
def test_a_replay_has_no_effect(arrivals: list[ArrivedEvent]) -> None:
    """EVT-5: the same range once more changes nothing."""
    first = run(arrivals)
    replay = run(arrivals, first.last_version, [one.key for one in arrivals])
    assert {row.result for row in replay.log} <= {"duplicate"}
    assert replay.last_version == first.last_version


@given(versions=_versions)
def test_a_gap_is_waited_for(versions: list[int]) -> None:
    """Without state-carrying events exactly the unbroken run after the last version is applied."""
    reached, last = sorted(versions), _LAST
    while last + 1 in reached:
        last += 1
    outcome = run([event(version) for version in versions])
    assert applied(outcome) == list(range(_LAST + 1, last + 1))
    assert outcome.parked == tuple(f"e{version}.0" for version in reached if version > last)
