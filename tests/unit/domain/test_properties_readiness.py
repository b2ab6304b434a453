"""The verdict on a bill group: its percent, its status, and that both ways to it agree, for any snapshot."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect
from msgspec.structs import replace

from contracts import wire
from domain.readiness import checks, evaluate, summarise
from domain.snapshot import ReadinessSnapshot
from tests.fuzz.generate import Generator

_KIND = inspect.type_info(ReadinessSnapshot)
_WEIGHTS = {"blocking": 3, "warning": 1}


def _snapshot(seed: int) -> ReadinessSnapshot | None:
    """Any snapshot; None where chance made one that its own rules refuse."""
    try:
        return wire.convert(Generator(random.Random(seed)).of(_KIND), ReadinessSnapshot)
    except ValueError:
        return None


snapshots = st.integers(0, 10**9).map(_snapshot).filter(lambda found: found is not None)


@given(snapshot=snapshots)
def test_the_verdict_is_that_of_the_checks(snapshot: Any) -> None:
    judged, verdict = checks(snapshot), evaluate(snapshot)
    assert verdict == summarise(judged)
    assert wire.encode(verdict) == wire.encode(summarise(judged))
    assert evaluate(snapshot) == verdict
    applicable = [check for check in judged if check.applicable]
    failed = [check for check in applicable if not check.passed]
    assert [(one.code, one.severity) for one in verdict.failed] == [(one.code, one.severity) for one in failed]
    assert verdict.applicable == len(applicable)
    assert all(check.passed is None and check.reason and not check.evidence for check in judged if not check.applicable)
    assert all(check.weight == _WEIGHTS[check.severity] for check in judged)


@given(snapshot=snapshots)
def test_a_hundred_percent_means_that_everything_passed(snapshot: Any) -> None:
    verdict, judged = evaluate(snapshot), [check for check in checks(snapshot) if check.applicable]
    total = sum(check.weight for check in judged)
    passed = sum(check.weight for check in judged if check.passed)
    assert 0 <= verdict.percent <= 100
    assert (verdict.percent == 100) == (not verdict.failed)
    assert verdict.percent * total <= 100 * passed < (verdict.percent + 1) * total
    blocking = any(one.severity == "blocking" for one in verdict.failed)
    assert verdict.status == ("blocked" if blocking else "ready_with_warnings" if verdict.failed else "ready")
    assert verdict.invoice_ready_emitted == (verdict.status != "blocked")


@given(snapshot=snapshots)
def test_partial_billing_softens_and_never_hides(snapshot: Any) -> None:
    """The same checks fail; those of transactions only warn once something can be billed."""
    strict = evaluate(replace(snapshot, contract=replace(snapshot.contract, partial_billing=False)))
    soft = evaluate(replace(snapshot, contract=replace(snapshot.contract, partial_billing=True)))
    assert [one.code for one in strict.failed] == [one.code for one in soft.failed]
    assert strict.applicable == soft.applicable
    billable = any(one.state in ("rated", "queued") for one in snapshot.transactions or ())
    scopes = {check.code: check.scope for check in checks(snapshot)}
    for before, after in zip(strict.failed, soft.failed, strict=True):
        softened = billable and scopes[after.code] == "transaction"
        assert after.severity == ("warning" if softened else before.severity)


@given(snapshot=snapshots, rng=st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(snapshot: Any, rng: Any) -> None:
    lists = ("transactions", "milestones", "change_orders", "xref_missing")
    shuffled = {}
    for name in lists:
        items = list(getattr(snapshot, name) or ())
        rng.shuffle(items)
        shuffled[name] = tuple(items) if getattr(snapshot, name) is not None else None
    assert evaluate(replace(snapshot, **shuffled)) == evaluate(snapshot)


@given(snapshot=snapshots, codes=st.sets(st.integers(1, 32)))
def test_a_waiver_unblocks_only_what_may_be_waived(snapshot: Any, codes: set[int]) -> None:
    judged = checks(snapshot)
    waived = {check.code for check in judged if check.number in codes}
    verdict, without = summarise(judged, waived), summarise(judged)
    assert (verdict.percent, verdict.failed) == (without.percent, without.failed)
    still = [
        check
        for check in judged
        if check.passed is False and check.severity == "blocking" and not (check.waivable and check.code in waived)
    ]
    assert (verdict.status == "blocked") == bool(still)
    assert {check.number for check in judged if check.waivable} == {8, 15, 25, 28, 32}
