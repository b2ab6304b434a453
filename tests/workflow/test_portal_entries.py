"""The work on a billing item, entry by entry: moved on from a draft, or given up by two people. Without script."""

from decimal import Decimal

import httpx
import pytest

from contracts.process.billing_objects import BillGroup
from contracts.process.time_posting import Transaction
from process_apis.time_posting.commands import TransactionCommands
from runtime.data.database import Database
from tests.support.portal import fields
from tests.workflow.invoice_stage import ANALYST, Office


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


async def two_days(office: Office) -> tuple[BillGroup, str, str]:
    """A ready item with two days of work on it."""
    await office.open()
    contract = await office.contract()
    first, second = await office.work(contract), await office.work(contract, "2")
    await office.settle()
    return await office.group(), first, second


async def entry(office: Office, transaction_id: str) -> Transaction:
    return await TransactionCommands(office.services).get_transaction(ANALYST, transaction_id)


async def looked(client: httpx.AsyncClient, item: str, action: str, *entries: str) -> httpx.Response:
    params = [("action", action), *(("item", one) for one in entries)]
    return await client.get(f"/portal/billing/items/{item}/entries/preview", params=params)


async def done(client: httpx.AsyncClient, item: str, action: str, page: httpx.Response, told: str) -> httpx.Response:
    address = f"/portal/billing/items/{item}/entries/actions/{action}"
    return await client.post(address, data={**fields(page.text), "told": told})


async def test_an_item_leads_to_its_entries_with_what_each_is_worth(office: Office, analyst: httpx.AsyncClient) -> None:
    item, first, second = await two_days(office)
    address = f"/portal/billing/items/{item.id}/entries"
    assert f'href="{address}"' in (await analyst.get(f"/portal/billing/items/{item.id}")).text
    page = (await analyst.get(address)).text
    for said in ("2 entries", "€1,200.00", "€300.00", "8.0 h", f'value="{first}"', f'value="{second}"', "Queued"):
        assert said in page
    assert "Ask to write off…" in page and "Move to the next period…" not in page


async def test_an_entry_of_a_draft_is_moved_on_and_the_draft_made_again(
    office: Office, analyst: httpx.AsyncClient
) -> None:
    item, _, second = await two_days(office)
    assert "It is on no draft." in (await looked(analyst, item.id, "defer", second)).text
    await office.draft(item.id)
    await office.deliver()
    assert "Move to the next period…" in (await analyst.get(f"/portal/billing/items/{item.id}/entries")).text
    page = await looked(analyst, item.id, "defer", second)
    assert "Nothing is changed yet" in page.text and "Move 1 entry to the next period" in page.text
    assert (await done(analyst, item.id, "defer", page, "")).status_code == 422
    office.clock.advance(seconds=1)
    moved = await done(analyst, item.id, "defer", page, "The client asked for it.")
    assert "All done" in moved.text and "Draft version 2 is over €1,428.00 gross" in moved.text
    assert (await entry(office, second)).bill_group_id != item.id
    assert "It is not on this item any more." in (await looked(analyst, item.id, "defer", second)).text


async def test_all_of_a_draft_cannot_be_moved_and_none_is(office: Office, analyst: httpx.AsyncClient) -> None:
    item, first, second = await two_days(office)
    await office.draft(item.id)
    page = await looked(analyst, item.id, "defer", first, second)
    refused = await done(analyst, item.id, "defer", page, "All of it later.")
    assert refused.status_code == 422 and "Nothing was done" in refused.text
    assert refused.text.count("That would leave the draft empty") == 2
    assert {(await entry(office, one)).state for one in (first, second)} == {"drafted"}


async def test_one_person_asks_for_a_write_off_and_another_decides(
    office: Office, analyst: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    item, first, second = await two_days(office)
    asked = await looked(analyst, item.id, "ask-write-off", first, second)
    assert "All done" in (await done(analyst, item.id, "ask-write-off", asked, "A gift.")).text
    assert (await entry(office, second)).state == "queued"
    shown = (await manager.get(f"/portal/billing/items/{item.id}/entries")).text
    assert "Write-off asked for" in shown and "Billing analyst: A gift." in shown
    page = await looked(manager, item.id, "write-off", second)
    assert "Billing analyst asks to write it off: A gift." in page.text and "Write 1 entry off" in page.text
    assert "All done" in (await done(manager, item.id, "write-off", page, "Agreed.")).text
    declined = await looked(manager, item.id, "decline-write-off", first)
    assert "All done" in (await done(manager, item.id, "decline-write-off", declined, "No gifts.")).text
    states = [(await entry(office, one)) for one in (first, second)]
    assert [(one.state, one.write_off) for one in states] == [("queued", None), ("written_off", states[1].write_off)]
    await office.settle()
    assert (await office.group()).net_amount == Decimal("1200.00")


async def test_who_asked_does_not_decide_and_who_may_not_is_refused(
    office: Office, analyst: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    item, first, _ = await two_days(office)
    own = await looked(manager, item.id, "ask-write-off", first)
    await done(manager, item.id, "ask-write-off", own, "Mine.")
    page = await looked(manager, item.id, "write-off", first)
    assert "You asked for it; another person decides." in page.text
    offered = (await analyst.get(f"/portal/billing/items/{item.id}/entries")).text
    assert "Write off…" not in offered
    tried = await done(analyst, item.id, "write-off", await looked(analyst, item.id, "write-off", first), "Me.")
    assert tried.status_code == 422 and "transactions:write-off" in tried.text
    assert (await entry(office, first)).state == "queued"
