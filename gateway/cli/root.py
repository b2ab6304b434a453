"""The tree of commands, the options all of them share, and what is said about a command line that cannot be read."""

from collections.abc import Callable
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Group, Parameter

from gateway.cli.calc import calc
from gateway.cli.complaints import Complaint
from gateway.cli.completion import completion
from gateway.cli.demo import demo
from gateway.cli.docs import docs
from gateway.cli.doctor import doctor
from gateway.cli.exits import Exit
from gateway.cli.explain import explain
from gateway.cli.help_text import Columns
from gateway.cli.listen import listen
from gateway.cli.logs import logs
from gateway.cli.misread import sentence
from gateway.cli.new_vendor import new_vendor
from gateway.cli.openapi import openapi
from gateway.cli.options import SHARED, Options
from gateway.cli.serve import serve, worker
from gateway.cli.token import token
from gateway.cli.trigger import trigger

_ABOUT = """From won deal to posted invoice: the gateway and its processes.

Example: `ledgerway demo`, then in another terminal `ledgerway deals list`.
"""
_EXITS = (
    "Exit codes: 0 done, 1 problem, 2 misuse, 3 not found, 4 refused, 5 held for a person, 6 conflict, "
    "7 unavailable (try again), 8 partly done, 130 interrupted."
)
_PLAIN = Options()
_SERVERS = Group("Servers", sort_key=1)
_WORK = Group("Work", sort_key=2)
_OPERATION = Group("Operation", sort_key=3)
_COMMANDS = (
    (_SERVERS, "demo", demo, None),
    (_SERVERS, "serve", serve, None),
    (_SERVERS, "worker", worker, None),
    (
        _SERVERS,
        "sandbox",
        "sandbox:app",
        "Simulated systems: start, list, break, turn their clock, reset.\n\nExample: `ledgerway sandbox fault netsuite lost_response --method POST`",
    ),
    (_WORK, "deals", "deals:app", "Won deals of the CRM.\n\nExample: `ledgerway deals list`"),
    (
        _WORK,
        "run",
        "run:app",
        "Start a process.\n\nExample: `ledgerway run onboarding --deal salesforce:deal:006... --follow`",
    ),
    (_WORK, "runs", "runs:app", "Look at runs and steer them.\n\nExample: `ledgerway runs list --status waiting`"),
    (
        _WORK,
        "transactions",
        "transactions:app",
        "Billable transactions.\n\nExample: `ledgerway transactions list --state queued`",
    ),
    (
        _WORK,
        "billing",
        "billing:app",
        "The billing queue, drafts and invoices.\n\nExample: `ledgerway billing ready`, then `ledgerway billing draft bg_... --dry-run`",
    ),
    (
        _WORK,
        "exceptions",
        "exceptions:app",
        "What needs a person.\n\nExample: `ledgerway exceptions list --state open`",
    ),
    (
        _WORK,
        "held",
        "held:app",
        "What was given up on until a person decides.\n\nExample: `ledgerway held list`",
    ),
    (_WORK, "explain", explain, None),
    (_WORK, "customers", "customers:app", "Customers.\n\nExample: `ledgerway customers list`"),
    (_WORK, "projects", "projects:app", "Projects.\n\nExample: `ledgerway projects list`"),
    (_WORK, "time", "time_entries:app", "Time of the connected tools.\n\nExample: `ledgerway time list --limit 20`"),
    (_WORK, "calc", calc, None),
    (_OPERATION, "token", token, None),
    (_OPERATION, "key", "key:app", "API keys.\n\nExample: `ledgerway key create reporting --scope finance:read`"),
    (
        _OPERATION,
        "connection",
        "connection:app",
        "Connections to systems.\n\nExample: `ledgerway connection test netsuite`",
    ),
    (_OPERATION, "catalogue", "catalogue:app", "What APIs there are.\n\nExample: `ledgerway catalogue list`"),
    (_OPERATION, "listen", listen, None),
    (_OPERATION, "trigger", trigger, None),
    (
        _OPERATION,
        "view",
        "view:app",
        "What is shown, made of events.\n\nExample: `ledgerway view rebuild finance_dashboard`",
    ),
    (_OPERATION, "doctor", doctor, None),
    (_OPERATION, "logs", logs, None),
    (_OPERATION, "docs", docs, None),
    (_OPERATION, "completion", completion, None),
    (_OPERATION, "new-vendor", new_vendor, None),
    (_OPERATION, "openapi", openapi, None),
    (_OPERATION, "db", "db:app", "The database schema.\n\nExample: `ledgerway db pending`"),
    (_OPERATION, "audit", "audit:app", "The audit trail.\n\nExample: `ledgerway audit verify`"),
)


def make() -> App:
    """The tree of commands."""
    made = App(
        name="ledgerway",
        help=_ABOUT,
        help_epilogue=_EXITS,
        help_format="plaintext",
        help_formatter=Columns(),
        version=_version,
        default_parameter=Parameter(negative=(), show_default=_worth_telling),
        suppress_keyboard_interrupt=False,
    )
    for flag in ("--help", "--version"):
        made[flag].group = SHARED
    for group, name, place, about in _COMMANDS:
        command = f"gateway.cli.{place}" if isinstance(place, str) else place
        made.command(command, name=name, help=about, group=group)
    return made


def _version() -> str:
    from gateway.cli.main import version

    return version()


def _worth_telling(default: object) -> str | None:
    """Defaults that say nothing stay out of the help."""
    return None if default in (False, (), None) else str(default)


def whole() -> App:
    """The tree of commands under the options they share."""
    root = make()

    @root.meta.default
    def shared(
        *line: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)], options: Options = _PLAIN
    ) -> Callable[[], Any]:
        session = options.session()
        command, bound, ignored = root.parse_args(line, exit_on_error=False, print_error=False)
        return lambda: command(*bound.args, **bound.kwargs, **dict.fromkeys(ignored, session))

    return root


def parse(tokens: list[str]) -> Callable[[], Any]:
    """The command a line asks for, ready to run. Complains of a line that cannot be read."""
    return _read(whole(), list(map(_named, tokens)) if tokens[:1] == ["calc"] else tokens)


def _named(word: str) -> str:
    """A lone hyphen, which the parser takes for an option, is the file it means to people."""
    return "/dev/stdin" if word == "-" else word


def _read(root: App, tokens: list[str]) -> Callable[[], Any]:
    try:
        command, bound, _ = root.meta.parse_args(tokens, exit_on_error=False, print_error=False)
        if command.__name__ != "shared":  # --help and --version
            return lambda: command(*bound.args, **bound.kwargs)
        ready: Callable[[], Any] = command(*bound.args, **bound.kwargs)
        return ready
    except CycloptsError as error:
        where = " ".join(("ledgerway", *(error.command_chain or ())))
        raise Complaint(Exit.MISUSE, sentence(root, error), look=f"{where} --help") from error
