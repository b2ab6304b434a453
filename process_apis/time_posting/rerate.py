"""Re-rates what a change of a rate card reaches: a run that plans contract by contract (rule IMP) and applies the plan entry by entry.

A step that is repeated after a crash finds the price of an entry where it put it, and moves nothing a second time.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from contracts.call import Call
from contracts.events import RateCardChanged
from contracts.periods import Clock
from domain.impact import ImpactQuestion, plan_impact
from process_apis.registers import exceptions, policies, time_entries
from process_apis.registers.exceptions import Finding
from process_apis.registers.time_entries import Standing
from process_apis.registers.unit import Unit
from process_apis.time_posting import correct
from process_apis.time_posting.repricing import Repriced, all_repriced, repriced
from runtime.data.database import Connection
from runtime.services import Services
from runtime.telemetry import log
from runtime.work.run import Run
from runtime.work.runs import start_run
from runtime.work.unit import unit_of_work

WORKFLOW = "rerate_time"
WINDOW = "RERATE_WINDOW"
WHY = "The price changed."
_AT_ONCE = 100
# What a card is for: $3 its scope, $4 the object, $5 the person. A card of a customer is for its subsidiaries too (RATE-1).
_REACHED = """
from billable_transaction t where t.tenant = $1 and t.kind = 'time' and t.service_date >= $2 and t.contract_id is not null
  and t.state in ('rated', 'held', 'queued', 'drafted', 'invoiced')
  and case $3::text
    when 'project_person' then t.project_id = $4 and t.body->>'worker_number' = $5::text
    when 'project_role' then t.project_id = $4
    when 'contract_line' then t.contract_line_id = $4
    when 'client' then t.contract_id in (
      with recursive below (id) as (
        select $4::text union
        select c.id from customer c join below on c.tenant = $1 and c.body->>'parent_id' = below.id
      ) select k.id from contract k join below on k.tenant = $1 and k.customer_id = below.id)
    else $4::text is null or t.legal_entity_id = $4 end
