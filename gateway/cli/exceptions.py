"""`ledgerway exceptions`: what needs a person, whose it is and by when."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App

from contracts.process.orders import ExceptionSort
from gateway.cli.exits import Exit
from gateway.cli.options import SORTING, Note
from gateway.cli.session import Asked, Session

if TYPE_CHECKING:
    from contracts.process.exception_objects import BusinessException

app = App(name="exceptions")
_HEADS = ("EXCEPTION", "CODE", "STATE", "OWNER", "DUE", "RISK", "OBJECT")


@app.command(name="list")
async def list_(
    *,
    state: str | None = None,
    code: str | None = None,
    owner: str | None = None,
    sort: Annotated[ExceptionSort, SORTING] = "due_at",
    limit: int = 50,
    session: Asked,
) -> Exit:
    """List exceptions, the earliest due first unless sorted otherwise.

    Example: `ledgerway exceptions list --state open --owner BA --sort=-amount_at_risk`

    Parameters
    ----------
    state
        Only those in this state: open, acknowledged, in_progress, resolved or waived.
    code
        Only those with this code.
    owner
        Only those this role owns, such as BA or PM.
    sort
        By this member of an item; with - before it, as in --sort=-amount_at_risk, the largest or latest first.
    limit
        At most so many.
    """
    from contracts.process.registers import Registers
    from gateway.cli.pages import collect

    async with session.product("billing-analyst") as api:
        found = await collect(
            lambda cursor, size: api.call(
                Registers.list_exceptions,
                state=state,
                code=code,
                owner_role=owner,
                sort=sort,
                cursor=cursor,
                limit=size,
            ),
            limit,
        )
    session.show(found.raw, _table(found.items))
    found.hint(session)
    return Exit.DONE


@app.command
async def show(exception_id: str, /, *, session: Asked) -> Exit:
    """Show an exception with its evidence and what may cure it.

    Example: `ledgerway exceptions show exc_...`

    Parameters
    ----------
    exception_id
        The exception.
    """
    from contracts.process.registers import Registers
    from gateway.cli.complaints import looking_at

    async with session.product("billing-analyst") as api:
        with looking_at("ledgerway exceptions list", "not-found"):
            found = await api.call(Registers.get_exception, exception_id)
    session.show(found.raw, whole(found.value))
    return Exit.DONE


@app.command
async def resolve(exception_id: str, /, *, note: Note, session: Asked) -> Exit:
    """Say what was done about it; what waited for it goes on and looks again.

    Example: `ledgerway exceptions resolve exc_... --note "Customer made active in NetSuite"`

    Parameters
    ----------
    exception_id
        The exception.
    note
        What was done.
    """
    from contracts.process.registers import Registers

    return await _settle(Registers.resolve_exception, "billing-analyst", exception_id, note, session)


@app.command
async def waive(exception_id: str, /, *, note: Note, session: Asked) -> Exit:
    """Accept it as it is, with a reason; only finance control may.

    Example: `ledgerway exceptions waive exc_... --reason "Agreed with the client" --as finance-controller`

    Parameters
    ----------
    exception_id
        The exception.
    note
        Why it may stay.
    """
    from contracts.process.registers import Registers

    return await _settle(Registers.waive_exception, "finance-controller", exception_id, note, session)


async def _settle(how: Callable[..., Any], asking: str, exception_id: str, note: str, session: Session) -> Exit:
    from contracts.process.exception_objects import Resolution
    from gateway.cli.complaints import looking_at

    async with session.product(asking) as api:
        with looking_at(f"ledgerway exceptions show {exception_id}", "conflict", "rule-violated"):
            found = await api.call(how, exception_id, Resolution(note=note))
    session.show(found.raw, whole(found.value))
    return Exit.DONE


def _table(found: "tuple[BusinessException, ...]") -> str:
    from gateway.cli.tables import day, money, table

    rows = [
        (e.id, e.code, e.state, e.owner_role, day(e.due_at.date()), money(e.amount_at_risk, e.currency), e.object_id)
        for e in found
    ]
    return table(_HEADS, rows, right="RISK")


def whole(e: "BusinessException") -> str:
    """All that is worth telling of one."""
    from gateway.cli.tables import day, fields, money

    return fields(
        (
            ("Exception", e.id),
            ("What", f"{e.meaning} ({e.code})"),
            ("State", e.state),
            ("Object", e.object_id),
            ("Who", f"{e.owner_role}, by {day(e.due_at.date())}"),
            ("At risk", money(e.amount_at_risk, e.currency)),
            ("Evidence", "; ".join(f"{name} {value}" for name, value in e.facts.items())),
            *(("Fix", fix) for fix in e.suggested_fixes),
            ("Done", e.resolution),
            ("Run", e.run_id),
            ("Correlation id", e.correlation_id),
        )
    )
