"""The register's projects follow the PSA, which owns their dates, manager and status (2.1): what differs is brought up, one by one."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.canon.project import Project
from contracts.problems import Problem
from contracts.wire import convert
from process_apis.registers import projects
from process_apis.registers.unit import Unit
from runtime.services import Services
from runtime.telemetry import log
from runtime.work.calls import system_call
from runtime.work.unit import unit_of_work

# What leads from our status to the PSA's. A project that is closing is taken up again only with finance control's approval, and
# what is being onboarded is moved by its run.
_COMMANDS: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType(
    {
        ("ready", "active"): ("activate",),
        ("active", "on_hold"): ("hold",),
        ("on_hold", "active"): ("resume",),
        **{(ours, "closing"): ("begin_close",) for ours in ("active", "on_hold")},
        **{(ours, "cancelled"): ("begin_close",) for ours in ("active", "on_hold")},
        **{(ours, "closed"): ("begin_close", "close") for ours in ("active", "on_hold")},
        ("closing", "closed"): ("close",),
    }
)
_BEHIND = """
select p.id, r.body from project p
join link l on l.tenant = p.tenant and l.canonical_id = p.id and l.valid_to is null
join replica r on r.tenant = p.tenant and r.kind = 'project' and r.key = l.system || ':' || l.object || ':' || l.external_id
where p.tenant = $1 and p.status in ('ready', 'active', 'on_hold', 'closing')
  and (r.body->>'status' <> p.status or r.body->>'end_on' is distinct from p.body->>'end'
    or r.body->>'start_on' <> p.body->>'start' or r.body->>'manager_name' <> coalesce(p.body->>'manager_name', ''))
order by p.id
"""


async def follow(services: Services) -> None:
    """All tenants; a project that cannot follow does not stand in the way of the others."""
    for tenant in services.ports.connections.tenants():
        call = system_call(tenant, "system:reference-data")
        for row in await services.database.fetch(_BEHIND, tenant):
            try:
                async with unit_of_work(services.database) as connection:
                    await bring_up(
                        Unit(connection, call, services.clock.now()), row["id"], convert(row["body"], Project)
                    )
            except Problem as problem:
                log.warning("project.not_followed", project=row["id"], problem=problem.slug, detail=problem.detail)


async def bring_up(unit: Unit, project_id: str, stated: Project) -> None:
    """Dates and manager, then the status as far as its guards let it. Raises Problem."""
    project = await projects.get(unit, project_id)
    await projects.restate(unit, project, stated)
    for command in commands(project.status, stated.status):
        if not await _allowed(unit, project_id, command):
            return
        await projects.change(unit, project_id, command, from_on=stated.changed_at.date())


def commands(ours: str, theirs: str) -> tuple[str, ...]:
    """The commands from one status to the other; none where the PSA's word is not enough."""
    return _COMMANDS.get((ours, theirs), ())


async def _allowed(unit: Unit, project_id: str, command: str) -> bool:
    """The guards of the state table: only what is under contract starts, only what is settled is closed."""
    if command == "activate":
        return await projects.under_contract(unit, project_id)
    return command != "close" or not await projects.unsettled(unit, project_id)
