"""What happens to one contract when several people bill it in the same moment."""

import asyncio
from collections.abc import Awaitable
from datetime import date
from decimal import Decimal

import pytest

from contracts.problems import Problem
from contracts.process import billing_objects as objects
from contracts.process.register_objects import RetainerBalance
from runtime.data.database import Database
from tests.workflow.invoice_stage import ANALYST, Office

WORDS = "Agreed with the client."


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


async def settled(*commands: Awaitable[object]) -> list[object]:
    """All at once; what is refused is an answer too."""
    return await asyncio.gather(*commands, return_exceptions=True)


async def two_months(office: Office) -> list[objects.BillGroup]:
    """A contract whose retainer pays for one of its two groups."""
    retainer = RetainerBalance(
        id="ret_1", state="posted", posted_on=date(2026, 9, 1), available=Decimal("500.00"), tax_code="DE-S19"
    )
    await office.open()
    contract = await office.contract(retainer=retainer)
    await office.work(contract)
    await office.work(contract, "8", date(2026, 11, 2))
    await office.settle()
    return sorted(await office.groups(), key=lambda g: g.period_start)


async def available(office: Office) -> Decimal:
    return Decimal(await office.database.fetchval("select body->'retainer'->>'available' from contract"))


def drawn(draft: object) -> Decimal:
    assert isinstance(draft, objects.DraftInvoice), draft
    return sum((line.amount for line in draft.lines if line.kind == "retainer"), Decimal(0))


async def test_two_groups_drafted_at_once_draw_a_retainer_once(office: Office) -> None:
    groups = await two_months(office)
    body = objects.DraftRequest(acknowledge_warnings=WORDS)
    made = await settled(*(office.commands.draft(ANALYST, group.id, body) for group in groups))
    assert sorted(drawn(draft) for draft in made) == [Decimal("-500.00"), Decimal(0)]
    assert await available(office) == 0


async def test_a_draft_and_a_cancellation_at_once_keep_the_balance(office: Office) -> None:
    first, second = await two_months(office)
    body = objects.DraftRequest(acknowledge_warnings=WORDS)
    drafted = await office.commands.draft(ANALYST, first.id, body)
    cancelled, made = await settled(
        office.commands.cancel(ANALYST, drafted.id, objects.Decision(reason=WORDS)),
        office.commands.draft(ANALYST, second.id, body),
    )
    assert not isinstance(cancelled, Problem)
    assert await available(office) == Decimal("500.00") + drawn(made)
