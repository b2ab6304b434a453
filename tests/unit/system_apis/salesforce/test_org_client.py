"""The org's client: errors become problems, long results are read to the end, and our token stays with the org."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from msgspec import Struct, field

from contracts.problems import (
    Conflict,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    PreconditionFailed,
    Problem,
    VendorCredentials,
    VendorRefused,
    VendorUnavailable,
)
from system_apis.platforms.salesforce.cursors import mark_of
from system_apis.platforms.salesforce.session import open_org
from system_apis.platforms.salesforce.statements import Children, Is, Select


class Line(Struct, frozen=True):
    code: str = field(name="Code__c")


class Account(Struct, frozen=True):
    id: str = field(name="Id")
    revenue: Decimal | None = field(name="AnnualRevenue")
    lines: Children[Line] | None = field(name="Lines__r")


ALL = Select(source="Account", kind=Account, where=Is("IsDeleted", "=", False))
MORE = "/services/data/v62.0/query/01g-2000"


def row(record_id: str, **values: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Account"}, "Id": record_id, "AnnualRevenue": None, "Lines__r": None, **values}


def batch(*rows: dict[str, Any], more: str | None = None) -> tuple[int, dict[str, Any]]:
    following = {} if more is None else {"nextRecordsUrl": more}
    return 200, {"totalSize": 9, "done": more is None, "records": list(rows), **following}


@pytest.mark.parametrize(
    ("status", "code", "problem"),
    [
        (400, "UNABLE_TO_LOCK_ROW", VendorUnavailable),
        (403, "REQUEST_LIMIT_EXCEEDED", VendorUnavailable),
        (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", VendorRefused),
        (400, "ENTITY_IS_LOCKED", VendorRefused),
        (403, "INSUFFICIENT_ACCESS_OR_READONLY", VendorRefused),
        (400, "DUPLICATE_VALUE", Conflict),
        (400, "INVALID_CROSS_REFERENCE_KEY", NotFound),
        (404, "NOT_FOUND", NotFound),
        (404, "ENTITY_IS_DELETED", NotFound),
        (412, "PRECONDITION_FAILED", PreconditionFailed),
    ],
)
async def test_error_codes_become_problems(org: Callable, status: int, code: str, problem: type[Problem]):
    client, _ = org((status, [{"message": "why not", "errorCode": code, "fields": []}]))
    with pytest.raises(problem) as refused:
        await client.update("Account", "0015e00000A9qRsAAL", {"Name": "n"})
    if problem is not PreconditionFailed:
        assert refused.value.facts["vendor_code"] == code
        assert refused.value.facts["vendor_message"] == "why not"
    assert (refused.value.retry_after_s is not None) == (problem is VendorUnavailable)


async def test_the_package_s_own_envelope_is_read(org: Callable):
    client, _ = org((400, {"Message": "No template."}))
    with pytest.raises(VendorRefused, match="No template"):
        await client.custom("/services/apexrest/x", {}, "clone")


async def test_several_records_for_one_key_conflict(org: Callable):
    client, _ = org((300, ["/a", "/b"]))
    with pytest.raises(Conflict):
        await client.upsert("Account", "Ext_Id__c", "k 1/2", {"Name": "n"})


async def test_a_key_is_escaped_in_the_path(org: Callable):
    client, transport = org((201, {"id": "0015e00000A9qRsAAL", "success": True, "errors": [], "created": True}))
    assert await client.upsert("Account", "Ext_Id__c", "k 1/2", {"Amount": Decimal("10.50")}) == "0015e00000A9qRsAAL"
    (request,) = transport.asked
    assert request.url.raw_path == b"/services/data/v62.0/sobjects/Account/Ext_Id__c/k%201%2F2"
    assert request.content == b'{"Amount":10.50}'
    assert request.headers["sforce-call-options"] == "client=ledgerway"


async def test_an_upsert_without_an_answer_body_looks_the_id_up(org: Callable):
    client, _ = org((204, None), (200, row("0015e00000A9qRsAAL")))
    assert await client.upsert("Account", "Ext_Id__c", "k", {}) == "0015e00000A9qRsAAL"


async def test_batches_and_children_are_read_to_the_end(org: Callable):
    children = {"done": False, "nextRecordsUrl": MORE, "records": [{"Code__c": "a"}]}
    client, _ = org(
        batch(row("1"), more=MORE), batch(row("2", AnnualRevenue=0.1, Lines__r=children)), batch({"Code__c": "b"})
    )
    rows = await client.select(ALL)
    assert [(r.id, r.revenue) for r in rows] == [("1", None), ("2", Decimal("0.1"))]
    assert [line.code for line in rows[1].lines.records] == ["a", "b"]


async def test_the_token_does_not_follow_a_link_to_elsewhere(org: Callable):
    client, transport = org(batch(row("1"), more="https://evil.test/services/data/v62.0/query/1"))
    with pytest.raises(VendorRefused):
        await client.select(ALL)
    assert len(transport.asked) == 1


async def test_an_answer_that_is_not_as_documented_is_refused(org: Callable):
    client, _ = org((200, {"done": True, "records": [{"Id": 5}]}))
    with pytest.raises(VendorRefused, match="not as documented"):
        await client.select(ALL)


async def test_a_write_without_a_clear_answer_is_unknown_and_sent_once(org: Callable):
    client, transport = org((500, None))
    with pytest.raises(OutcomeUnknown):
        await client.update("Account", "0015e00000A9qRsAAL", {})
    assert len(transport.asked) == 1


async def test_a_composite_tells_the_cause_not_its_consequences(org: Callable):
    halted = {"body": [{"errorCode": "PROCESSING_HALTED", "message": "rolled back"}], "httpStatusCode": 400}
    cause = {"body": [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "locked"}], "httpStatusCode": 400}
    client, _ = org((200, {"compositeResponse": [halted, cause]}))
    with pytest.raises(VendorUnavailable, match="locked"):
        await client.composite([client.by_id("a", "Account", "1", {})], "both")


async def test_a_collection_that_was_rolled_back_tells_the_cause(org: Callable):
    undone = {"success": False, "errors": [{"statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK", "message": "undone"}]}
    cause = {"success": False, "errors": [{"statusCode": "DUPLICATE_VALUE", "message": "twice"}]}
    client, _ = org((200, [undone, cause]))
    with pytest.raises(Conflict, match="twice"):
        await client.upsert_all("Account", "Ext_Id__c", [{"Ext_Id__c": "1"}, {"Ext_Id__c": "2"}])


async def test_a_write_that_cannot_be_read_yet_is_retryable(org: Callable):
    client, _ = org(batch())
    with pytest.raises(VendorUnavailable) as lagging:
        await client.written(ALL)
    assert lagging.value.retryable


async def test_records_come_back_in_our_names_and_values(org: Callable):
    client, transport = org(
        (204, None),
        batch({"attributes": {"type": "Account"}, "Nummer__c": "1", "AnnualRevenue": None, "Lines__r": None}),
        fields={"Account.Id": "Nummer__c", "Account.Stage": "Phase__c"},
        values={"Account.Stage": {"won": "Gewonnen"}},
    )
    await client.update("Account", "1", {"Stage": "won"})
    assert transport.asked[0].content == b'{"Phase__c":"Gewonnen"}'
    assert (await client.select(ALL))[0].id == "1"


async def test_products_of_one_org_share_token_and_slots(org: Callable, connection: Callable):
    _, transport = org(batch(), batch())

    def factory(_: str) -> httpx.AsyncBaseTransport:
        return transport

    one = open_org(connection("salesforce"), factory, None)
    other = open_org(connection("certinia"), factory, None)
    await one.select(ALL)
    await other.select(ALL)
    assert transport.tokens == 1


def test_settings_that_are_no_dialect_are_an_operator_s_task(connection: Callable):
    with pytest.raises(VendorCredentials, match="settings of salesforce"):
        open_org(connection(fields=["x"]), lambda _: httpx.MockTransport(lambda r: httpx.Response(500)), None)


@pytest.mark.parametrize("cursor", ["", "%%%", "bm90IGEgY3Vyc29y", "WyJhIl0", "WyJ0aW1lIiwiMjAyNi0wMS0wMSIsIjEiLCIiXQ"])
def test_a_cursor_of_another_listing_is_refused(cursor: str):
    with pytest.raises(InvalidRequest):
        mark_of(cursor, "deals")
