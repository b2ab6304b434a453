"""Ids: they sort by the time they were made, also within a millisecond."""

import re
from datetime import UTC, datetime, timedelta

from runtime.data.ids import new_id

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_ids_have_their_form_and_sort_in_the_order_they_were_made() -> None:
    made = [new_id("txn", NOW) for _ in range(500)] + [new_id("txn", NOW + timedelta(milliseconds=1))]
    assert all(re.fullmatch(r"txn_[0-9A-HJKMNP-TV-Z]{26}", one) for one in made)
    assert made == sorted(set(made))


def test_an_earlier_instant_sorts_before() -> None:
    later = new_id("txn", NOW)
    assert new_id("txn", NOW - timedelta(milliseconds=1)) < later < new_id("txn", NOW + timedelta(seconds=1))
