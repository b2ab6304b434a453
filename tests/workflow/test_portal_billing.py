"""The billing workbench over a small firm in which things really happen, read and worked without script."""

import re
from datetime import date, timedelta
from decimal import Decimal

import httpx
import pytest

from contracts.process.register_objects import PurchaseOrder
from gateway.app import Gateway
from process_apis.registers import replicas
from runtime.data.database import Database
from tests.support.portal import browser, fields, form_token, sign_in
from tests.workflow.invoice_books import period
from tests.workflow.invoice_stage import Office


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


async def preview(client: httpx.AsyncClient, action: str, *items: str) -> httpx.Response:
    return await client.get("/portal/billing/preview", params=[("action", action), *(("item", item) for item in items)])


async def confirm(client: httpx.AsyncClient, action: str, page: httpx.Response, **more: str) -> httpx.Response:
    return await client.post(f"/portal/billing/actions/{action}", data={**fields(page.text), **more})


async def audited(office: Office, operation: str) -> int:
    sql = "select count(*) from audit where tenant = 'acme' and operation = $1"
    return int(await office.database.fetchval(sql, operation))


async def test_a_ready_item_is_in_the_queue_with_its_amount_and_opens_with_its_checks(
    office: Office, analyst: httpx.AsyncClient
) -> None:
    item = await office.ready()
    queue = (await analyst.get("/portal/billing")).text
    assert "€1,200.00" in queue and "All checks passed" in queue and "1–1 of 1" in queue
    assert f'href="/portal/billing/items/{item.id}"' in queue
    page = await analyst.get(f"/portal/billing/items/{item.id}")
    assert "Why it is ready" in page.text and "Time approved" in page.text and "How it got here" in page.text
    assert "Time approved</strong>" in page.text and "8.0 h in 1 item" in page.text and "waits for you" in page.text
    assert "Data freshness by system" in page.text


async def test_a_blocked_item_says_why_who_fixes_it_and_by_when(office: Office, analyst: httpx.AsyncClient) -> None:
    item = await office.ready()
    await office.restate("fiscal_period", "DE01/10", period("closed"))
    await office.work("ctr_1", "2")
    await office.settle()
    queue = (await analyst.get("/portal/billing?view=blocked")).text
    because = "The accounting period of 31 Oct is closed in DE01."
    for said in ("Period closed", because, "Finance controller", "Due today", "Fix it", "€1,500.00"):
        assert said in queue
    page = (await analyst.get(f"/portal/billing/items/{item.id}")).text
    for said in ("What blocks it", "period state", "closed", "reopen the period", "Check item again"):
        assert said in page
    assert "Nothing matches" in (await analyst.get("/portal/billing?view=blocked&reason=PO_MISSING")).text


async def test_figures_say_how_they_moved_in_a_line_and_in_words(office: Office, analyst: httpx.AsyncClient) -> None:
    await office.ready()
    assert "better by" not in (await analyst.get("/portal/billing")).text
    office.clock.advance(timedelta(days=32))
    await office.work("ctr_1", "2")
    await office.settle()
    await sign_in(analyst, "billing-analyst")
    page = (await analyst.get("/portal/billing")).text
    ready, unbilled = page[page.index("Invoice-ready backlog") :], page[page.index("Approved, not invoiced") :]
    for figure, said in ((ready, "worse by"), (unbilled, "more by")):
        assert f'<span class="hidden">{said}</span> 25%' in figure and "<svg" in figure[: figure.index("</dd>")]


async def test_a_draft_is_previewed_made_once_and_audited(office: Office, analyst: httpx.AsyncClient) -> None:
    item = await office.ready()
    looked = await preview(analyst, "draft", item.id)
    assert (
        "Create 1 draft invoice" in looked.text
        and "Nothing is changed yet" in looked.text
        and "€1,428.00" in looked.text
    )
    assert (await office.group()).state == "ready"
    made = await confirm(analyst, "draft", looked)
    assert made.status_code == 200 and "All done" in made.text and "waits for approval" in made.text
    drafted = await office.group()
    again = await confirm(analyst, "draft", looked)
    assert "All done" in again.text
    assert await office.group() == drafted
    assert await audited(office, "invoice_readiness.draft") >= 1


