"""What callers may get wrong when they register things, and how they are told."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.operation import operations
from contracts.problems import Conflict, InvalidContent, NotFound, RuleViolated
from contracts.process.register_objects import (
    CostCenterMapping,
    CostCenterMappings,
    NewCustomer,
    NewRateCard,
    NewRateLine,
    NewRegisteredProject,
    PurchaseOrder,
)
from contracts.process.registers import Registers
from process_apis.registers.commands import RegisterCommands
from runtime.data.database import Database
from runtime.http.requests import admitted
from tests.workflow.invoice_books import new_contract
from tests.workflow.invoice_stage import ANALYST, Office


@pytest.fixture
async def registers(database: Database) -> RegisterCommands:
    office = Office(database)
    await office.open()
    return RegisterCommands(office.services)


async def test_a_line_id_is_never_used_again(registers: RegisterCommands) -> None:
    await registers.add_contract(ANALYST, new_contract())
    with pytest.raises(Conflict):
        await registers.add_contract(ANALYST, new_contract(id="ctr_2"))
    twice = new_contract(id="ctr_3")
    twice = replace(twice, lines=tuple(replace(line, id="ctl_9") for line in twice.lines * 2))
    with pytest.raises(Conflict):
        await registers.add_contract(ANALYST, twice)


async def test_who_is_billed_must_be_there(registers: RegisterCommands) -> None:
    with pytest.raises(NotFound):
        await registers.add_contract(ANALYST, new_contract(bill_to_id="nobody"))


def customer(name: str, parent_id: str | None) -> NewCustomer:
    return NewCustomer(id=name, name=name, legal_name=name, country="DE", default_currency="EUR", parent_id=parent_id)


async def test_a_customer_is_no_ancestor_of_itself(registers: RegisterCommands) -> None:
    with pytest.raises(NotFound):
        await registers.add_customer(ANALYST, customer("a", "a"))


async def test_the_hierarchy_has_five_levels(registers: RegisterCommands) -> None:
    for level in range(1, 6):
        await registers.add_customer(ANALYST, customer(f"c{level}", f"c{level - 1}" if level > 1 else None))
    with pytest.raises(RuleViolated):
        await registers.add_customer(ANALYST, customer("c6", "c5"))


async def test_an_invoice_is_dated_at_most_a_year_ahead(database: Database) -> None:
    """Due dates count on from it, and the calendar ends."""
    office = Office(database)
    group = await office.ready()
    for day in (date(9999, 12, 31), date(9999, 12, 1)):
        with pytest.raises(RuleViolated) as refused:
            await office.draft(group.id, invoice_date=day)
        assert [violation.pointer for violation in refused.value.errors] == ["#/invoice_date"]


MAPPING = CostCenterMapping(
    cost_center="CC1",
    legal_entity_id="DE01",
    kind="time",
    gl_account="4000",
    target_cost_center="CC2",
    effective_from=date(2026, 1, 1),
)
OPERATIONS = {o.name: o for o in operations(Registers)}
BLANKS = ("", "   ", "\u3000", "\t", "two\nlines", "bell\x07")


async def refused(registers: RegisterCommands, name: str, body: Any) -> list[str]:
    """Pointers of what is wrong with a body, as it comes in over HTTP."""
    sent = admitted(OPERATIONS[name], getattr(registers, name))
    with pytest.raises((InvalidContent, RuleViolated)) as problem:
        await sent(ANALYST, body)
    return sorted(violation.pointer or "" for violation in problem.value.errors)


async def test_codes_of_a_contract_and_of_a_price_are_not_blank(registers: RegisterCommands) -> None:
    new = new_contract(po=PurchaseOrder(number=" "), payment_terms="  ")
    new = replace(new, lines=tuple(replace(line, cost_center_id="\t") for line in new.lines))
    pointers = ["#/lines/0/cost_center_id", "#/payment_terms", "#/po/number"]
    assert await refused(registers, "add_contract", new) == pointers
    assert await refused(registers, "add_rate_card", card(NewRateLine(rate=Decimal(1), role_code=" "))) == [
        "#/lines/0/role_code"
    ]


@pytest.mark.parametrize("blank", BLANKS)
async def test_what_names_nothing_is_no_name_and_no_code(registers: RegisterCommands, blank: str) -> None:
    new = replace(customer("c", None), name=blank, legal_name=blank)
    assert await refused(registers, "add_customer", new) == ["#/legal_name", "#/name"]
    assert await refused(registers, "adopt_project", project(name=blank, code=blank)) == ["#/code", "#/name"]
    assert await refused(registers, "add_contract", replace(new_contract(), name=blank)) == ["#/name"]
    assert await refused(registers, "add_rate_card", card(name=blank)) == ["#/name"]
    mappings = CostCenterMappings(items=(MAPPING, replace(MAPPING, gl_account=blank, cost_center=blank)))
    pointers = ["#/items/1/cost_center", "#/items/1/gl_account"]
    assert await refused(registers, "put_cost_center_mappings", mappings) == pointers


async def test_names_of_any_script_are_taken(registers: RegisterCommands) -> None:
    for number, name in enumerate(("  Müller & Söhne", "日本 電気", "A", "é" * 300)):
        sent = admitted(OPERATIONS["add_customer"], registers.add_customer)
        assert (await sent(ANALYST, replace(customer(f"n{number}", None), name=name))).name == name


async def test_a_tax_id_fits_its_index(registers: RegisterCommands) -> None:
    assert await refused(registers, "add_customer", replace(customer("c", None), tax_id="7" * 4000)) == ["#/tax_id"]


async def test_what_was_registered_under_any_name_is_shown(registers: RegisterCommands) -> None:
    """Vendors call their accounts what they like."""
    await registers.add_customer(ANALYST, replace(customer("c", None), name="two\nlines", tax_id="7" * 100))
    found = await registers.get_customer(ANALYST, "c")
    assert (found.name, found.tax_id) == ("two\nlines", "7" * 100)
    assert found in (await registers.list_customers(ANALYST)).items


def project(**given: Any) -> NewRegisteredProject:
    usual = {"customer_id": "acme", "legal_entity_id": "DE01", "code": "P1", "name": "P", "country": "DE"}
    dates = {"currency": "EUR", "start": date(2026, 5, 1), "status": "active"}
    return NewRegisteredProject(**{**usual, **dates, **given})


def card(*lines: NewRateLine, **given: Any) -> NewRateCard:
    usual = {"name": "Card", "scope": "standard", "currency": "EUR", "effective_from": date(2026, 5, 1)}
    return NewRateCard(**{**usual, "lines": lines, **given})


async def test_what_ends_before_it_starts_is_told_all_at_once(registers: RegisterCommands) -> None:
    april = date(2026, 4, 30)
    await registers.add_customer(ANALYST, customer("acme", None))
    assert await refused(registers, "adopt_project", project(end=april)) == ["#/end"]
    lines = (
        NewRateLine(rate=Decimal(1), effective_from=date(2026, 7, 2), effective_to=date(2026, 7, 1)),
        NewRateLine(rate=Decimal(1), role_code="X", effective_from=april),
        NewRateLine(rate=Decimal(1), role_code="Y"),
    )
    assert await refused(registers, "add_rate_card", card(*lines)) == [
        "#/lines/0/effective_to",
        "#/lines/1/effective_from",
    ]
    assert "#/effective_to" in await refused(registers, "add_rate_card", card(effective_to=april))
    mappings = CostCenterMappings(items=(MAPPING, replace(MAPPING, cost_center="CC9", effective_to=date(2025, 1, 1))))
    assert await refused(registers, "put_cost_center_mappings", mappings) == ["#/items/1/effective_to"]


async def test_ranges_of_one_day_are_ranges(registers: RegisterCommands) -> None:
    may = date(2026, 5, 1)
    await registers.add_customer(ANALYST, customer("acme", None))
    assert (await registers.adopt_project(ANALYST, project(end=may))).end == may
    line = NewRateLine(rate=Decimal(1), effective_from=may, effective_to=may)
    assert (await registers.add_rate_card(ANALYST, card(line, effective_to=may))).effective_to == may
