"""References, ids and codes mean the same here and to whoever reads the description."""

from typing import Any

import msgspec
import pytest

from contracts.canon.ref import CountryCode, CurrencyCode, Id, Ref
from contracts.wire import convert


@pytest.mark.parametrize(
    ("kind", "good"),
    [(Ref, "salesforce:deal:006/x?y#é"), (Id, "ctr_01JD-9"), (CountryCode, "DE"), (CurrencyCode, "EUR")],
)
def test_nothing_may_follow_not_even_a_line_feed(kind: Any, good: str) -> None:
    assert convert(good, kind) == good
    for bad in (f"{good}\n", f"{good}\x1f", f" {good}"):
        with pytest.raises(msgspec.ValidationError):
            convert(bad, kind)


@pytest.mark.parametrize("bad", [".", "..", "a/b", "%2e", "a b", "ü", ""])
def test_an_id_can_stand_in_a_path(bad: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        convert(bad, Id)
