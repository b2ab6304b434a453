"""Sentences of processes as pages say them."""

from datetime import date

import pytest

from experience_apis.portal import words

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("It ended 2026-09-30; the work was on 2025-10-03.", "It ended 30 Sep; the work was on 3 Oct 2025."),
        ("Closed on 31 Oct 2026, open on 1 Jan 2027.", "Closed on 31 Oct, open on 1 Jan 2027."),
        ("PO has 2,065.00 USD left for 16625.50 CHF.", "PO has $2,065.00 left for CHF 16,625.50."),
        ("The margin of 59.02 % reaches 20.00 %, 3.5 hours.", "The margin of 59.02 % reaches 20.00 %, 3.5 hours."),
        ("Card RC-2026-13-99 and 2026-02-31 are no days.", "Card RC-2026-13-99 and 2026-02-31 are no days."),
    ],
)
def test_dates_and_amounts_read_as_everywhere_on_pages(sentence: str, said: str) -> None:
    assert words.told(sentence, TODAY) == said
