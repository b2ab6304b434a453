"""`ledgerway customers`: whom the firm bills, and what they are in the connected systems."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import App

from contracts.process.orders import CustomerSort
from gateway.cli.exits import Exit
from gateway.cli.options import SORTING, Note
from gateway.cli.session import Asked

if TYPE_CHECKING:
    from contracts.process.register_objects import Customer

app = App(name="customers")
_ASKING, _LINKING = "billing-analyst", "integration-developer"
_HEADS = ("CUSTOMER", "NAME", "COUNTRY", "STATUS", "CURRENCY", "TAX ID")


@app.command(name="list")
async def list_(*, sort: Annotated[CustomerSort, SORTING] = "id", limit: int = 50, session: Asked) -> Exit:
    """List customers.

    Example: `ledgerway customers list --sort name --limit 20`

    Parameters
    ----------
    sort
        By this member of an item; with - before it, as in --sort=-updated_at, the largest or latest first.
    limit
        At most so many.
    """
    from contracts.process.registers import Registers
    from gateway.cli.pages import collect

    async with session.product(_ASKING) as api:
        found = await collect(
            lambda cursor, size: api.call(Registers.list_customers, sort=sort, cursor=cursor, limit=size), limit
        )
    session.show(found.raw, _table(found.items))
    found.hint(session)
    return Exit.DONE


@app.command
async def show(customer_id: str, /, *, session: Asked) -> Exit:
    """Show a customer, and what it is in the connected systems.

    Example: `ledgerway customers show cus_...`

    Parameters
    ----------
    customer_id
        The customer.
    """
    from contracts.process.registers import Registers
    from gateway.cli.complaints import looking_at

    async with session.product(_ASKING) as api:
        with looking_at("ledgerway customers list", "not-found"):
            found = await api.call(Registers.get_customer, customer_id)
    session.show(found.raw, whole(found.value))
    session.suggest(f"Its projects: ledgerway projects list --customer {found.value.id}")
    return Exit.DONE


@app.command
async def link(customer_id: str, ref: str, /, *, note: Note, number: str | None = None, session: Asked) -> Exit:
    """Say which record of a connected system a customer is. Its records there of other legal entities stay.

    Example: `ledgerway customers link cus_... netsuite:customer:360 --note "Its receivables account"`

    Parameters
    ----------
    customer_id
        The customer.
    ref
        The record: system, kind and id, as `ledgerway customers show` tells those that are known.
    note
        Why, for the record.
    number
        What people call the record there.
    """
    from contracts.process.register_objects import CrossReference
    from contracts.process.registers import Registers
    from gateway.cli.complaints import looking_at

    async with session.product(_LINKING) as api:
        with looking_at(f"ledgerway customers show {customer_id}", "conflict", "rule-violated"):
            stated = CrossReference(ref=ref, number=number, note=note)
            found = await api.call(Registers.link_customer, customer_id, stated)
    session.show(found.raw, whole(found.value))
    session.suggest("Items that waited for it are looked at within a minute: ledgerway billing blocked")
    return Exit.DONE


def _table(found: "tuple[Customer, ...]") -> str:
    from gateway.cli.tables import NOTHING, table

    rows = [(c.id, c.name, c.country, c.status, c.default_currency, c.tax_id or NOTHING) for c in found]
    return table(_HEADS, rows)


def whole(c: "Customer") -> str:
    """All that is worth telling of one."""
    from gateway.cli.tables import fields, moment

    return fields(
        (
            ("Customer", c.id),
            ("Name", c.name),
            ("Legal name", c.legal_name),
            ("Country", c.country),
            ("Status", c.status),
            ("Parent", c.parent_id),
            ("Currency", c.default_currency),
            ("Tax id", c.tax_id),
            *(("In", ref) for ref in c.refs),
            ("Changed", f"{moment(c.updated_at)}, version {c.version}"),
        )
    )
