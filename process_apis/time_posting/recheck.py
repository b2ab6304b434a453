"""Looks again at what waits: exceptions, locks, overage above caps, costs the ERP refused, lines that are late (section 6).

Soon after something that may be the cause changed, and hourly. Each entry is looked at in a unit of its own, and noted
before: one that cannot be decided about does not stand in the way of the others.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from contracts.problems import Problem
from process_apis.registers import exceptions
from process_apis.registers.exceptions import Finding
from process_apis.registers.unit import Unit
from process_apis.time_posting import correct, headroom
from process_apis.time_posting.posting import LATE
from runtime.services import Services
from runtime.telemetry import log
from runtime.work.calls import system_call
from runtime.work.unit import unit_of_work

EVERY_S = 15
_HOURLY = timedelta(hours=1)
_LATE_AFTER = timedelta(minutes=60)
_RETRY_COST_AFTER = timedelta(minutes=2)
# A change is stamped before it can be seen: who decided in between did not see it.
_COMMITTED_WITHIN = timedelta(seconds=30)
_BATCH = 200
# When anything last changed that may clear a cause: cheap to ask, as these tables are small.
_LAST_CHANGE = """
select greatest(
  (select max(updated_at) from rate_card where tenant = $1), (select max(updated_at) from contract where tenant = $1),
  (select max(updated_at) from project where tenant = $1), (select max(updated_at) from cost_center_map where tenant = $1),
  (select max(updated_at) from policy where tenant = $1), (select max(updated_at) from customer where tenant = $1),
  (select max(changed_at) from replica where tenant = $1
   and kind in ('fiscal_period', 'worker', 'legal_entity', 'fx_quote', 'assignment', 'task')))
"""
# What the ERP itself refused is offered again hourly, not whenever somebody changes a rate.
_STALE = """
select source_id from billable_transaction where tenant = $1 and state = 'exception'
  and (updated_at < $2 or updated_at < $3 and not codes && array['ERP_REJECTED'])
group by source_id order by min(updated_at) limit $4
"""
_TOUCH = """
update billable_transaction set updated_at = $3 where tenant = $1 and source_id = $2 and state = 'exception'
"""
_LOCKED = """
select distinct object_id from business_exception where tenant = $1 and code = any($2::text[])
  and state in ('open', 'acknowledged', 'in_progress') limit $3
"""
# Overage is looked at when the terms of its contract or what others use of the cap changed after it was held.
_OVER = """
select distinct h.contract_id from billable_transaction h join contract c on c.tenant = $1 and c.id = h.contract_id
where h.tenant = $1 and h.state = 'held' and h.part = 'overage' and (h.updated_at < $2 or c.updated_at > h.updated_at
  or exists (select from billable_transaction r where r.tenant = $1 and r.contract_id = h.contract_id
    and r.state in ('reversed', 'written_off') and r.updated_at > h.updated_at)
  or exists (select from billable_transaction a where a.tenant = $1 and a.contract_id = h.contract_id
    and a.kind = 'adjustment' and a.amount < 0 and a.updated_at > h.updated_at))
limit $3
"""
_TOUCH_HELD = """
update billable_transaction set updated_at = $3
where tenant = $1 and contract_id = $2 and state = 'held' and part = 'overage'
"""
# Excluded work whose cost the ERP did not take is offered again once its run is over.
_OFFER_AGAIN = """
update billable_transaction t set posting_run_id = null from run r
where t.tenant = $1 and t.state = 'excluded' and t.erp_ref is null and t.posting_run_id is not null
  and r.tenant = $1 and r.id = t.posting_run_id and r.state = 'completed' and t.updated_at < $2
"""
_LATE_RUNS = """
select posting_run_id as run_id, count(*) as lines, sum(hours) as hours, min(created_at) as since,
       sum(amount) filter (where part = 'billable') as amount, min(currency) as currency,
       count(distinct currency) as currencies
from billable_transaction where tenant = $1 and state in ('rated', 'excluded') and erp_ref is null
  and posting_run_id is not null and created_at < $2
group by posting_run_id order by posting_run_id limit $3
"""


async def look(services: Services) -> None:
    """All tenants, one after the other."""
    for tenant in services.ports.connections.tenants():
        await _Round(services, tenant).run()


class _Round:
    def __init__(self, services: Services, tenant: str) -> None:
        self._services, self._database, self._tenant = services, services.database, tenant
        self._now = services.clock.now()

    async def run(self) -> None:
        hourly = self._now - _HOURLY
        changed = await self._database.fetchval(_LAST_CHANGE, self._tenant)
        since = max(hourly, min(changed + _COMMITTED_WITHIN, self._now)) if changed else hourly
        await self._exceptions(hourly, since)
        await self._locks()
        await self._overage(hourly)
        async with self._unit() as unit:
            await unit.connection.execute(_OFFER_AGAIN, self._tenant, min(since, self._now - _RETRY_COST_AFTER))
            await self._late(unit)

    @asynccontextmanager
    async def _unit(self) -> AsyncIterator[Unit]:
        call = system_call(self._tenant, "system:time-recheck")
        async with unit_of_work(self._database) as connection:
            yield Unit(connection, call, self._now)

    async def _exceptions(self, hourly: datetime, since: datetime) -> None:
        for row in await self._database.fetch(_STALE, self._tenant, hourly, since, _BATCH):
            await self._one(_TOUCH, row["source_id"], correct.bring_up)

    async def _locks(self) -> None:
        for row in await self._database.fetch(_LOCKED, self._tenant, list(correct.LOCKS), _BATCH):
            await self._one(None, row["object_id"], correct.bring_up)

    async def _overage(self, hourly: datetime) -> None:
        for row in await self._database.fetch(_OVER, self._tenant, hourly, _BATCH):
            await self._one(_TOUCH_HELD, row["contract_id"], headroom.look_again)

    async def _one(self, touch: str | None, object_id: str, look: Callable[[Unit, str], Awaitable[None]]) -> None:
        if touch is not None:
            async with self._unit() as unit:
                await unit.connection.execute(touch, self._tenant, object_id, self._now)
        try:
            async with self._unit() as unit:
                await look(unit, object_id)
        except Problem as problem:
            log.warning("time.recheck_failed", object=object_id, problem=problem.slug, detail=problem.detail)

    async def _late(self, unit: Unit) -> None:
        """Lines on their way for too long: one warning a batch."""
        for row in await unit.connection.fetch(_LATE_RUNS, self._tenant, self._now - _LATE_AFTER, _BATCH):
            one_currency = row["currencies"] == 1
            finding = Finding(
                code=LATE,
                object_id=row["run_id"],
                amount_at_risk=row["amount"] if one_currency else None,
                currency=row["currency"] if one_currency else None,
                facts={"lines": row["lines"], "hours": str(row["hours"]), "approved_before": row["since"].isoformat()},
            )
            await exceptions.open_(unit, finding)
