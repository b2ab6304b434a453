"""A reason says something: a blank one is no acknowledgement and no decision."""

import msgspec
import pytest

from contracts.process.billing_objects import Decision, DraftRequest
from contracts.wire import decode


@pytest.mark.parametrize("blank", ["", "   ", "\\t\\n", "\\u00a0"])
def test_a_blank_reason_is_refused(blank: str) -> None:
    for kind, name in ((Decision, "reason"), (DraftRequest, "acknowledge_warnings")):
        with pytest.raises(msgspec.ValidationError):
            decode(f'{{"{name}":"{blank}"}}', kind)


def test_words_in_any_script_are_reasons() -> None:
    assert decode('{"reason":" 請求先と合意 "}', Decision).reason == " 請求先と合意 "
