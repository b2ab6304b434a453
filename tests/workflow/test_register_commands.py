"""What callers may get wrong when they register things, and how they are told."""

from datetime import date

import pytest
from msgspec.structs import replace

from contracts.problems import Conflict, NotFound, RuleViolated
from contracts.process.register_objects import NewCustomer
from process_apis.registers.commands import RegisterCommands
from runtime.data.database import Database
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
