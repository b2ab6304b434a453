"""What follows a failure: EVT-6 delays, then a person; a business refusal is never retried as if transient."""

import pytest

from contracts.problems import (
    Conflict,
    Internal,
    OutcomeUnknown,
    PreconditionFailed,
    Problem,
    RuleViolated,
    Throttled,
    VendorCredentials,
    VendorUnavailable,
)
from runtime.work.retries import EVT6_DELAYS_S, Hold, Retry, body_of, failure_of, next_move


def moves(problem: Problem, attempt: int) -> Retry | Hold:
    return next_move(failure_of(problem), attempt, EVT6_DELAYS_S, 60.0)


def test_transient_trouble_is_retried_after_each_delay_and_then_held_while_looking_on() -> None:
    away = VendorUnavailable("No answer.")
    assert [moves(away, n) for n in range(1, 6)] == [Retry(s) for s in (1.0, 5.0, 30.0, 120.0, 600.0)]
    assert moves(away, 6) == Hold("SYSTEM_UNAVAILABLE", 60.0)


def test_a_vendor_that_says_when_to_come_back_is_not_asked_earlier() -> None:
    assert moves(Throttled("Too many.", retry_after_s=17), 1) == Retry(17)
    assert moves(Throttled("Too many.", retry_after_s=17), 3) == Retry(30.0)


@pytest.mark.parametrize(
    "problem", [OutcomeUnknown("No answer to a write."), PreconditionFailed("Stale.", code="VERSION_CONFLICT")]
)
def test_what_another_look_can_settle_is_looked_at_again(problem: Problem) -> None:
    assert moves(problem, 1) == Retry(1.0)


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (RuleViolated("No rate.", code="RATE_MISSING"), "RATE_MISSING"),
        (RuleViolated("Refused.", exception="ERP_REJECTED", code="other"), "ERP_REJECTED"),
        (Conflict("Not now.", code="ILLEGAL_TRANSITION"), "EVENT_DEAD_LETTERED"),
        (VendorCredentials("Denied."), "SYSTEM_UNAVAILABLE"),
    ],
)
def test_a_refusal_is_held_at_once_under_the_code_it_names(problem: Problem, code: str) -> None:
    assert moves(problem, 1) == Hold(code)


def test_an_unexpected_error_is_retried_and_then_a_poison_message() -> None:
    assert moves(Internal("Bug."), 1) == Retry(1.0)
    assert moves(Internal("Bug."), 6) == Hold("EVENT_DEAD_LETTERED")


def test_a_stored_problem_keeps_what_a_caller_would_see() -> None:
    body = body_of(RuleViolated("No rate.", code="RATE_MISSING", role="dev"))
    assert (body["code"], body["status"], body["facts"]) == (
        "rule-violated",
        422,
        {"code": "RATE_MISSING", "role": "dev"},
    )
