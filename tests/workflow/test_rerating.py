"""A price changes: what was rated at the old one is re-rated as far as its state allows (rule IMP), once, whatever crashes."""

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from contracts.events import RateCardChanged
from contracts.process.exception_objects import Resolution
from contracts.process.register_objects import NewPolicy
from process_apis.registers import rates
from process_apis.time_posting import rerate
from tests.workflow.time_stage import MANAGER, TENANT, TimeFirm

CONTROLLER = replace(MANAGER, scopes=frozenset({"exceptions:waive"}))
WEDNESDAY = date(2026, 11, 18)


def _window(days: str) -> NewPolicy:
    return NewPolicy(kind="rerate", values={"window_days": Decimal(days)}, effective_from=date(2026, 1, 1))


async def _invoice(firm: TimeFirm, state: str) -> str:
    """An invoice in a state; what stands on it is not looked at."""
    sql = """insert into invoice (tenant, id, state, bill_group_id, contract_id, customer_id, legal_entity_id, currency, net, tax,
        gross, prepared_by, body, correlation_id, created_at, updated_at)
        values ($1, 'inv_1', $2, 'bg_1', 'ctr_1', 'cus_1', 'DE01', 'EUR', 0, 0, 0, 'ann', '{}', 'cor_1', now(), now())"""
    await firm.database.execute(sql, TENANT, state)
    return "inv_1"


async def _queued(firm: TimeFirm, hours: str = "8", day: date = WEDNESDAY) -> str:
    ref = await firm.systems.approve("PRJ-2108", "E2006", day, hours)
    await firm.settle()
    return ref


async def _role(firm: TimeFirm, ref: str) -> str:
    (made, *_) = await firm.live(ref)
    return made.role_code or ""


async def _change(firm: TimeFirm, ref: str, rate: str) -> None:
    """A price for the role on the project that beats whatever priced the entry."""
    await firm.price("PRJ-2108", await _role(firm, ref), rate)
    await firm.post()


async def _runs(firm: TimeFirm) -> list[str]:
    found = await firm.database.fetch("select state from run where workflow = 'rerate_time' order by id")
    return [row["state"] for row in found]


async def test_what_is_rated_is_replaced_in_the_hub_alone(time_firm: TimeFirm) -> None:  # IMP-3
    ref = await time_firm.systems.approve("PRJ-2108", "E2006", WEDNESDAY, "8")
    await time_firm.take_in()
    role = await _role(time_firm, ref)
    await time_firm.price("PRJ-2108", role, "300.0000")
    (made,) = await time_firm.live(ref)
    assert (made.state, made.amount, made.rating_version, made.source_version) == ("rated", Decimal("2400.00"), 2, 1)
    assert await time_firm.systems.lines() == []
    assert await _runs(time_firm) == ["completed"]
    assert await time_firm.faults() == []


async def test_what_is_queued_is_reversed_exactly_and_posted_again(time_firm: TimeFirm) -> None:  # IMP-4
    ref = await _queued(time_firm)
    (before,) = await time_firm.live(ref)
    await _change(time_firm, ref, "300.0000")
    (made,) = await time_firm.live(ref)
    assert (made.state, made.amount, made.posting_date) == ("queued", Decimal("2400.00"), before.posting_date)
    assert sorted(Decimal(str(x["amount"])) for x in await time_firm.systems.lines()) == sorted(
        (before.amount, -before.amount, made.amount)
    )
    told = await time_firm.database.fetchval(
        "select reason from history where object_id = $1 and command = 'reverse'", before.id
    )
    assert told == "The price changed."
    assert await time_firm.faults() == []


async def test_a_price_that_is_what_it_was_moves_nothing(time_firm: TimeFirm) -> None:  # IMP-1
    ref = await _queued(time_firm)
    (before,) = await time_firm.live(ref)
    await _change(time_firm, ref, str(before.rating.bill_rate))
    assert await time_firm.live(ref) == [before]
    assert await _runs(time_firm) == ["completed"]


async def test_prices_of_others_and_of_later_days_open_no_run(time_firm: TimeFirm) -> None:
    ref = await _queued(time_firm)
    await time_firm.price("PRJ-2109", await _role(time_firm, ref), "300.0000")
    await time_firm.price("PRJ-2108", await _role(time_firm, ref), "300.0000", since=date(2026, 11, 19))
    assert await _runs(time_firm) == []


async def test_billed_time_is_adjusted_and_small_change_is_let_be(time_firm: TimeFirm) -> None:  # IMP-7, IMP-8
    ref = await _queued(time_firm)
    await time_firm.bill(ref, "draft", "invoice", invoice=await _invoice(time_firm, "posted"))
    (billed,) = await time_firm.live(ref)
    cent = (billed.rating.bill_rate or Decimal(0)) + Decimal("0.1000")
    await _change(time_firm, ref, str(cent))
    assert await time_firm.live(ref) == [billed]
    more = (billed.rating.bill_rate or Decimal(0)) + Decimal("10.0000")
    await _change(time_firm, ref, str(more))
    found = {t.kind: t for t in await time_firm.live(ref)}
    assert (found["time"].state, found["adjustment"].amount) == ("invoiced", Decimal("80.00"))
    assert (found["adjustment"].hours, found["adjustment"].rating.agreed_rate) == (0, more)
    assert await time_firm.faults() == []


