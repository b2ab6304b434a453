"""The adapter keeps its promises against the simulated account, answers lost on the way included."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from contracts.call import Call
from contracts.canon.ledger import (
    JournalLine,
    NewJournal,
    PostingKeys,
    PostingLines,
    Reversal,
    Reversals,
)
from contracts.problems import (
    InvalidContent,
    NotFound,
    OutcomeUnknown,
    VendorCredentials,
    VendorRefused,
    VendorUnavailable,
)
from runtime.connections import Connection
from tests.unit.system_apis.netsuite.conftest import Adapters, Sandbox
from tests.unit.system_apis.netsuite.requests import customer, draft, line, shell

D = Decimal


async def test_a_customer_is_written_once_per_key_and_found_again(adapters: Adapters, call: Call) -> None:
    first = await adapters.billing.put_customer(call, customer())
    again = await adapters.billing.put_customer(call, customer(name="Quillon DE"))
    assert again.ref == first.ref
    assert (again.key, again.entity_code, again.currency, again.payment_terms) == ("cus_1", "DE01", "EUR", "NET30")
    assert again.address.complete
    by_key = await adapters.billing.find_customers(call, key="cus_1")
    by_tax = await adapters.billing.find_customers(call, tax_id="DE999000111", entity_code="DE01")
    by_words = await adapters.billing.find_customers(call, name="maschinenbau quillon")
    assert [p.items for p in (by_key, by_tax, by_words)] == [(again,)] * 3
    assert (await adapters.billing.find_customers(call, tax_id="DE999000111", entity_code="US01")).items == ()
    assert (await adapters.billing.find_customers(call, key="cus_2")).items == ()
    for _ in range(2):
        gone = await adapters.billing.deactivate_customer(call, first.ref)
        assert gone.active is False


async def test_what_the_ledger_knows_of_a_customer_arrives(adapters: Adapters, call: Call) -> None:
    found = {
        key: (await adapters.billing.find_customers(call, key=key)).items[0]
        for key in ("PENNINE", "MERIDIAN", "ORCHARD")
    }
    assert (found["PENNINE"].billing_hold, found["PENNINE"].credit_hold) == (True, False)
    assert (found["MERIDIAN"].billing_hold, found["MERIDIAN"].credit_hold) == (False, True)
    assert found["ORCHARD"].payment_terms is None
    assert found["ORCHARD"].address.complete is False
    assert (await adapters.billing.get_customer(call, found["PENNINE"].ref)) == found["PENNINE"]
    assert (await adapters.billing.find_customers(call, key="COPPERFIELD")).items == ()


async def test_unknown_terms_are_refused_with_the_vendors_words(adapters: Adapters, call: Call) -> None:
    with pytest.raises(VendorRefused) as refused:
        await adapters.billing.put_customer(call, customer(payment_terms="NET99"))
    assert refused.value.facts["vendor_code"] == "INVALID_CONTENT"
    assert refused.value.facts["path"] == "terms"


async def test_a_shell_is_written_once_per_key_and_deactivated(adapters: Adapters, call: Call) -> None:
    first = await shell(adapters, call)
    again = await shell(adapters, call, name="Rollout II")
    assert (again.ref, again.key, again.code, again.name) == (first.ref, "prj_1", "P-9001", "Rollout II")
    assert (await adapters.erp.find_project_shells(call, "prj_1")).items == (again,)
    assert (await adapters.erp.find_project_shells(call, "prj_2")).items == ()
    assert (await adapters.erp.deactivate_project_shell(call, first.ref)).active is False
    with pytest.raises(NotFound):
        await adapters.erp.deactivate_project_shell(call, "netsuite:job:999999")
    with pytest.raises(NotFound):
        await adapters.erp.deactivate_project_shell(call, "certinia:job:1")


@pytest.mark.parametrize("batch", [True, False])
async def test_lines_are_posted_in_bulk_with_an_outcome_each(
    sandbox: Sandbox, connection: Connection, call: Call, batch: bool
) -> None:
    adapters = Adapters(sandbox, msgspec.structs.replace(connection, settings={"batch": batch}))
    ref = (await shell(adapters, call)).ref
    lines = [line(n, ref) for n in range(5)]
    lines[4] = line(4, "sap:project:1")
    lines[1] = line(1, ref, posting_date=date(2026, 9, 30))
    lines[2] = line(2, ref, worker_number=None)
    lines[3] = line(3, ref, worker_number="E0000")
    outcomes = (await adapters.erp.post_lines(call, PostingLines(items=tuple(lines)))).items
    assert [o.key for o in outcomes] == [one.key for one in lines]
    assert [o.posted for o in outcomes] == [True, False, False, False, False]
    assert [o.code for o in outcomes] == [
        None,
        "PERIOD_CLOSED",
        "EMPLOYEE_REQUIRED",
        "INVALID_CONTENT",
        "PROJECT_CODE_INVALID",
    ]
    assert "Sep 2026" in (outcomes[1].reason or "")
    found = (
        await adapters.erp.find_postings(call, PostingKeys(entity_code="DE01", keys=tuple(o.key for o in outcomes)))
    ).items
    assert [(p.ref, p.amount, p.hours, p.currency) for p in found] == [
        (outcomes[0].ref, D("1210.91"), D("7.3333"), "EUR")
    ]
    stored = await sandbox.get("timeBill/eid:run:post:txn_0")
    assert (stored["hours"], stored["custcol_lw_service_date"]) == ("7:20", "2026-10-30")
    again = (await adapters.erp.post_lines(call, PostingLines(items=(lines[0],)))).items
    assert again == outcomes[:1]


async def test_two_hundred_lines_go_out_as_two_jobs(sandbox: Sandbox, adapters: Adapters, call: Call) -> None:
    ref = (await shell(adapters, call)).ref
    lines = tuple(line(n, ref) for n in range(200))
    outcomes = (await adapters.erp.post_lines(call, PostingLines(items=lines))).items
    assert sum(o.posted for o in outcomes) == 200
    with pytest.raises(InvalidContent):
        await adapters.erp.post_lines(call, PostingLines(items=(*lines, line(200, ref))))
    assert await sandbox.rows("SELECT COUNT(*) AS n FROM timebill") == [{"n": "200"}]
    asked = (await sandbox.http.get("/_sandbox/requests")).json()
    assert len([r for r in asked if r["path"].endswith("/timeBill")]) == 2
    assert not [r for r in asked if "/timeBill/eid" in r["path"]]


@pytest.mark.parametrize("fault", ["lost_response", "late_index"])
async def test_nothing_is_posted_twice_when_answers_or_the_index_fail(
    sandbox: Sandbox, adapters: Adapters, call: Call, fault: str
) -> None:
    ref = (await shell(adapters, call)).ref
    path = "timeBill$" if fault == "lost_response" else "timeBill/eid"
    await sandbox.fault(kind=fault, path=path, method="PUT", times=2 if fault == "late_index" else 1)
    body = PostingLines(items=tuple(line(n, ref) for n in range(3)))
    outcomes = (await adapters.erp.post_lines(call, body)).items
    assert [o.posted for o in outcomes] == [True] * 3
    sandbox.clock.advance(seconds=10)
    assert (await adapters.erp.post_lines(call, body)).items == outcomes
    assert await sandbox.rows("SELECT COUNT(*) AS n FROM timebill") == [{"n": "3"}]


async def test_a_job_that_does_not_end_is_an_unknown_outcome_and_found_later(
    sandbox: Sandbox, connection: Connection, call: Call
) -> None:
    adapters = Adapters(sandbox, msgspec.structs.replace(connection, settings={"job_wait_s": 0}))
    ref = (await shell(adapters, call)).ref
    await sandbox.fault(kind="slow_job", delay_s=60)
    body = PostingLines(items=(line(1, ref), line(2, ref)))
    with pytest.raises(OutcomeUnknown):
        await adapters.erp.post_lines(call, body)
    sandbox.clock.advance(seconds=61)
    assert [o.posted for o in (await adapters.erp.post_lines(call, body)).items] == [True, True]
    assert await sandbox.rows("SELECT COUNT(*) AS n FROM timebill") == [{"n": "2"}]


async def test_a_reversal_is_the_exact_negative(adapters: Adapters, call: Call) -> None:
    ref = (await shell(adapters, call)).ref
    await adapters.erp.post_lines(call, PostingLines(items=(line(1, ref),)))
    day = date(2026, 11, 3)
    body = Reversals(
        entity_code="DE01",
        items=(
            Reversal(key="rev:1", original_key="run:post:txn_1", posting_date=day),
            Reversal(key="rev:2", original_key="nowhere", posting_date=day),
        ),
    )
    for _ in range(2):
        good, unknown = (await adapters.erp.reverse_lines(call, body)).items
        assert (good.posted, unknown.posted, unknown.code) == (True, False, "NONEXISTENT_ID")
    found = (await adapters.erp.find_postings(call, PostingKeys(entity_code="DE01", keys=("rev:1",)))).items
    assert [(p.amount, p.hours, p.posting_date) for p in found] == [(D("-1210.91"), D("-7.3333"), day)]
    balances = (await adapters.erp.list_balances(call, "DE01")).items
    assert [b.amount for b in balances if b.kind == "unbilled"] == [D("0.00")]


@pytest.mark.parametrize(
    ("fault", "problem", "facts"),
    [
        ({"kind": "closed_period"}, VendorRefused, {"code": "PERIOD_CLOSED", "vendor_code": "USER_ERROR"}),
        ({"kind": "duplicate"}, VendorRefused, {"vendor_code": "USER_ERROR"}),
        ({"kind": "lock"}, VendorUnavailable, {}),
        ({"kind": "too_many", "retry_after": 7}, VendorUnavailable, {"retry_after_s": 7}),
        ({"kind": "server_error", "status": 500}, OutcomeUnknown, {}),
        ({"kind": "server_error", "status": 503}, VendorUnavailable, {}),
        ({"kind": "token_expired", "times": 2}, VendorCredentials, {}),
    ],
)
async def test_vendor_errors_become_problems(
    sandbox: Sandbox, adapters: Adapters, call: Call, fault: Any, problem: type[Exception], facts: dict[str, Any]
) -> None:
    owner = await adapters.billing.put_customer(call, customer())
    await sandbox.fault(method="PUT", path="invoice", **fault)
    with pytest.raises(problem) as raised:
        await adapters.billing.post_invoice(call, draft(owner.ref, "100.00"))
    assert facts.items() <= raised.value.facts.items()  # type: ignore[attr-defined]


async def test_an_expired_token_costs_one_more_request(sandbox: Sandbox, adapters: Adapters, call: Call) -> None:
    await adapters.erp.list_entities(call)
    await sandbox.fault(kind="token_expired")
    assert len((await adapters.erp.list_entities(call)).items) == 3


async def test_reference_data(adapters: Adapters, call: Call) -> None:
    entities = (await adapters.erp.list_entities(call)).items
    assert {(e.code, e.country, e.functional_currency) for e in entities} == {
        ("US01", "US", "USD"),
        ("DE01", "DE", "EUR"),
        ("UK01", "GB", "GBP"),
    }
    months = {
        p.start_on.month: p.state
        for p in (await adapters.erp.list_periods(call, "UK01")).items
        if p.start_on.year == 2026
    }
    assert (months[10], months[11], months[12]) == ("closed", "open", "future")
    codes = {t.code: (t.rate_pct, t.treatment) for t in (await adapters.erp.list_tax_codes(call)).items}
    assert codes["DE-S19"] == (D("19.00"), "standard")
    assert codes["DE-RC"] == (D("0.00"), "reverse_charge")
    assert codes["US-EXPORT"][1] == "out_of_scope"
    centers = {d.code: d.entity_code for d in (await adapters.erp.list_dimensions(call)).items}
    assert centers["CC-310"] == "DE01"
    quotes = (await adapters.erp.list_fx_quotes(call, since=date(2026, 11, 20))).items
    assert len(quotes) == 6
    first = await adapters.erp.list_fx_quotes(call, limit=5)
    second = await adapters.erp.list_fx_quotes(call, limit=5, cursor=first.next_cursor)
    assert not set(first.items) & set(second.items)
    assert [q.on for q in first.items] == sorted(q.on for q in first.items)


async def test_periods_page_without_gaps_or_repeats(adapters: Adapters, call: Call) -> None:
    refs, cursor = [], None
    while True:
        page = await adapters.erp.list_periods(call, cursor=cursor, limit=7)
        refs += [(p.start_on, p.ref) for p in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(set(refs)) == len(refs) == 48
    assert [day for day, _ in refs] == sorted(day for day, _ in refs)


async def test_a_journal_is_all_or_nothing_and_once(adapters: Adapters, call: Call) -> None:
    lines = (JournalLine(account="1150", amount=D("5.10")), JournalLine(account="4000", amount=D("-5.10")))
    body = NewJournal(key="jnl:1", entity_code="DE01", currency="EUR", posting_date=date(2026, 11, 2), lines=lines)
    first = await adapters.erp.post_journal(call, body)
    assert (first.key, first.number) == ("jnl:1", "JE-DE01-1001")
    assert await adapters.erp.post_journal(call, body) == first
    with pytest.raises(VendorRefused):
        await adapters.erp.post_journal(call, msgspec.structs.replace(body, key="jnl:2", lines=lines[:1]))


async def test_an_account_may_name_its_custom_fields_otherwise(
    sandbox: Sandbox, connection: Connection, call: Call
) -> None:
    """The account's `comments` stands in for a renamed custom field: body, answer and query all use the account's name."""
    settings = {"fields": {"custentity_lw_legal_name": "comments"}}
    adapters = Adapters(sandbox, msgspec.structs.replace(connection, settings=settings))
    found = await adapters.billing.put_customer(call, customer())
    assert found.legal_name == "Quillon Maschinenbau GmbH"
    stored = await sandbox.get("customer/eid:cus_1")
    assert stored["comments"] == "Quillon Maschinenbau GmbH"
    assert "custentity_lw_legal_name" not in stored
    assert len((await adapters.billing.find_customers(call, name="maschinenbau")).items) == 1


def test_unusable_settings_are_refused(connection: Connection, sandbox: Sandbox) -> None:
    with pytest.raises(VendorCredentials):
        Adapters(sandbox, msgspec.structs.replace(connection, settings={"bacth": True}))
