"""The tree of commands, the options all of them share, and what is said about a command line that cannot be read."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Group, Parameter

from gateway.cli.complaints import Complaint
from gateway.cli.demo import demo
from gateway.cli.exits import Exit
from gateway.cli.openapi import openapi
from gateway.cli.serve import serve, worker
from gateway.cli.session import Session
from gateway.cli.token import token
from runtime.settings import load

_ABOUT = """From won deal to posted invoice: the gateway and its processes.

Example: `ledgerway demo`, then in another terminal `ledgerway deals list`.
"""
_EXITS = (
    "Exit codes: 0 done, 1 problem, 2 misuse, 3 not found, 4 refused, 5 held for a person, 6 conflict, "
    "7 unavailable (try again), 8 partly done, 130 interrupted."
)
_SERVERS = Group("Servers", sort_key=1)
_WORK = Group("Work", sort_key=2)
_OPERATION = Group("Operation", sort_key=3)
_SHARED = Group("Options of every command", sort_key=9)
_COMMANDS = (
    (_SERVERS, "demo", demo, None),
    (_SERVERS, "serve", serve, None),
    (_SERVERS, "worker", worker, None),
    (_SERVERS, "sandbox", "sandbox:app", "Simulated systems: start, list, break, turn their clock, reset."),
    (_WORK, "deals", "deals:app", "Won deals of the CRM."),
    (_WORK, "run", "run:app", "Start a process."),
    (_WORK, "runs", "runs:app", "Look at runs and steer them."),
    (_WORK, "transactions", "transactions:app", "Billable transactions."),
    (_WORK, "billing", "billing:app", "The billing queue, drafts and invoices."),
    (_WORK, "exceptions", "exceptions:app", "What needs a person."),
    (_OPERATION, "token", token, None),
    (_OPERATION, "key", "key:app", "API keys."),
    (_OPERATION, "openapi", openapi, None),
    (_OPERATION, "db", "db:app", "The database schema."),
    (_OPERATION, "audit", "audit:app", "The audit trail."),
)


def _make() -> App:
    made = App(
        name="ledgerway",
        help=_ABOUT,
        help_epilogue=_EXITS,
        help_format="markdown",
        version_flags=(),
        default_parameter=Parameter(negative=()),
        suppress_keyboard_interrupt=False,
    )
    made["--help"].group = _OPERATION
    for group, name, place, about in _COMMANDS:
        command = f"gateway.cli.{place}" if isinstance(place, str) else place
        made.command(command, name=name, help=about, group=group)
    return made


def parse(tokens: list[str]) -> Callable[[], Any]:
    """The command a line asks for, ready to run. Complains of a line that cannot be read."""
    root = _make()

    @root.meta.default
    def shared(
        *line: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        json: Annotated[bool, Parameter(group=_SHARED)] = False,
        quiet: Annotated[bool, Parameter(name=("--quiet", "-q"), group=_SHARED)] = False,
        timeout: Annotated[int | None, Parameter(group=_SHARED)] = None,
        url: Annotated[str | None, Parameter(group=_SHARED)] = None,
        state_dir: Annotated[Path | None, Parameter(group=_SHARED)] = None,
        persona: Annotated[str | None, Parameter(name="--as", group=_SHARED)] = None,
        idempotency_key: Annotated[str | None, Parameter(group=_SHARED)] = None,
    ) -> Callable[[], Any]:
        """Options of every command.

        Parameters
        ----------
        json
            Print the API's own object; problems go to stderr as JSON.
        quiet
            Say nothing on stderr but problems.
        timeout
            Seconds to wait: for an answer (30), for a followed run (300).
        url
            Address of the running product; else LEDGERWAY_URL, else that of the state directory.
        state_dir
            State directory of the installation on this machine (.ledgerway).
        persona
            Who asks, in sandbox mode: `ledgerway token --list` names them.
        idempotency_key
            Repeat a write safely: the same key is done once.
        """
        session = Session(
            settings=load(state_dir=state_dir, url=url),
            as_json=json,
            quiet=quiet,
            persona=persona,
            wait_s=timeout,
            idempotency_key=idempotency_key,
        )
        command, bound, ignored = root.parse_args(line, exit_on_error=False, print_error=False)
        return lambda: command(*bound.args, **bound.kwargs, **dict.fromkeys(ignored, session))

    return _read(root, tokens)


def _read(root: App, tokens: list[str]) -> Callable[[], Any]:
    try:
        command, bound, _ = root.meta.parse_args(tokens, exit_on_error=False, print_error=False)
        asked: Callable[[], Any] = lambda: command(*bound.args, **bound.kwargs)  # noqa: E731
        return asked if command.__name__ != "shared" else asked()
    except CycloptsError as error:
        where = " ".join(("ledgerway", *(error.command_chain or ())))
        raise Complaint(Exit.MISUSE, str(error).strip(), look=f"{where} --help") from error
