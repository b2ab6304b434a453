"""How far a change feed was read, and from where it is read next."""

from datetime import UTC, datetime, timedelta

from process_apis.time_posting.intake import OVERLAP, Position

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NEWEST = datetime(2026, 11, 20, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_new_tool_is_read_from_the_beginning() -> None:
    assert Position().start(NOON) is None


def test_what_changed_lately_is_read_with_an_overlap() -> None:
    position = Position().reached([NEWEST - SECOND, NEWEST]).completed(NOON)
    assert position.start(NOON + OVERLAP) == NEWEST - OVERLAP


def test_an_idle_tool_is_read_from_where_it_stands() -> None:
    position = Position().reached([NEWEST]).completed(NOON)
    assert position.start(NOON + OVERLAP + SECOND) == NEWEST + SECOND


def test_nothing_new_leaves_the_settled_position_settled() -> None:
    position = Position().reached([NEWEST]).completed(NOON)
    later = position.reached([]).completed(NOON + OVERLAP)
    assert later.known_at == position.known_at
    assert later.start(NOON + OVERLAP + SECOND) == NEWEST + SECOND


def test_something_new_opens_the_overlap_again() -> None:
    settled = Position().reached([NEWEST]).completed(NOON)
    later = settled.reached([NEWEST + SECOND]).completed(NOON + 3 * OVERLAP)
    assert later.start(NOON + 3 * OVERLAP + SECOND) == NEWEST + SECOND - OVERLAP


def test_a_sweep_that_broke_off_never_counts_as_settled() -> None:
    broken_off = Position().reached([NEWEST])
    assert broken_off.start(NOON + 10 * OVERLAP) == NEWEST - OVERLAP


def test_a_tool_whose_clock_is_set_back_is_read_from_the_last_complete_sweep() -> None:
    """What changes now is stamped before the newest stamp; sweeps may have failed for a while."""
    ahead = NOON + timedelta(hours=3)
    position = Position().reached([ahead]).completed(NOON).reached([ahead + SECOND])
    assert position.start(NOON + timedelta(hours=1)) == NOON - OVERLAP
    assert position.start(ahead + timedelta(minutes=10)) == ahead + SECOND - OVERLAP


def test_a_tool_that_is_ahead_and_was_never_read_to_the_end_is_read_from_the_beginning() -> None:
    assert Position().reached([NOON + timedelta(hours=3)]).start(NOON) is None
