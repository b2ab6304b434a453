"""Held work on the command line."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from contracts.process.held_desk import Effect, HeldDecision, HeldDetail, HeldPage, HeldStep, HeldWork
from tests.unit.gateway.cli.conftest import Product, Run, problem

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
HELD = "/process/v1/held"


def held(number: int) -> dict[str, Any]:
    return {
        "id": f"hld_{number}",
        "kind": "delivery",
        "what": "expense_report",
        "where": "inbox",
        "subject": f"expense-{number}",
        "problem": "invalid-content",
        "code": "SCHEMA_INVALID",
        "detail": "Nobody reads this.",
        "attempts": 6,
        "since": AT,
        "alike": "same",
        "correlation_id": "c0ffee",
    }


def detail(number: int, discard: str | None = "It is not read again.") -> HeldDetail:
    done = (HeldStep(name="ensure customer", external_ref="netsuite:customer:7"),)
    effect = Effect(replay="It is read again.", discard=discard, done=done)
    return HeldDetail(**held(number), payload={"amount": "120.00"}, effect=effect)


def decided(number: int) -> HeldDecision:
    return HeldDecision(id=f"hld_{number}", decision="replayed", decided_by="ada", decided_at=AT)


@pytest.fixture(autouse=True)
def desk(product: Product) -> None:
    product.on("GET", HELD, HeldPage(items=(HeldWork(**held(1)), HeldWork(**held(2)))))
    product.on("GET", f"{HELD}/hld_1", detail(1))
    for number in (1, 2):
        product.on("POST", f"{HELD}/hld_{number}/replay", (202, decided(number)))


def test_list(ledgerway: Run, product: Product) -> None:
    said = ledgerway("held", "list", "--kind", "delivery")
    assert [line.split()[0] for line in said.out.splitlines()] == ["HELD", "hld_1", "hld_2"]
    assert product.requests(HELD)[0].query["kind"] == ["delivery"]


def test_show_tells_what_either_decision_would_do(ledgerway: Run) -> None:
    said = ledgerway("held", "show", "hld_1")
    for told in ("It is read again.", "It is not read again.", "ensure customer netsuite:customer:7", '"120.00"'):
        assert told in said.out


def test_replay_shows_its_effect_first(ledgerway: Run, product: Product) -> None:
    said = ledgerway("held", "replay", "hld_1", "--reason", "Mended")
    assert said.code == 0
    assert "1 held: It is read again." in said.err
    assert msgspec.json.decode(product.requests(f"{HELD}/hld_1/replay")[0].body) == {"reason": "Mended"}


def test_a_dry_run_changes_nothing(ledgerway: Run, product: Product) -> None:
    said = ledgerway("held", "replay", "hld_1", "--reason", "Mended", "--alike", "--dry-run")
    assert said.out.split() == ["hld_1", "hld_2"]
    assert product.requests(f"{HELD}/hld_1/replay") == []


def test_all_alike_each_with_its_own_outcome(ledgerway: Run, product: Product) -> None:
    product.on("POST", f"{HELD}/hld_2/replay", problem(409, "conflict", "It is decided already."))
    said = ledgerway("held", "replay", "hld_1", "--reason", "Mended", "--alike")
    assert said.code == 8
    assert "It is decided already." in said.out


def test_what_cannot_be_undone_is_not_discarded(ledgerway: Run, product: Product) -> None:
    product.on("GET", f"{HELD}/hld_1", detail(1, discard=None))
    said = ledgerway("held", "discard", "hld_1", "--reason", "Never mind")
    assert (said.code, "cannot be undone" in said.err) == (6, True)


def test_nothing_of_that_name(ledgerway: Run) -> None:
    assert ledgerway("held", "show", "hld_9").code == 3
