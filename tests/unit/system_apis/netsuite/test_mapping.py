"""What a subsidiary says about prices."""

from decimal import Decimal

import pytest

from contracts.problems import VendorRefused
from system_apis.netsuite.mapping import entity_from_wire
from system_apis.netsuite.rows import SubsidiaryRow


def row(**more: object) -> SubsidiaryRow:
    return SubsidiaryRow(id="2", code="UK01", name="Ltd", country="GB", currency="GBP", **more)  # type: ignore[arg-type]


def test_settings_of_a_subsidiary_are_those_of_the_entity() -> None:
    said = row(
        custrecord_lw_rounding_mode="HALF_EVEN",
        custrecord_lw_hours_per_day=Decimal("7.5"),
        custrecord_lw_multipliers="overtime=1.5, weekend = 2",
    )
    entity = entity_from_wire(said, "erp")
    assert (entity.rounding_mode, entity.hours_per_day) == ("HALF_EVEN", Decimal("7.5"))
    assert entity.multipliers == {"overtime": Decimal("1.5"), "weekend": Decimal(2)}


def test_what_it_does_not_say_is_left_to_the_defaults() -> None:
    entity = entity_from_wire(row(), "erp")
    assert (entity.rounding_mode, entity.hours_per_day, entity.multipliers) == (None, None, {})


@pytest.mark.parametrize("text", ["overtime", "overtime=1,5", "overtime=", "overtime=-1", "=2", "a=1 b=2"])
def test_a_multiplier_is_never_guessed(text: str) -> None:
    with pytest.raises(VendorRefused, match="UK01"):
        entity_from_wire(row(custrecord_lw_multipliers=text), "erp")
