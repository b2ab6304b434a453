"""References, ids and codes mean the same here and to whoever reads the description."""

from typing import Any

import msgspec
import pytest

from contracts.canon.ref import CountryCode, CurrencyCode, Id, Reason, Ref
from contracts.wire import convert, violations


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


@pytest.mark.parametrize(
    ("kind", "bad", "says"),
    [
        (Ref, "0065e00000B2204AAC", "write system:kind:id, for example salesforce:deal:0065e00000B2204AAC"),
        (Id, "a b", "write letters, digits, - and _ only"),
        (CountryCode, "d", "write two capital letters, for example DE"),
        (CurrencyCode, "eur", "write three capital letters, for example EUR"),
        (Reason, "  ", "write something that is not blank"),
    ],
)
def test_who_wrote_another_form_is_told_the_right_one(kind: Any, bad: str, says: str) -> None:
    assert [(one["code"], one["detail"]) for one in violations(bad, kind)] == [("pattern", says)]