async def test_from_ready_to_the_erp_with_two_people_and_a_preview_each(
    office: Office, analyst: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    item = await office.ready()
    await confirm(analyst, "draft", await preview(analyst, "draft", item.id))
    own = await confirm(analyst, "approve", await preview(analyst, "approve", item.id))
    assert "This needs the scope invoices:approve" in own.text and "Nothing was done" in own.text
    await office.deliver()
    queue = (await manager.get("/portal/billing?view=posting")).text
    assert "Waits for approval" in queue
    approved = await confirm(manager, "approve", await preview(manager, "approve", item.id))
    assert "Approved, €1,428.00 gross" in approved.text
    posted = await confirm(manager, "post", await preview(manager, "post", item.id))
    assert "Sent to the ERP by run_" in posted.text
    assert await audited(office, "invoice_readiness.post") == 1


async def test_who_prepared_a_draft_cannot_approve_it(office: Office, manager: httpx.AsyncClient) -> None:
    item = await office.ready()
    await confirm(manager, "draft", await preview(manager, "draft", item.id))
    refused = await confirm(manager, "approve", await preview(manager, "approve", item.id))
    assert refused.status_code == 422
    assert "another person has to approve it" in refused.text and "Retry 1" in refused.text


async def test_what_was_approved_is_what_was_seen(
    office: Office, analyst: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    item = await office.ready()
    await confirm(analyst, "draft", await preview(analyst, "draft", item.id))
    looked = await preview(manager, "approve", item.id)
    stale = fields(looked.text)
    stale[f"seen-{item.id}"] = [stale[f"seen-{item.id}"][0].replace("@1", "@7")]
    refused = await manager.post("/portal/billing/actions/approve", data=stale)
    assert refused.status_code == 422 and "The draft changed" in refused.text


async def test_bulk_work_is_told_item_by_item_and_the_rest_can_be_tried_again(
    office: Office, analyst: httpx.AsyncClient
) -> None:
    item = await office.ready()
    looked = await preview(analyst, "draft", item.id, "bg_none")
    assert "1 item left out" in looked.text and "bg_none" in looked.text
    form = fields(looked.text)
    form["item"].append("bg_none")
    partly = await analyst.post("/portal/billing/actions/draft", data=form)
    assert partly.status_code == 200 and "Partly done" in partly.text and "1 of 2 items done" in partly.text


async def test_holding_needs_a_reason_and_keeps_what_was_typed(office: Office, manager: httpx.AsyncClient) -> None:
    item = await office.ready()
    looked = await preview(manager, "hold", item.id)
    assert "Hold 1 item" in looked.text
    wrong = await confirm(manager, "hold", looked, reason="   ")
    assert wrong.status_code == 422
    assert 'href="#field-reason"' in wrong.text and 'aria-describedby="hint-reason wrong-reason"' in wrong.text
    long = await confirm(manager, "hold", wrong, reason="x" * 501)
    assert long.status_code == 422 and "x" * 501 in long.text
    held = await confirm(manager, "hold", long, reason="The client asked for one invoice a quarter.")
    assert "rolls to the next" in held.text
    assert {group.id: group.state for group in await office.groups()}[item.id] == "skipped"
    await office.settle()
    assert "one invoice a quarter, by" in (await manager.get(f"/portal/billing/items/{item.id}")).text


async def test_an_item_of_another_tenant_is_not_there(office: Office, gateway: Gateway) -> None:
    item = await office.ready()
    async with browser(gateway) as client:
        await sign_in(client, "outsider")
        assert item.id not in (await client.get("/portal/billing")).text
        assert (await client.get(f"/portal/billing/items/{item.id}")).status_code == 404
        assert "left out" in (await preview(client, "draft", item.id)).text
        assert (await client.get(f"/portal/search?q={item.id}")).status_code == 200


async def test_who_only_reads_is_offered_nothing_to_do_and_refused_when_asking(
    office: Office, gateway: Gateway
) -> None:
    item = await office.ready()
    async with browser(gateway) as client:
        await sign_in(client, "executive")
        queue = (await client.get("/portal/billing")).text
        assert "€1,200.00" in queue and 'name="item"' not in queue and "Create draft" not in queue
        looked = await preview(client, "draft", item.id)
        assert "This needs the scope invoices:draft" in looked.text
        token = form_token(looked.text)
        asked = await client.post("/portal/billing/actions/draft", data={"form_token": token, "item": item.id})
        assert asked.status_code == 422 and "invoices:draft" in asked.text
    assert (await office.group()).state == "ready"


async def test_an_id_in_the_search_leads_to_its_page_and_a_name_to_what_is_found(
    office: Office, analyst: httpx.AsyncClient
) -> None:
    item = await office.ready()
    found = await analyst.get(f"/portal/search?q={item.id}")
    assert (found.status_code, found.headers["location"]) == (303, f"/portal/billing/items/{item.id}")
    assert item.contract_name in (await analyst.get("/portal/search", params={"q": item.contract_name[:6]})).text
    draft = await office.draft(item.id)
    found = await analyst.get(f"/portal/search?q={draft.id}")
    assert found.headers["location"] == f"/portal/billing/items/{item.id}"


async def test_order_and_filters_are_in_the_address_and_said_by_the_heads(
    office: Office, analyst: httpx.AsyncClient
) -> None:
    await office.ready()
    html = (await analyst.get("/portal/billing?sort=amount")).text
    assert 'aria-sort="descending"' in html and "sort=amount&amp;reverse=true" in html
    assert 'aria-sort="ascending"' in (await analyst.get("/portal/billing?sort=amount&reverse=true")).text
    assert "All 1 selected" in (await analyst.get("/portal/billing?all=true")).text
    whole = await analyst.get("/portal/billing/preview?action=draft&all=true&view=ready")
    assert "Create 1 draft invoice" in whole.text


async def test_a_billing_period_is_chosen_in_the_address_and_kept_in_views_and_filters(
    office: Office, analyst: httpx.AsyncClient
) -> None:
    await office.ready()
    await office.work("ctr_1", "2", date(2026, 11, 3))
    await office.settle()
    whole = (await analyst.get("/portal/billing?view=blocked")).text
    assert "All periods</summary>" in whole and ">November 2026</a>" in whole and 'href="#close"' in whole
    page = (await analyst.get("/portal/billing?view=ready&period=2026-10-31")).text
    assert "October 2026</summary>" in page and "1–1 of 1" in page and "October close" in page
    assert 'name="period" value="2026-10-31"' in page and "view=blocked&amp;period=2026-10-31" in page
    assert "Nothing matches" in (await analyst.get("/portal/billing?view=ready&period=2026-09-30")).text
    assert (await analyst.get("/portal/billing?period=soon")).status_code == 400


async def test_trying_again_when_nothing_waits_changes_nothing(office: Office, manager: httpx.AsyncClient) -> None:
    await office.ready()
    token = form_token((await manager.get("/portal/help")).text)
    answer = await manager.post("/portal/billing/runs/retry", data={"form_token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal/billing?view=posting")


async def short_of_order(office: Office) -> str:
    """An item that a purchase order blocks; finance control may waive that."""
    po = PurchaseOrder(number="PO-9", amount=Decimal("500.00"), expires_on=date(2026, 12, 31))
    return (await office.ready(po_required=True, po=po)).id


async def decide(client: httpx.AsyncClient, action: str, page: httpx.Response, told: str) -> httpx.Response:
    path = str(page.url.path).removesuffix("/preview").partition("/actions/")[0]
    return await client.post(f"{path}/actions/{action}", data={**fields(page.text), "told": told})


async def test_a_check_is_waived_with_a_reason_and_the_waiver_is_taken_back(
    office: Office, controller: httpx.AsyncClient
) -> None:
    path = f"/portal/billing/items/{await short_of_order(office)}"
    page = (await controller.get(path)).text
    assert "action=waive&amp;item=PO_INSUFFICIENT" in page
    looked = await controller.get(f"{path}/preview?action=waive&item=PO_INSUFFICIENT")
    assert "Nothing else blocks the item" in looked.text and "€1,200.00" in looked.text
    assert (await office.group()).state == "blocked"
    wrong = await decide(controller, "waive", looked, " ")
    assert wrong.status_code == 422 and 'aria-invalid="true"' in wrong.text
    done = await decide(controller, "waive", wrong, "The client raises the order <3 Nov>.")
    assert done.status_code == 200 and "Nothing blocks the item." in done.text
    await office.deliver()
    page = (await controller.get(path)).text
    assert "Ready, with warnings" in page
    assert "Waived by Finance controller: The client raises the order &lt;3 Nov&gt;." in page
    assert "action=unwaive&amp;item=PO_INSUFFICIENT" in page
    again = await controller.get(f"{path}/preview?action=waive&item=PO_INSUFFICIENT")
    assert "It is waived already." in again.text and "Nothing to do" in again.text
    looked = await controller.get(f"{path}/preview?action=unwaive&item=PO_INSUFFICIENT")
    back = await decide(controller, "unwaive", looked, "It never came.")
    assert "The item is blocked by 1 check." in back.text
    assert (await office.group()).state == "blocked"
    assert await audited(office, "invoice_readiness.waive") == 1


async def test_only_finance_control_waives_and_only_what_may_be_waived(
    office: Office, analyst: httpx.AsyncClient, controller: httpx.AsyncClient
) -> None:
    item = await short_of_order(office)
    path = f"/portal/billing/items/{item}"
    assert "action=waive" not in (await analyst.get(path)).text
    looked = await analyst.get(f"{path}/preview?action=waive&item=PO_INSUFFICIENT")
    refused = await decide(analyst, "waive", looked, "I would like to.")
    assert refused.status_code == 422 and "exceptions:waive" in refused.text
    await office.restate("fiscal_period", "DE01/10", period("closed"))
    await confirm(analyst, "recheck", await preview(analyst, "recheck", item))
    waive = await controller.get(f"{path}/preview?action=waive&item=PO_INSUFFICIENT")
    assert "stays blocked by 1 check: Period closed" in waive.text
    closed = await controller.get(f"{path}/preview?action=waive&item=PERIOD_CLOSED")
    assert "Nobody may waive it." in closed.text
    unknown = await controller.get(f"{path}/preview?action=waive&item=NO_SUCH")
    assert "This item has no check NO_SUCH." in unknown.text
    assert (await controller.get(f"{path}/preview?action=forget&item=NO_SUCH")).status_code == 404
    assert (await office.group()).state == "blocked"


async def test_what_was_not_read_for_long_is_stale_with_its_effect(office: Office, analyst: httpx.AsyncClient) -> None:
    item = await office.ready()
    async with office.unit() as unit:
        await replicas.mark_read(unit, "netsuite", "erp")
    assert "postings may lag" not in (await analyst.get("/portal/billing")).text
    office.clock.advance(timedelta(hours=3))
    for path in ("/portal/billing", f"/portal/billing/items/{item.id}"):
        strip = re.search(r'<ul class="fresh".*?</ul>', (await analyst.get(path)).text, re.DOTALL)
        assert strip is not None
        assert 'class="stale" title="Oracle NetSuite (netsuite)"' in strip[0]
        assert re.search(r"<strong>ERP</strong>.*?3 h ago</time>, stale: postings may lag", strip[0], re.DOTALL)
    page = (await analyst.get("/portal/billing")).text
    assert "ERP (Oracle NetSuite) was last read 3 h ago: Approval to billing, Straight-through billing, Posted." in page


async def test_what_failed_of_many_is_named_and_tried_again_alone(office: Office, analyst: httpx.AsyncClient) -> None:
    ready = await office.ready()
    await office.work("ctr_1", "2", date(2026, 11, 12))
    await office.settle()
    (other,) = [group for group in await office.groups() if group.id != ready.id]
    form = fields((await preview(analyst, "draft", ready.id)).text)
    form["item"].append(other.id)
    partly = await analyst.post("/portal/billing/actions/draft", data=form)
    assert "Partly done" in partly.text and "Retry 1" in partly.text
    assert fields(partly.text)["item"] == [other.id]
    again = await confirm(analyst, "draft", partly)
    assert again.status_code == 422 and "Nothing was done" in again.text and "Retry 1" in again.text
