"""A policy that no rule could work with never gets into the register: it would stop everything that asks for it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from contracts.process.register_objects import NewPolicy
from process_apis.registers.policies import violations


def policy(**more: Any) -> NewPolicy:
    known: dict[str, Any] = {"kind": "approval", "values": {"billing_manager_limit": Decimal("1000.00")}}
    return NewPolicy(**{**known, "effective_from": date(2026, 1, 1), **more})


@pytest.mark.parametrize("value", ["-0.01", "10000000000000"])
def test_a_number_has_a_sensible_size(value: str) -> None:
    (found,) = violations(policy(values={"billing_manager_limit": Decimal(value)}))
    assert found.pointer == "#/values/billing_manager_limit"


def test_days_are_whole() -> None:
    assert violations(policy(kind="retro", values={"limit_days": Decimal("60.5")}))
    assert not violations(policy(kind="retro", values={"limit_days": Decimal(60)}))


def test_it_does_not_end_before_it_begins() -> None:
    assert violations(policy(effective_to=date(2025, 12, 31)))
