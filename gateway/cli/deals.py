"""`ledgerway deals`: won deals of the CRM, and which of them are projects already."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from gateway.cli.exits import Exit
from gateway.cli.session import Asked, Session

if TYPE_CHECKING:
    from contracts.canon.deal import Deal
    from gateway.cli.client import Client

app = App(name="deals")
_ASKING = "integration-developer"
_HEADS = ("DEAL", "NAME", "AMOUNT", "TERMS", "ENTITY", "CLOSED", "PROJECT")


@app.command(name="list")
async def list_(
    *,
    only_open: Annotated[bool, Parameter(name="--open")] = False,
    connection: str = "salesforce",
    limit: int = 200,
    session: Asked,
) -> Exit:
    """List won deals, and the project each one became.

    Example: `ledgerway deals list --open`

    Parameters
    ----------
    only_open
        Only deals that are no project yet.
    connection
        Name of the CRM's connection.
    limit
        Read at most so many.
    """
    from contracts.system.crm import Crm
    from gateway.cli.pages import collect

    async with session.product(_ASKING) as api:
        crm = api.of(connection)
        found = await collect(lambda cursor, size: crm.call(Crm.list_won_deals, cursor=cursor, limit=size), limit)
        projects = {} if session.as_json and not only_open else await _projects(api)
    shown = found.only(lambda deal: deal.ref not in projects) if only_open else found
    session.show(shown.raw, _table(shown.items, projects))
    found.hint(session)
    _suggest(session, [deal.ref for deal in found.items if deal.ref not in projects])
    return Exit.DONE


def _suggest(session: Session, refs: Sequence[str]) -> None:
    if refs:
        session.suggest(f"Next: ledgerway run onboarding --deal {refs[0]} --follow")


@app.command
async def show(deal_ref: str, /, *, session: Asked) -> Exit:
    """Show a deal with its roles and milestones.

    Example: `ledgerway deals show salesforce:deal:006...`

    Parameters
    ----------
    deal_ref
        Reference of the deal; its first part names the connection.
    """
    from contracts.system.crm import Crm
    from gateway.cli.complaints import looking_at

    async with session.product(_ASKING) as api:
        with looking_at("ledgerway deals list", "not-found", "invalid-request"):
            found = await api.of(deal_ref.partition(":")[0]).call(Crm.get_deal, deal_ref)
    session.show(found.raw, _whole(found.value))
    return Exit.DONE


async def _projects(api: "Client") -> dict[str, str]:
    from contracts.process.registers import Registers
    from gateway.cli.pages import collect

    found = await collect(
        lambda cursor, size: api.call(Registers.list_projects, cursor=cursor, limit=size), limit=10_000
    )
    return {project.opportunity_id: project.code for project in found.items if project.opportunity_id}


def _table(deals: "Sequence[Deal]", projects: Mapping[str, str]) -> str:
    from gateway.cli.tables import NOTHING, day, money, table

    rows = [
        (
            deal.ref,
            deal.name,
            money(deal.amount, deal.currency),
            deal.billing_method or NOTHING,
            deal.entity_code or NOTHING,
            day(deal.closed_on),
            projects.get(deal.ref, NOTHING),
        )
        for deal in deals
    ]
    return table(_HEADS, rows, right="AMOUNT")


def _whole(deal: "Deal") -> str:
    from gateway.cli.tables import NOTHING, day, fields, hours, money, table

    facts = fields(
        (
            ("Deal", deal.ref),
            ("Name", deal.name),
            ("State", deal.state),
            ("Amount", money(deal.amount, deal.currency)),
            ("Terms", deal.billing_method),
            ("Payment", deal.payment_terms),
            ("Entity", deal.entity_code),
            ("Signed", day(deal.signed_on)),
            ("Runs", f"{day(deal.start_on)} to {day(deal.end_on)}"),
            ("Order", deal.po_number),
        )
    )
    roles = [
        (r.role_code, r.location_code or NOTHING, day(r.start_on), day(r.end_on), hours(r.hours)) for r in deal.roles
    ]
    milestones = [(m.sequence, m.name, day(m.planned_on), money(m.amount, deal.currency)) for m in deal.milestones]
    parts = [facts]
    if roles:
        parts.append(table(("ROLE", "PLACE", "FROM", "TO", "HOURS"), roles, right="HOURS"))
    if milestones:
        parts.append(table(("NO", "MILESTONE", "PLANNED", "AMOUNT"), milestones, right="NO AMOUNT"))
    return "\n\n".join(parts)
