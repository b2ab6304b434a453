"""A worker that onboards deals over given ports, with the real registers, and the callers' side of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from contracts.call import Call
from contracts.process.exception_objects import BusinessException, Resolution
from contracts.process.onboarding import StartOnboarding
from contracts.process.register_objects import NewRateCard, NewRateLine, RateCard, ScopeRef
from contracts.process.runs import RunView
from process_apis.onboarding import process as onboarding
from process_apis.onboarding.commands import OnboardingCommands
from process_apis.registers.commands import RegisterCommands
from process_apis.registers.hooks import ExceptionHooks
from runtime.data.database import Database
from runtime.services import Services
from runtime.settings import Settings
from runtime.work import runs
from runtime.work.calls import PORT_SCOPES
from runtime.work.unit import unit_of_work
from runtime.work.worker import Worker
from tests.support.clock import FixedClock
from tests.workflow.stage import FAST

SALES = Call(tenant="acme", principal="ada", client="tests", correlation_id="cor-deal", request_id="req-1")
STEWARD = replace(SALES, principal="bert")


class Desk:
    """What people see and do while a deal is onboarded."""

    def __init__(self, services: Services) -> None:
        self.services, self.database = services, services.database
        self.registers, self.commands = RegisterCommands(services), OnboardingCommands(services)

    async def price(self, entity: str, currency: str, roles: tuple[tuple[str, str | None], ...]) -> RateCard:
        """An active standard card of an entity."""
        lines = tuple(
            NewRateLine(role_code=role, seniority_code=level, rate=Decimal("100.0000")) for role, level in roles
        )
        new = NewRateCard(
            name=f"Standard {entity}",
            scope="standard",
            scope_ref=ScopeRef(legal_entity_id=entity),
            currency=currency,
            effective_from=date(2025, 1, 1),
            lines=lines,
        )
        card = await self.registers.add_rate_card(SALES, new)
        await self.registers.submit_rate_card(SALES, card.id)
        return await self.registers.approve_rate_card(STEWARD, card.id)

    async def start(self, deal_ref: str, contract_version: int = 1) -> RunView:
        return await self.commands.start(SALES, StartOnboarding(deal_ref=deal_ref, contract_version=contract_version))

    async def view(self, run_id: str) -> RunView:
        return await runs.get_run(self.database, SALES, run_id)

    async def until(self, run_id: str, *statuses: str, within_s: float = 15.0) -> RunView:
        return await self._wait(run_id, lambda view: view.status in statuses, within_s)

    async def until_held(self, run_id: str, code: str, within_s: float = 15.0) -> RunView:
        return await self._wait(
            run_id,
            lambda v: v.waiting_for is not None and (v.waiting_for.kind, v.waiting_for.code) == ("person", code),
            within_s,
        )

    async def _wait(self, run_id: str, there: Callable[[RunView], bool], within_s: float) -> RunView:
        until = asyncio.get_running_loop().time() + within_s
        while True:
            view = await self.view(run_id)
            if there(view):
                return view
            if asyncio.get_running_loop().time() > until:
                told = [(step.name, step.status, step.error) for step in view.steps]
                raise AssertionError(f"{view.status} {view.waiting_for} {told}")
            await asyncio.sleep(0.02)

    async def exceptions(self, state: str | None = "open") -> tuple[BusinessException, ...]:
        return (await self.registers.list_exceptions(SALES, state=state)).items

    async def resolve(self, code: str, note: str = "Done.") -> BusinessException:
        found = next(e for e in await self.exceptions() if e.code == code)
        return await self.registers.resolve_exception(SALES, found.id, Resolution(note=note))

    async def cancel(self, run_id: str) -> RunView:
        return await self._steer(runs.cancel_run, run_id, "The client withdrew.")

    async def _steer(self, command: Callable[..., Awaitable[RunView]], run_id: str, *values: Any) -> RunView:
        async with unit_of_work(self.database) as connection:
            return await command(connection, SALES, run_id, *values)

    async def refs(self, canonical_id: str) -> set[str]:
        sql = "select system || ':' || object || ':' || external_id as ref from link where canonical_id = $1"
        return {row["ref"] for row in await self.database.fetch(sql, canonical_id)}

    async def events(self, *prefixes: str) -> list[str]:
        rows = await self.database.fetch("select type from outbox order by position")
        return [row["type"] for row in rows if row["type"].startswith(prefixes)]


@asynccontextmanager
async def at_work(database: Database, url: str, ports: Any) -> AsyncIterator[Desk]:
    services = Services(database=database, ports=ports, settings=Settings(), clock=FixedClock())
    hooks = ExceptionHooks(services.clock)
    worker = Worker(
        database, url, [onboarding.build(services)], hooks=hooks, scopes=PORT_SCOPES, clock=services.clock, tuning=FAST
    )
    running = asyncio.create_task(worker.run())
    try:
        while worker.slot is None:
            await asyncio.sleep(0.01)
            if running.done():
                running.result()
        yield Desk(services)
    finally:
        worker.stop()
        await running
