"""Looking at held work and deciding about it, each decision in one unit with its audit row."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from msgspec.structs import asdict

from contracts.call import Call
from contracts.problems import RuleViolated
from contracts.process.held_desk import Effect, HeldCounts, HeldDecision, HeldDetail, HeldKind, HeldPage, HeldWork
from contracts.process.orders import HeldSort
from contracts.process.run_desk import Steering
from process_apis.held import shelf
from process_apis.held.rules import effect_on_delivery, effect_on_event, effect_on_run, without_private
from process_apis.registers import exceptions, move
from process_apis.registers.unit import Unit
from runtime.data.listing import Wanted
from runtime.services import Services
from runtime.telemetry import redacted
from runtime.work import letters, runs
from runtime.work.unit import unit_of_work

Made = Literal["replayed", "discarded"]
_INPUT = "select input from run where tenant = $1 and id = $2"


class HeldCommands:
    """Implements contracts.process.held_desk.HeldDesk."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @asynccontextmanager
    async def _unit(self, call: Call) -> AsyncIterator[Unit]:
        async with unit_of_work(self._services.database) as connection:
            yield Unit(connection, call, self._services.clock.now())

    async def list_held(
        self,
        call: Call,
        kind: HeldKind | None = None,
        alike: str | None = None,
        sort: HeldSort = "since",
        cursor: str | None = None,
        limit: int = 50,
    ) -> HeldPage:
        wanted = Wanted(filters={"kind": kind, "alike": alike}, sort=sort, cursor=cursor, limit=limit)
        async with self._unit(call) as unit:
            return await shelf.page(unit, wanted)

    async def held_counts(self, call: Call) -> HeldCounts:
        async with self._unit(call) as unit:
            return await shelf.counts(unit)

    async def get_held(self, call: Call, held_id: str) -> HeldDetail:
        async with self._unit(call) as unit:
            held = await shelf.get(unit, held_id)
            payload, effect = await _looked_into(unit, held)
        return HeldDetail(**asdict(held), payload=without_private(redacted(payload)), effect=effect)

    async def replay_held(self, call: Call, held_id: str, body: Steering) -> HeldDecision:
        async with self._unit(call) as unit:
            held = await shelf.get(unit, held_id)
            if held.kind == "run":
                await runs.resume_run(unit.connection, call, held.id, clock=self._services.clock)
            else:
                await letters.replay(unit.connection, unit.tenant, held.id)
                await _settle(unit, held, "auto_resolve", f"Replayed: {body.reason}")
            return await _decided(unit, held, "replayed", body.reason)

    async def discard_held(self, call: Call, held_id: str, body: Steering) -> HeldDecision:
        async with self._unit(call) as unit:
            held = await shelf.get(unit, held_id)
            if held.kind == "run":
                await _cancel(unit, held, body.reason, self._services)
            else:
                await letters.discard(unit.connection, unit.tenant, held.id)
            await _settle(unit, held, "resolve", f"Discarded: {body.reason}")
            return await _decided(unit, held, "discarded", body.reason)


async def _looked_into(unit: Unit, held: HeldWork) -> tuple[Any, Effect]:
    """The payload as it is stored, and what deciding would do."""
    if held.kind == "run":
        run = await runs.get_run(unit.connection, unit.call, held.id)
        return await unit.connection.fetchval(_INPUT, unit.tenant, held.id), effect_on_run(run, held.where)
    letter = await letters.read(unit.connection, unit.tenant, held.id)
    if held.kind == "event":
        return letter.payload, effect_on_event(held.what, letter.subject, held.where, letter.delivered)
    return letter.payload, effect_on_delivery(held.what, held.where)


async def _cancel(unit: Unit, held: HeldWork, reason: str, services: Services) -> None:
    """A run that did what cannot be undone is refused in the words of its effect."""
    run = await runs.get_run(unit.connection, unit.call, held.id)
    if not run.cancellable:
        raise RuleViolated("The run did something that cannot be undone. Replay it.", code="GUARD_FAILED")
    await runs.cancel_run(unit.connection, unit.call, held.id, reason, clock=services.clock)


async def _settle(unit: Unit, held: HeldWork, command: str, note: str) -> None:
    """The exception that was opened about it, unless somebody settled it before."""
    if held.exception_id is None:
        return
    found = await exceptions.get(unit, held.exception_id)
    if found.state in exceptions.UNSETTLED:
        await exceptions.change(unit.unconditional(), found.id, command, note)


async def _decided(unit: Unit, held: HeldWork, decision: Made, reason: str) -> HeldDecision:
    moved = move.Moved(before="held", after=decision, version=held.attempts, events=())
    facts = {"what": held.what, "where": held.where, "subject": held.subject}
    command = "replay" if decision == "replayed" else "discard"
    own = unit.under(held.correlation_id or unit.call.correlation_id)
    await move.record(own, "held_work", held.id, command, moved, reason, facts)
    return HeldDecision(id=held.id, decision=decision, decided_by=unit.call.principal, decided_at=unit.now)