"""
_ANY = f"select 1 {_REACHED} limit 1"
_CONTRACTS = f"select distinct t.contract_id as id {_REACHED} order by 1"
_ENTRIES = f"select distinct t.source_id as id {_REACHED} and t.contract_id = $6 order by 1"


class Change(Struct, frozen=True, kw_only=True):
    """The card that changed: whom it is for, and from when."""

    card_id: str
    scope: str
    scope_ref: dict[str, str]
    effective_from: date
    changed_on: date


class Planned(Struct, frozen=True):
    """An entry and what is done about it."""

    entry_id: str
    action: str


class Rerated(Struct, frozen=True, kw_only=True):
    """How many entries met with which action."""

    actions: dict[str, int]


async def on_changed(connection: Connection, call: Call, event: RateCardChanged, clock: Clock) -> None:
    """Open a run for a change that reaches something; once however often it is told (WF-1)."""
    change = Change(
        card_id=event.object_id,
        scope=event.scope,
        scope_ref=dict(event.scope_ref),
        effective_from=event.effective_from,
        changed_on=event.changed_on,
    )
    if await connection.fetchval(_ANY, *_args(call, change)) is not None:
        key = f"{WORKFLOW}:{event.object_id}:{event.version}"
        await start_run(connection, call, WORKFLOW, key, change, clock=clock)


def _args(call: Call, change: Change) -> tuple[Any, ...]:
    ref = change.scope_ref
    names = ("project_id", "contract_line_id", "customer_id", "legal_entity_id")
    about = next((ref[name] for name in names if name in ref), None)
    return call.tenant, change.effective_from, change.scope, about, ref.get("resource_id")


async def approved(unit: Unit, entry_id: str) -> None:
    """Somebody allows an entry to be re-rated although the change reaches back too far (IMP-2)."""
    standing = (await time_entries.standings(unit, [entry_id])).get(entry_id)
    if standing is not None and await repriced(unit, standing) is not None:
        await correct.restate(unit, standing, WHY)


class RerateTime:
    """The workflow `rerate_time`."""

    name = WORKFLOW
    version = 1
    input: type[Struct] = Change

    def __init__(self, services: Services) -> None:
        self._services = services

    async def perform(self, run: Run, input: Change) -> Rerated:
        """Plan a contract, apply its plan, go on to the next."""

        async def find(call: Call) -> list[str]:
            rows = await self._services.database.fetch(_CONTRACTS, *_args(call, input))
            return [r["id"] for r in rows]

        counts: dict[str, int] = {}
        for contract_id in await run.step("find contracts", find):
            for planned in await self._contract(run, input, contract_id):
                counts[planned.action] = counts.get(planned.action, 0) + 1
        return Rerated(actions=counts)

    async def _contract(self, run: Run, change: Change, contract_id: str) -> list[Planned]:
        async def plan(call: Call) -> list[Planned]:
            return await self._plan(call, change, contract_id)

        found = await run.step(f"plan {contract_id}", plan)
        for start in range(0, len(found), _AT_ONCE):
            portion = found[start : start + _AT_ONCE]

            async def apply(call: Call, portion: Sequence[Planned] = portion) -> int:
                return await self._apply(call, change, portion)

            await run.step(f"apply {contract_id} {start}", apply)
        return found

    async def _plan(self, call: Call, change: Change, contract_id: str) -> list[Planned]:
        """One plan a contract: what of an invoice moves is judged together (IMP-7)."""
        rows = await self._services.database.fetch(_ENTRIES, *_args(call, change), contract_id)
        moved: list[Repriced] = []
        for start in range(0, len(rows), _AT_ONCE):
            async with unit_of_work(self._services.database) as connection:
                unit = Unit(connection, call, self._services.clock.now())
                standings = await time_entries.standings(unit, [r["id"] for r in rows[start : start + _AT_ONCE]])
                moved += await all_repriced(unit, list(standings.values()))
        if not moved:
            return []
        async with unit_of_work(self._services.database) as connection:
            question = await _question(Unit(connection, call, self._services.clock.now()), change, moved)
        return [Planned(one.id, one.action) for one in plan_impact(question).actions if one.action != "none"]

    async def _apply(self, call: Call, change: Change, planned: Sequence[Planned]) -> int:
        for one in planned:
            async with unit_of_work(self._services.database) as connection:
                unit = Unit(connection, call, self._services.clock.now())
                standing = (await time_entries.standings(unit, [one.entry_id]))[one.entry_id]
                found = await repriced(unit, standing)
                if found is not None:
                    await _act(unit, change, standing, found, one.action)
        return len(planned)


async def _question(unit: Unit, change: Change, moved: Sequence[Repriced]) -> ImpactQuestion:
    contract = moved[0].contract
    known = await policies.Policies.load(unit, "rerate")
    scopes: Mapping[str, str] = {
        "contract": contract.id,
        "customer": contract.customer_id,
        "legal_entity": contract.legal_entity_id,
    }
    window, tolerance = (known.value("rerate", n, change.changed_on, scopes)[0] for n in ("window_days", "tolerance"))
    return ImpactQuestion(
        trigger="rerate",
        changed_on=change.changed_on,
        window_days=int(window),
        tolerance=tolerance,
        currency=contract.currency,
        transactions=tuple(one.affected for one in moved),
    )


async def _act(unit: Unit, change: Change, standing: Standing, found: Repriced, action: str) -> None:
    """What was planned. `restate` looks at the states of now: a draft that was approved since is a lock (IMP-6)."""
    if action == "needs_window_approval":
        await exceptions.open_(unit, _window(change, standing, found))
    elif action == "ignore_below_tolerance":
        log.info("time.rerate_ignored", entry=standing.version.id, invoice=found.affected.invoice_id, rule="IMP-7")
    else:
        await correct.restate(unit, standing, WHY)


def _window(change: Change, standing: Standing, found: Repriced) -> Finding:
    affected = found.affected
    age = (change.changed_on - affected.service_date).days
    detail = f"The price of {affected.service_date} changed {age} days later. Resolve it to re-rate, waive it to keep the price."
    return Finding(
        code=WINDOW,
        object_id=affected.id,
        rule_key=change.card_id,
        contract_id=found.contract.id,
        amount_at_risk=abs(affected.new_amount - affected.old_amount),
        currency=found.contract.currency,
        facts={
            "detail": detail,
            "entry_ref": standing.version.entry.ref,
            "rate_card_id": change.card_id,
            "old_amount": str(affected.old_amount),
            "new_amount": str(affected.new_amount),
        },
    )
