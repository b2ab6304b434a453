"""Projects (`prj`): which delivery project in PSA, ERP and planning is the same thing, and where it stands."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from contracts import events
from contracts.canon.project import Project
from contracts.canon.ref import ref_id
from contracts.problems import Conflict, NotFound, RuleViolated, Violation
from contracts.process.register_objects import NewRegisteredProject, RegisteredProject, RegisteredProjectPage
from contracts.wire import convert, to_builtins
from process_apis.registers import bounds, move
from process_apis.registers.exceptions import UNSETTLED
from process_apis.registers.unit import Unit
from runtime.data.ids import new_id
from runtime.data.links import link, refs_of, refs_of_all
from runtime.data.listing import CHANGED, CHANGED_SINCE, Column, Listing, Wanted, same

_COLUMNS = "id, version, status, body, updated_at"
LISTING = Listing(
    table="project",
    columns=_COLUMNS,
    filters={**same("status", "customer_id", "legal_entity_id", "code"), "changed_since": CHANGED_SINCE},
    orders={
        "id": (),
        "code": (Column('code collate "C"'),),
        "name": (Column("lower(body->>'name') collate \"C\""),),
        "updated_at": (CHANGED,),
    },
)
_INSERT = """
insert into project (tenant, id, status, code, customer_id, legal_entity_id, body, correlation_id, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing returning id
"""
_LOCK_CODES = "select pg_advisory_xact_lock(hashtextextended($1, 0))"
_EVENTS: dict[str, type[events.ProjectEvent]] = {
    event.type: event
    for event in (
        events.ProjectCreated,
        events.ProjectActivated,
        events.ProjectOnHold,
        events.ProjectResumed,
        events.ProjectClosing,
        events.ProjectClosed,
        events.ProjectCancelled,
    )
}


def _project(row: Any, refs: tuple[str, ...] | None = None) -> RegisteredProject:
    known = {k: row[k] for k in ("id", "version", "status", "updated_at")}
    return convert({**row["body"], **known, **({} if refs is None else {"refs": refs})}, RegisteredProject)


def violations(new: NewRegisteredProject) -> list[Violation]:
    """What is wrong with its days; empty when sound."""
    broken = bounds.before_its_start("start", new.start, "end", new.end)
    return [Violation(pointer=f"#/{field}", code="GUARD_FAILED", detail=detail) for field, detail in broken]


async def add(unit: Unit, new: NewRegisteredProject) -> RegisteredProject:
    """Register a project and its cross references. The same id answers with the first; another's code is a Conflict.

    Raises RuleViolated for days in the wrong order.
    """
    if broken := violations(new):
        raise RuleViolated("The project ends before it starts.", errors=broken, code="GUARD_FAILED")
    project_id = new.id or new_id("prj", unit.now)
    body = {k: v for k, v in to_builtins(new).items() if k not in ("id", "status")}
    made = await unit.connection.fetchval(
        _INSERT,
        unit.tenant,
        project_id,
        new.status,
        new.code,
        new.customer_id,
        new.legal_entity_id,
        body,
        unit.call.correlation_id,
        unit.now,
    )
    if made:
        await link_all(unit, project_id, new.refs)
    elif await _of_code(unit, new.legal_entity_id, new.code) not in (None, project_id):
        raise Conflict(f"Project code {new.code} is taken in {new.legal_entity_id}.", code="PROJECT_CODE_INVALID")
    return await get(unit, project_id)


async def _of_code(unit: Unit, entity: str, code: str) -> str | None:
    sql = "select id from project where tenant = $1 and legal_entity_id = $2 and code = $3"
    found: str | None = await unit.connection.fetchval(sql, unit.tenant, entity, code)
    return found


async def link_all(unit: Unit, project_id: str, refs: Iterable[str]) -> None:
    """Add cross references (ID-2)."""
    for ref in refs:
        await link(unit.connection, unit.tenant, project_id, ref, ref_id(ref))


async def get(unit: Unit, project_id: str) -> RegisteredProject:
    """With all its cross references. Raises NotFound."""
    sql = f"select {_COLUMNS} from project where tenant = $1 and id = $2"  # noqa: S608
    row = await unit.connection.fetchrow(sql, unit.tenant, project_id)
    if row is None:
        raise NotFound(f"No project {project_id}.")
    return _project(row, await refs_of(unit.connection, unit.tenant, project_id))


async def many(unit: Unit, project_ids: Iterable[str]) -> dict[str, RegisteredProject]:
    """Projects by id, with the refs they were registered with; unknown ids are left out."""
    sql = f"select {_COLUMNS} from project where tenant = $1 and id = any($2::text[])"  # noqa: S608
    rows = await unit.connection.fetch(sql, unit.tenant, sorted(set(project_ids)))
    return {r["id"]: _project(r) for r in rows}


async def of_deal(unit: Unit, deal_ref: str) -> tuple[RegisteredProject, ...]:
    """Projects registered for a deal; cancelled ones do not count."""
    sql = f"""select {_COLUMNS} from project
        where tenant = $1 and body->>'opportunity_id' = $2 and status <> 'cancelled' order by id"""  # noqa: S608
    return tuple(_project(r) for r in await unit.connection.fetch(sql, unit.tenant, deal_ref))


async def codes_like(unit: Unit, stem: str) -> tuple[str, ...]:
    """Codes that begin so, of all entities: a ledger that several share wants each code once. Others who choose a code wait until
    this transaction ends."""
    await unit.connection.execute(_LOCK_CODES, f"project-code/{unit.tenant}")
    sql = "select code from project where tenant = $1 and starts_with(code, $2)"
    return tuple(row["code"] for row in await unit.connection.fetch(sql, unit.tenant, stem))


async def sold_besides(unit: Unit, customer_id: str, entity: str, deal_ref: str) -> bool:
    """Whether an entity has projects with a customer from other deals; cancelled ones do not count."""
    sql = """select exists (select from project where tenant = $1 and customer_id = $2 and legal_entity_id = $3
        and status <> 'cancelled' and body->>'opportunity_id' is distinct from $4)"""
    return bool(await unit.connection.fetchval(sql, unit.tenant, customer_id, entity, deal_ref))


async def page(unit: Unit, wanted: Wanted) -> RegisteredProjectPage:
    """A page of them."""
    rows, more = await LISTING.page(unit.connection, unit.tenant, wanted)
    refs = await refs_of_all(unit.connection, unit.tenant, [r["id"] for r in rows])
    items = tuple(_project(r, refs.get(r["id"], ())) for r in rows)
    return RegisteredProjectPage(items=items, next_cursor=more, as_of=unit.now)


async def restate(unit: Unit, project: RegisteredProject, stated: Project) -> None:
    """Dates and manager as the PSA states them; a first day or manager it does not state stays. What is known changes nothing."""
    told = {
        "start": stated.start_on or project.start,
        "end": stated.end_on,
        "manager_name": stated.manager_name or project.manager_name,
    }
    changed = {name: value for name, value in to_builtins(told).items() if value != to_builtins(getattr(project, name))}
    if changed:
        values = {"body": await _body_with(unit, project.id, changed)}
        await move.restate(unit, "project", project.id, "restate", values, facts=changed)


async def _body_with(unit: Unit, project_id: str, changed: Mapping[str, Any]) -> dict[str, Any]:
    sql = "select body from project where tenant = $1 and id = $2 for update"
    return {**await unit.connection.fetchval(sql, unit.tenant, project_id), **changed}


async def under_contract(unit: Unit, project_id: str) -> bool:
    """Whether an active contract has a line for the project."""
    sql = """select exists (select from contract_line l join contract c on c.tenant = l.tenant and c.id = l.contract_id
        where l.tenant = $1 and l.project_id = $2 and c.state = 'active')"""
    return bool(await unit.connection.fetchval(sql, unit.tenant, project_id))


async def unsettled(unit: Unit, project_id: str) -> bool:
    """Whether work of the project is neither billed nor given up, or an exception about it is open."""
    sql = """select exists (select from billable_transaction where tenant = $1 and project_id = $2
          and state not in ('invoiced', 'excluded', 'written_off', 'reversed'))
        or exists (select from business_exception where tenant = $1 and object_id = $2 and state = any($3::text[]))"""
    return bool(await unit.connection.fetchval(sql, unit.tenant, project_id, list(UNSETTLED)))


def _held_from(project: RegisteredProject, command: str, on: date | None) -> date | None:
    """From which day on work is not taken any more: that of the first command that stopped it (3, project)."""
    if command == "resume":
        return None
    return project.hold_from or on if command in ("hold", "begin_close") else project.hold_from


async def change(
    unit: Unit,
    project_id: str,
    command: str,
    *,
    refused: str | None = None,
    line_ids: tuple[str, ...] = (),
    from_on: date | None = None,
) -> RegisteredProject:
    """Move a project; `provisioned` and `activate` tell its cross references and contract lines (3.1). What holds or closes it
    does so for work `from_on`."""
    project = await get(unit, project_id)
    hold_from = _held_from(project, command, from_on)
    values = {}
    if hold_from != project.hold_from:
        values["body"] = await _body_with(unit, project_id, {"hold_from": to_builtins(hold_from)})

    def event(moved: move.Moved) -> events.Event | None:
        kind = _EVENTS.get(moved.events[0]) if moved.events else None
        if kind is None:
            return None
        return kind(
            **move.common(unit, project_id, moved),
            code=project.code,
            legal_entity_id=project.legal_entity_id,
            hold_from=hold_from,
            contract_line_ids=line_ids,
            xrefs={ref.rsplit(":", 1)[0]: ref for ref in project.refs},
        )

    await move.apply(unit, "project", project_id, command, refused=refused, values=values, event=event)
    return await get(unit, project_id)
