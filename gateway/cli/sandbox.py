"""`ledgerway sandbox`: the simulated systems of a state directory, and their switches."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from cyclopts import App, Parameter

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Asked

app = App(name="sandbox")


@app.command
def start(*, session: Asked) -> int:
    """Run the simulated systems until SIGTERM; `ledgerway demo` starts them by itself.

    Example: `ledgerway sandbox start`
    """
    from gateway import sandboxes

    return sandboxes.run(session.settings)


@app.command(name="list")
def list_(*, session: Asked) -> Exit:
    """List the simulated systems: addresses, the authority of their certificates, files with their credentials.

    Example: `ledgerway sandbox list --json`
    """
    from gateway.cli.simulators import show

    return show(session)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Aim:
    """Which requests a fault hits, and how.

    Parameters
    ----------
    path
        Only requests whose path and query match this regular expression.
    method
        Only requests with this method.
    times
        How many requests it hits.
    after
        How many matching requests go through before.
    retry_after
        Seconds of Retry-After with too_many.
    delay
        Seconds of timeout, slow_job and late_index.
    status
        Status of server_error (503).
    """

    path: str | None = None
    method: str | None = None
    times: int = 1
    after: int = 0
    retry_after: int | None = None
    delay: int | None = None
    status: int | None = None


@app.command
async def fault(
    system: str,
    kind: str | None = None,
    /,
    *,
    aim: Aim = Aim(),
    listed: Annotated[bool, Parameter(name="--list")] = False,
    clear: bool = False,
    session: Asked,
) -> Exit:
    """Make a simulated system fail, list the faults that wait and those that fired, or clear them.

    Kinds: lost_response, too_many, server_error, timeout, token_expired, lock, duplicate, closed_period, slow_job,
    late_index, page_shift.

    Example: `ledgerway sandbox fault netsuite lost_response --method POST --path /invoice`

    Parameters
    ----------
    system
        salesforce (Certinia is in the same org), netsuite or workday.
    kind
        What goes wrong.
    listed
        List instead.
    clear
        Clear instead.
    """
    from gateway.cli.simulators import ask, fault_body, faults

    if sum((listed, clear, kind is not None)) != 1:
        raise Complaint(
            Exit.MISUSE, "Name a kind of fault, or use --list or --clear.", look="ledgerway sandbox fault --help"
        )
    if clear:
        return await ask(session, system, "DELETE", "faults", "All faults are cleared.")
    if listed:
        return await faults(session, system)
    options = {("delay_s" if name == "delay" else name): value for name, value in vars(aim).items()}
    body = fault_body(str(kind), **options)
    return await ask(session, system, "POST", "faults", f"Armed: {body['kind']}, {aim.times} times.", body)


@app.command
async def clock(
    system: str,
    /,
    *,
    set_: Annotated[datetime | None, Parameter(name="--set")] = None,
    advance: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    freeze: bool = False,
    reset: bool = False,
    session: Asked,
) -> Exit:
    """Tell the time of a simulated system, or change it.

    Example: `ledgerway sandbox clock netsuite --advance 2d`

    Parameters
    ----------
    system
        salesforce, netsuite or workday.
    set_
        Make it this instant, such as 2026-12-01T08:00:00Z; without a zone it is UTC.
    advance
        Move on by this much: 90s, 15m, 2h, 3d or PT2H.
    freeze
        Stand still at --set.
    reset
        Back to real time.
    """
    from gateway.cli.simulators import ask, clock_body

    if sum((set_ is not None, advance is not None, reset)) > 1 or (freeze and set_ is None):
        raise Complaint(Exit.MISUSE, "Use one of --set (with or without --freeze), --advance and --reset.")
    if reset:
        return await ask(session, system, "DELETE", "clock", "Back to real time.")
    body = clock_body(set_, advance, freeze)
    return await ask(session, system, "POST" if body else "GET", "clock", None, body)


@app.command
async def reset(system: str, /, *, session: Asked) -> Exit:
    """Forget everything a simulated system has learned and seed it again.

    Example: `ledgerway sandbox reset workday`

    Parameters
    ----------
    system
        salesforce, netsuite or workday.
    """
    from gateway.cli.simulators import ask

    return await ask(session, system, "POST", "reset", f"{system} is seeded again.")


@app.command
async def work(
    project: str,
    /,
    *,
    hours: str,
    on: date | None = None,
    person: str | None = None,
    follow: bool = False,
    session: Asked,
) -> Exit:
    """Play a consultant and an approver in the simulated PSA: record a day's hours on a project and approve them.

    Example: `ledgerway sandbox work REDWOOD-001 --hours 7.5 --follow`

    Parameters
    ----------
    project
        Project code, as `ledgerway deals list` shows it.
    hours
        Hours worked, such as 7.5.
    on
        The day (today).
    person
        Employee number; else somebody of the project's entity.
    follow
        Wait until Ledgerway has the time in the ERP, and show where it went.
    """
    from gateway.cli.work import record

    return await record(session, project, hours, on, person, follow)
