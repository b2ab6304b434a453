"""Copies of what other systems own: they follow their sources, forget what is gone, and show when a source is silent."""

from datetime import datetime, timedelta
from typing import Any

from process_apis.reference_data.feeds import contracts_touched
from process_apis.reference_data.process import AFTER_FAILURE, Refresher, in_turn
from process_apis.registers import replicas
from tests.workflow.time_stage import TENANT, TimeFirm


async def _plant(firm: TimeFirm, kind: str, instance: str, count: int = 1) -> None:
    """Copies of things their source does not have."""
    sql = "select body from replica where kind = $1 limit 1"
    body = await firm.database.fetchval(sql, kind)
    async with firm.unit() as unit:
        await replicas.put(unit, kind, instance, {f"planted-{number}": body for number in range(count)})


async def _planted(firm: TimeFirm) -> int:
    return int(await firm.database.fetchval("select count(*) from replica where starts_with(key, 'planted')"))


async def test_what_the_source_states_no_more_is_forgotten(sleeping_firm: TimeFirm) -> None:
    for kind in ("assignment", "milestone"):
        await _plant(sleeping_firm, kind, "certinia")
    await sleeping_firm.refresh("assignment", "milestone")
    assert await _planted(sleeping_firm) == 0


async def test_people_who_left_and_rates_of_past_days_are_kept(sleeping_firm: TimeFirm) -> None:
    await _plant(sleeping_firm, "worker", "workday")
    await _plant(sleeping_firm, "fx_quote", "netsuite")
    await sleeping_firm.refresh("worker", "fx_quote")
    assert await _planted(sleeping_firm) == 2


async def test_a_source_that_suddenly_shows_little_is_not_believed(sleeping_firm: TimeFirm) -> None:
    await _plant(sleeping_firm, "assignment", "certinia", 200)
    await sleeping_firm.refresh("assignment")
    assert await _planted(sleeping_firm) == 200


async def test_copies_of_another_instance_are_none_of_this_ones_business(sleeping_firm: TimeFirm) -> None:
    await _plant(sleeping_firm, "assignment", "kantata")
    await sleeping_firm.refresh("assignment")
    assert await _planted(sleeping_firm) == 1


async def test_one_customer_gone_from_the_ledger_does_not_hide_the_others(sleeping_firm: TimeFirm) -> None:
    link = "select canonical_id from link where system = 'netsuite' and object = 'customer' limit 1"
    gone = await sleeping_firm.database.fetchval(link)
    add = "insert into link (tenant, canonical_id, system, object, external_id) values ($1, $2, 'netsuite', 'customer', '0')"
    await sleeping_firm.database.execute("update link set is_primary = false where canonical_id = $1", gone)
    await sleeping_firm.database.execute(add, TENANT, gone)
    await _plant(sleeping_firm, "billing_customer", "netsuite")
    await sleeping_firm.database.execute("update replica set key = 'netsuite:customer:0' where key = 'planted-0'")
    await sleeping_firm.refresh("billing_customer")
    keys = await sleeping_firm.database.fetch("select key from replica where kind = 'billing_customer'")
    assert len(keys) > 20 and "netsuite:customer:0" not in {row["key"] for row in keys}


async def test_rates_of_exchange_concern_what_is_billed_in_another_currency(sleeping_firm: TimeFirm) -> None:
    async with sleeping_firm.unit() as unit:
        touched = await contracts_touched(unit, "fx_quote", ())
    sql = "select id, legal_entity_id || ' ' || currency as terms from contract"
    terms = {row["id"]: row["terms"] for row in await sleeping_firm.database.fetch(sql)}
    at_home = {"DE01 EUR", "US01 USD", "UK01 GBP"}
    assert set(touched) == {one for one, said in terms.items() if said not in at_home}
    assert "DE01 CHF" in {terms[one] for one in touched}


async def _read_at(firm: TimeFirm, feed: str) -> datetime:
    found: datetime = await firm.database.fetchval(
        "select read_at from feed where instance = 'netsuite' and feed = $1", feed
    )
    return found


async def test_a_port_is_as_fresh_as_its_stalest_kind(sleeping_firm: TimeFirm) -> None:
    loaded = await _read_at(sleeping_firm, "erp")
    await sleeping_firm.pass_time(hours=1)
    kinds = ("legal_entity", "fiscal_period", "dimension", "fx_quote")
    await sleeping_firm.refresh(*kinds)
    assert await _read_at(sleeping_firm, "erp") == loaded
    await sleeping_firm.refresh("tax_code")
    assert await _read_at(sleeping_firm, "erp") == loaded + timedelta(hours=1)


async def test_a_silent_source_holds_up_nobody_and_is_left_in_peace(sleeping_firm: TimeFirm) -> None:
    refresher = Refresher(sleeping_firm.services)
    await sleeping_firm.pass_time(hours=1)
    await sleeping_firm.systems.fault("hcm", kind="server_error", times=1000)
    await refresher.refresh_what_is_due()
    read = "select count(*) from feed where read_at = $1 and feed = any($2::text[])"
    now = sleeping_firm.clock.now()
    assert await sleeping_firm.database.fetchval(read, now, ["erp", "psa", "planning", "billing"]) == 4
    assert await sleeping_firm.database.fetchval(read, now, ["hcm"]) == 0
    asked = await _asked(sleeping_firm)
    for _ in range(3):
        await refresher.refresh_what_is_due()
    assert await _asked(sleeping_firm) == asked
    await sleeping_firm.pass_time(seconds=AFTER_FAILURE.total_seconds())
    await refresher.refresh_what_is_due()
    once_more = await _asked(sleeping_firm)
    assert once_more > asked
    await sleeping_firm.pass_time(seconds=AFTER_FAILURE.total_seconds())
    await refresher.refresh_what_is_due()
    assert await _asked(sleeping_firm) == once_more, "each failure doubles the pause"


async def _asked(firm: TimeFirm) -> int:
    async with firm.systems.http("hcm") as http:
        rows: list[Any] = (await http.get("/_sandbox/requests")).json()
    return len(rows)


def test_many_customers_are_read_in_turns() -> None:
    refs = tuple(f"netsuite:customer:{number}" for number in range(120))
    turns = [in_turn(refs, turn) for turn in range(4)]
    assert [len(turn) for turn in turns] == [50, 50, 20, 50]
    assert (turns[0] + turns[1] + turns[2], turns[3]) == (refs, turns[0])
    assert in_turn(refs, None) == refs
    assert in_turn(refs[:50], 7) == refs[:50]
