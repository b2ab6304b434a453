"""SOQL: what it finds, and what it refuses in the vendor's words."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from system_apis.platforms.salesforce.soql import SoqlRefused, parse

from .orgs import ROOT, org, refusal, signed_in, soql


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with signed_in(org()) as client:
        for name, city, created in (
            ("Zeta O'Neil", "Köln", "a_b"),
            ("alpha 100%", None, "axb"),
            ("Beta", "Bonn", "back\\slash"),
        ):
            body = {"Name": name, "BillingCity": city, "Website": created, "Industry": "SOQL"}
            assert (await client.post(f"{ROOT}/sobjects/Account", json=body)).status_code == 201
        yield client


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("Name = 'zeta o\\'neil'", ["Zeta O'Neil"]),
        ("Name LIKE 'ALPHA%'", ["alpha 100%"]),
        ("Name LIKE '%100\\%'", ["alpha 100%"]),
        ("Website LIKE 'a\\_b'", ["Zeta O'Neil"]),
        ("Website LIKE 'a_b'", ["alpha 100%", "Zeta O'Neil"]),
        ("Website = 'back\\\\slash'", ["Beta"]),
        ("BillingCity = null", ["alpha 100%"]),
        ("BillingCity != null", ["Beta", "Zeta O'Neil"]),
        ("BillingCity != 'Bonn'", ["alpha 100%", "Zeta O'Neil"]),
        ("BillingCity NOT IN ('Bonn', 'Köln')", ["alpha 100%"]),
        ("NOT (BillingCity = 'Bonn' OR BillingCity = null)", ["Zeta O'Neil"]),
        ("(Name = 'Beta' or BillingCity = null) and not Name like 'a%'", ["Beta"]),
        ("Name > 'b' AND Name <= 'zeta'", ["Beta"]),
        ("PO_Required__c = false AND Active__c = TRUE", ["alpha 100%", "Beta", "Zeta O'Neil"]),
        ("CreatedDate = TODAY AND CreatedDate >= 2026-03-11T00:00:00Z", ["alpha 100%", "Beta", "Zeta O'Neil"]),
        ("CreatedDate > 2026-03-11T08:00:00Z", []),
        ("CreatedDate >= 2026-03-11T09:00:00.000+0100", ["alpha 100%", "Beta", "Zeta O'Neil"]),
        ("CreatedDate < LAST_N_DAYS:1", []),
        (
            "Owner.Username = 'integration@ledgerway.example' AND Parent.Name = null",
            ["alpha 100%", "Beta", "Zeta O'Neil"],
        ),
    ],
)
async def test_where(client: httpx.AsyncClient, where: str, names: list[str]) -> None:
    rows = await soql(client, f"select name from account where industry = 'soql' and ({where}) order by NAME asc")
    assert [row["Name"] for row in rows] == names


async def test_order_nulls_limit_and_offset(client: httpx.AsyncClient) -> None:
    base = "SELECT BillingCity FROM Account WHERE Industry = 'SOQL' ORDER BY BillingCity"
    cities = [[row["BillingCity"] for row in await soql(client, base + rest)] for rest in ("", " DESC NULLS LAST")]
    assert cities == [[None, "Bonn", "Köln"], ["Köln", "Bonn", None]]
    assert [row["BillingCity"] for row in await soql(client, base + " LIMIT 1 OFFSET 1")] == ["Bonn"]


async def test_parents_children_and_count(client: httpx.AsyncClient) -> None:
    deal = (
        await soql(
            client,
            "SELECT Name, Account.Name, Owner.Name, (SELECT Role__c, Quantity FROM OpportunityLineItems ORDER BY SortOrder "
            "LIMIT 2), (SELECT Name FROM Deal_Milestones__r) FROM Opportunity WHERE Deal_Number__c = 'D-2202'",
        )
    )[0]
    assert deal["Account"]["attributes"]["type"] == "Account" and deal["Account"]["Name"] == "Isarblick Stadtwerke"
    assert [line["Role__c"] for line in deal["OpportunityLineItems"]["records"]] == ["ARC", "ANA"]
    assert deal["OpportunityLineItems"]["totalSize"] == 2 and deal["Deal_Milestones__r"] is None
    counted = await client.get(f"{ROOT}/query/", params={"q": "SELECT COUNT() FROM Account WHERE Industry = 'SOQL'"})
    assert counted.json() == {"totalSize": 3, "done": True, "records": []}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name IS NULL", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'open", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'a\\q'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name IN ()", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact)", "MALFORMED_QUERY"),
        ("SELECT Id, Id FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account GROUP BY Id", "MALFORMED_QUERY"),
        ("SELECT COUNT(Id) FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account; DELETE", "MALFORMED_QUERY"),
        ("SELECT * FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT -1", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE " + "(" * 200 + "Id = null" + ")" * 200, "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("SELECT Nope FROM Account", "INVALID_FIELD"),
        ("SELECT Nope.Name FROM Account", "INVALID_FIELD"),
        ("SELECT (SELECT Id FROM Nopes) FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE CloseDate > '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE Amount = '5'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE CreatedDate > 2026-01-01", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Active__c > true", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Opportunity WHERE Amount LIKE '5%'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Account WHERE Id = 'short'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
    ],
)
async def test_refused(client: httpx.AsyncClient, text: str, code: str) -> None:
    assert await refusal(client, text) == code


def test_dates_that_do_not_exist_are_refused() -> None:
    for value in ("2026-02-30", "2026-13-01T00:00:00Z", "LAST_N_DAYS", "LAST_N_DAYS:99999", "TODAY:1"):
        with pytest.raises(SoqlRefused):
            parse(f"SELECT Id FROM Account WHERE CreatedDate = {value}")


async def test_without_a_query_or_at_a_strange_place(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"{ROOT}/query")).json()[0]["errorCode"] == "MALFORMED_QUERY"
    lost = await client.get(f"{ROOT}/query/01g5e0000000000AAA-2000")
    assert lost.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
