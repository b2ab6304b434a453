"""`ledgerway projects`: projects of the register."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import App

from contracts.process.orders import ProjectSort
from gateway.cli.exits import Exit
from gateway.cli.options import SORTING, Note
from gateway.cli.session import Asked

if TYPE_CHECKING:
    from contracts.process.register_objects import RegisteredProject
    from gateway.cli.client import Client

app = App(name="projects")
_ASKING = "project-manager"
_LINKING = "integration-developer"
_HEADS = ("PROJECT", "CODE", "NAME", "STATUS", "ENTITY", "FROM", "TO", "MANAGER", "DEAL")


@app.command(name="list")
async def list_(
    *,
    customer: str | None = None,
    sort: Annotated[ProjectSort, SORTING] = "id",
    limit: int = 50,
    session: Asked,
) -> Exit:
    """List projects.

    Example: `ledgerway projects list --sort name --limit 20`

    Parameters
    ----------
    customer
        Only those of this customer (id).
    sort
        By this member of an item; with - before it, as in --sort=-updated_at, the largest or latest first.
    limit
        At most so many.
    """
    from contracts.process.registers import Registers
    from gateway.cli.pages import collect

    async with session.product(_ASKING) as api:
        found = await collect(
            lambda cursor, size: api.call(
                Registers.list_projects, customer_id=customer, sort=sort, cursor=cursor, limit=size
            ),
            limit,
        )
    session.show(found.raw, _table(found.items))
    found.hint(session)
    return Exit.DONE


@app.command
async def show(project: str, /, *, session: Asked) -> Exit:
    """Show a project: where it stands, its dates, and what it is in the connected systems.

    Example: `ledgerway projects show prj_...`

    Parameters
    ----------
    project
        The project's id, or its code.
    """
    from contracts.process.registers import Registers
    from gateway.cli.complaints import looking_at

    async with session.product(_ASKING) as api:
        with looking_at("ledgerway projects list", "not-found"):
            found = await api.call(Registers.get_project, await _id_of(api, project))
    session.show(found.raw, whole(found.value))
    session.suggest(f"Its time: ledgerway transactions list --project {found.value.id}")
    return Exit.DONE


@app.command
async def link(project: str, ref: str, /, *, note: Note, number: str | None = None, session: Asked) -> Exit:
    """Say which record of a connected system a project is. The record it was there before is let go.

    Example: `ledgerway projects link PRJ-2128 netsuite:job:412 --note "Opened in NetSuite by hand"`

    Parameters
    ----------
    project
        The project's id, or its code.
    ref
        The record: system, kind and id, as `ledgerway projects show` tells those that are known.
    note
        Why, for the record.
    number
        What people call the record there.
    """
    from contracts.process.register_objects import CrossReference
    from contracts.process.registers import Registers
    from gateway.cli.complaints import looking_at

    async with session.product(_LINKING) as api:
        with looking_at(f"ledgerway projects show {project}", "not-found", "conflict", "rule-violated"):
            stated = CrossReference(ref=ref, number=number, note=note)
            found = await api.call(Registers.link_project, await _id_of(api, project), stated)
    session.show(found.raw, whole(found.value))
    session.suggest("Items that waited for it are looked at within a minute: ledgerway billing blocked")
    return Exit.DONE


async def _id_of(api: "Client", project: str) -> str:
    """The id behind a project's code, or the id itself. Raises Complaint."""
    from contracts.process.registers import Registers
    from gateway.cli.complaints import Complaint

    if project.startswith("prj_"):
        return project
    ids = [one.id for one in (await api.call(Registers.list_projects, code=project)).value.items]
    if len(ids) != 1:
        detail = f"{len(ids) or 'No'} projects have the code {project}; name it by its id."
        raise Complaint(Exit.CONFLICT if ids else Exit.NOT_FOUND, detail, look="ledgerway projects list")
    return ids[0]


def _table(found: "tuple[RegisteredProject, ...]") -> str:
    from gateway.cli.tables import NOTHING, day, table

    rows = [
        (
            p.id,
            p.code,
            p.name,
            p.status.replace("_", " "),
            p.legal_entity_id,
            day(p.start),
            day(p.end),
            p.manager_name or NOTHING,
            p.opportunity_id or NOTHING,
        )
        for p in found
    ]
    return table(_HEADS, rows)


def whole(p: "RegisteredProject") -> str:
    """All that is worth telling of one."""
    from gateway.cli.tables import day, fields, moment

    return fields(
        (
            ("Project", p.id),
            ("Code", p.code),
            ("Name", p.name),
            ("Status", p.status.replace("_", " ")),
            ("Customer", p.customer_id),
            ("Entity", p.legal_entity_id),
            ("Currency", p.currency),
            ("Runs", f"{day(p.start)} to {day(p.end)}"),
            ("On hold from", day(p.hold_from)),
            ("Manager", p.manager_name),
            ("Deal", p.opportunity_id),
            *(("In", ref) for ref in p.refs),
            ("Changed", f"{moment(p.updated_at)}, version {p.version}"),
        )
    )
