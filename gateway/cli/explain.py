"""`ledgerway explain`: everything about one id, whatever it is."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from gateway.cli.exits import Exit
from gateway.cli.session import Asked

if TYPE_CHECKING:
    from contracts.process.trail import Trace
    from gateway.cli.client import Client

_HEADS = ("AT", "KIND", "WHAT", "OUTCOME", "BY", "ID")


async def explain(subject_id: str, /, *, session: Asked) -> Exit:
    """Tell what an id is and everything that happened around it: requests, runs, events, changes; of a transaction also every figure
    with the rules it follows from.

    Any id will do: of a request (req_...), a run, a bill group, an invoice, a transaction, an exception, an event, or the correlation
    id that an error names.

    Example: `ledgerway explain req_...`

    Parameters
    ----------
    subject_id
        The id.
    """
    from contracts.process.trail import Trail
    from gateway.cli.complaints import looking_at

    async with session.product("integration-developer") as api:
        with looking_at("ledgerway audit list   (or: ledgerway runs list)", "not-found"):
            found = await api.call(Trail.trace, subject_id)
        about = None if session.as_json else await _about(api, subject_id)
    story = _story(found.value)
    session.show(found.raw, f"{about}\n\n{story}" if about else story)
    if found.value.more:
        session.talk("The oldest are left out.")
    return Exit.DONE


async def _about(api: "Client", subject_id: str) -> str | None:
    """What it is now, where there is an operation that reads it."""
    from gateway.cli.complaints import Complaint

    tell = _TELL.get(subject_id.partition("_")[0])
    try:
        return None if tell is None else await tell(api, subject_id)
    except Complaint:
        return None


async def _billing(api: "Client", subject_id: str) -> str:
    from contracts.process.invoice_readiness import InvoiceReadiness
    from gateway.cli import explanation_text

    return explanation_text.whole((await api.call(InvoiceReadiness.explain, subject_id)).value)


async def _run(api: "Client", subject_id: str) -> str:
    from contracts.process.run_desk import RunDesk
    from gateway.cli import run_text

    return run_text.whole((await api.call(RunDesk.get_run, subject_id)).value)


async def _transaction(api: "Client", subject_id: str) -> str:
    from contracts.process.time_posting import TimePosting
    from gateway.cli import transactions

    return transactions.whole((await api.call(TimePosting.get_transaction, subject_id)).value)


async def _exception(api: "Client", subject_id: str) -> str:
    from contracts.process.registers import Registers
    from gateway.cli import exceptions

    return exceptions.whole((await api.call(Registers.get_exception, subject_id)).value)


async def _project(api: "Client", subject_id: str) -> str:
    from contracts.process.registers import Registers
    from gateway.cli import projects

    return projects.whole((await api.call(Registers.get_project, subject_id)).value)


_TELL: dict[str, Callable[[Any, str], Awaitable[str]]] = {
    "bg": _billing,
    "inv": _billing,
    "run": _run,
    "txn": _transaction,
    "exc": _exception,
    "prj": _project,
}


def _story(trace: "Trace") -> str:
    from gateway.cli import explanation_text
    from gateway.cli.tables import NOTHING, fields, table

    rows = [
        (f"{h.at:%Y-%m-%d %H:%M:%S}", h.kind, h.what, h.outcome or NOTHING, h.by or NOTHING, h.id) for h in trace.items
    ]
    facts = fields((("About", trace.subject_id), ("Correlation id", ", ".join(trace.correlation_ids))))
    figures = f"{explanation_text.figures(trace.figures)}\n\n" if trace.figures else ""
    return f"{figures}{facts}\n\n{table(_HEADS, rows)}"
