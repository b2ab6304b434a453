"""What every port promises in bad weather, on top of its own suite."""

import pytest

from contracts.problems import OutcomeUnknown, VendorUnavailable
from tests.contract.subject import Subject, new_key


async def promise_that_a_busy_vendor_says_when_to_ask_again(subject: Subject, suite) -> None:
    await subject.arm_reads("too_many", retry_after=7)
    with pytest.raises(VendorUnavailable) as busy:
        await suite.read(subject)
    assert busy.value.retry_after_s == 7
    await subject.clear()
    await suite.read(subject)


async def promise_that_a_failing_vendor_is_unavailable(subject: Subject, suite) -> None:
    await subject.arm_reads("server_error", status=503)
    with pytest.raises(VendorUnavailable):
        await suite.read(subject)


async def promise_that_an_expired_token_is_replaced(subject: Subject, suite) -> None:
    await suite.read(subject)
    await subject.arm_reads("token_expired")
    await suite.read(subject)


async def promise_that_a_write_with_an_expired_token_is_done_once(subject: Subject, suite) -> None:
    await suite.read(subject)
    key = new_key()
    await subject.arm_writes("token_expired")
    written = await suite.write(subject, key)
    await subject.clear()
    assert await suite.found(subject, key) == (written,)


async def promise_that_nothing_is_there_before_and_one_after_two_writes(subject: Subject, suite) -> None:
    key = new_key()
    assert await suite.found(subject, key) == ()
    first = await suite.write(subject, key)
    assert await suite.write(subject, key) == first
    assert await suite.found(subject, key) == (first,)


async def promise_that_a_lost_answer_is_unknown_and_a_repeat_converges(subject: Subject, suite) -> None:
    key = new_key()
    await subject.arm_writes("lost_response")
    with pytest.raises(OutcomeUnknown):
        await suite.write(subject, key)
    await subject.clear()
    written = await suite.write(subject, key)
    assert await suite.found(subject, key) == (written,)


async def promise_that_a_refused_write_left_nothing(subject: Subject, suite) -> None:
    key = new_key()
    await subject.arm_writes("server_error", status=503)
    with pytest.raises(VendorUnavailable):
        await suite.write(subject, key)
    await subject.clear()
    assert await suite.found(subject, key) == ()


READING = (
    promise_that_a_busy_vendor_says_when_to_ask_again,
    promise_that_a_failing_vendor_is_unavailable,
    promise_that_an_expired_token_is_replaced,
)
WRITING = (
    promise_that_a_write_with_an_expired_token_is_done_once,
    promise_that_nothing_is_there_before_and_one_after_two_writes,
    promise_that_a_lost_answer_is_unknown_and_a_repeat_converges,
    promise_that_a_refused_write_left_nothing,
)
