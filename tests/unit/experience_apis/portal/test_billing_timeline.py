"""A long history is read at a glance: what is between its beginning and its end is folded, and nothing is left out."""

from datetime import UTC, datetime, timedelta

import pytest

from experience_apis.portal.billing_timeline import Step, folded

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def steps(count: int) -> list[Step]:
    return [Step(system="Process", what=f"Step {n}", at=NOON + timedelta(minutes=n)) for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_short_history_is_shown_whole(count: int) -> None:
    assert folded(steps(count)) == steps(count)


def test_the_middle_of_a_long_one_is_one_step_with_the_others_under_it() -> None:
    shown = folded(steps(9))
    assert [one.what for one in shown] == ["Step 0", "5 more steps", "Step 6", "Step 7", "Step 8"]
    assert list(shown[1].folded) == steps(9)[1:6]
    assert sorted(shown, key=lambda one: one.at or NOON) == shown