async def test_a_draft_nobody_approved_is_left_and_an_approved_one_locks(time_firm: TimeFirm) -> None:  # IMP-5, IMP-6
    ref = await _queued(time_firm)
    invoice = await _invoice(time_firm, "approved")
    await time_firm.bill(ref, "draft", invoice=invoice)
    (drafted,) = await time_firm.live(ref)
    await _change(time_firm, ref, "300.0000")
    assert await time_firm.live(ref) == [drafted]
    assert await time_firm.codes(ref) == ["INVOICE_LOCKED"]
    await time_firm.database.execute("update invoice set state = 'in_review' where id = $1", invoice)
    await time_firm.recheck()
    await time_firm.post()
    (made,) = await time_firm.live(ref)
    assert (made.state, made.amount) == ("queued", Decimal("2400.00"))
    assert await time_firm.codes(ref) == []
    assert await time_firm.faults() == []


@pytest.mark.parametrize("allowed", [True, False])
async def test_what_lies_too_far_back_is_for_a_person_to_decide(time_firm: TimeFirm, allowed: bool) -> None:  # IMP-2
    ref = await _queued(time_firm)
    (before,) = await time_firm.live(ref)
    await time_firm.registers.add_policy(MANAGER, _window("0"))
    await time_firm.pass_time(days=2)
    await _change(time_firm, ref, "300.0000")
    assert await time_firm.live(ref) == [before]
    (asked,) = await time_firm.exceptions(ref)
    worth = Decimal("2400.00") - before.amount
    assert (asked.code, asked.owner_role, asked.amount_at_risk) == ("RERATE_WINDOW", "BM", worth)
    settle = time_firm.registers.resolve_exception if allowed else time_firm.registers.waive_exception
    await settle(CONTROLLER, asked.id, Resolution(note="Decided."))
    await time_firm.quiet()
    await time_firm.post()
    (made,) = await time_firm.live(ref)
    assert made.amount == (Decimal("2400.00") if allowed else before.amount)
    assert await time_firm.faults() == []


async def test_a_change_told_twice_and_a_step_done_twice_move_once(time_firm: TimeFirm) -> None:  # EVT-5
    ref = await _queued(time_firm)
    await _change(time_firm, ref, "300.0000")
    before = await time_firm.every(ref)
    card = await time_firm.database.fetchrow("select id from rate_card order by id desc limit 1")
    async with time_firm.unit() as unit:
        known = await rates.get(unit, card["id"])
        ref_of = {"project_id": known.scope_ref.project_id or ""}
        event = RateCardChanged(
            object_id=known.id,
            version=known.version,
            occurred_at=unit.now,
            actor="ada",
            card_version=known.card_version,
            scope=known.scope,
            scope_ref=ref_of,
            effective_from=known.effective_from,
            changed_on=unit.now.date(),
        )
        await rerate.on_changed(unit.connection, unit.call, event, time_firm.services.clock)
    async with time_firm.unit() as unit:
        await rerate.approved(unit, await time_firm.entry(ref))
    await time_firm.quiet()
    assert await time_firm.every(ref) == before
    assert await _runs(time_firm) == ["completed"]
    await _tell(time_firm, "rcd_again", known.scope, ref_of)
    await time_firm.quiet()
    assert await time_firm.every(ref) == before
    assert await _runs(time_firm) == ["completed", "completed"]


async def test_a_card_reaches_whom_it_is_for(time_firm: TimeFirm) -> None:  # RATE-1
    ref = await _queued(time_firm)
    (made,) = await time_firm.live(ref)
    customer = await time_firm.database.fetchval("select customer_id from contract where id = $1", made.contract_id)
    parent = "cus_parent"
    await time_firm.database.execute(
        """insert into customer (tenant, id, status, name, country, body, correlation_id, updated_at)
        values ($1, $2, 'active', 'Group', 'DE', '{}', 'cor_1', now())""",
        TENANT,
        parent,
    )
    await time_firm.database.execute(
        "update customer set body = body || jsonb_build_object('parent_id', $2::text) where id = $1", customer, parent
    )
    reached: list[tuple[str, dict[str, str], bool]] = [
        ("project_person", {"project_id": made.project_id or "", "resource_id": made.worker_number or ""}, True),
        ("project_person", {"project_id": made.project_id or "", "resource_id": "E0"}, False),
        ("project_role", {"project_id": made.project_id or ""}, True),
        ("contract_line", {"contract_line_id": made.contract_line_id or ""}, True),
        ("contract_line", {"contract_line_id": "ctl_0"}, False),
        ("client", {"customer_id": customer}, True),
        ("client", {"customer_id": parent}, True),
        ("client", {"customer_id": "cus_0"}, False),
        ("standard", {"legal_entity_id": made.legal_entity_id or ""}, True),
        ("standard", {"legal_entity_id": "XX00"}, False),
        ("standard", {}, True),
    ]
    for number, (scope, scope_ref, reaches) in enumerate(reached):
        await _tell(time_firm, f"rcd_{number}", scope, scope_ref)
        found = "select 1 from run where workflow = 'rerate_time' and key = $1"
        told = await time_firm.database.fetchval(found, f"rerate_time:rcd_{number}:1")
        assert (told == 1) == reaches, (scope, scope_ref)
    await time_firm.quiet()
    assert await time_firm.live(ref) == [made]


async def _tell(firm: TimeFirm, card: str, scope: str, scope_ref: dict[str, str]) -> None:
    async with firm.unit() as unit:
        event = RateCardChanged(
            object_id=card,
            version=1,
            occurred_at=unit.now,
            actor="ada",
            card_version=1,
            scope=scope,
            scope_ref=scope_ref,
            effective_from=date(2026, 1, 1),
            changed_on=unit.now.date(),
        )
        await rerate.on_changed(unit.connection, unit.call, event, firm.services.clock)
