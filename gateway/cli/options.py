"""The options that every command shares."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Group, Parameter

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Session
from runtime.settings import load

SHARED = Group("Options of every command", sort_key=9)
SORTING = Parameter(allow_leading_hyphen=True)  # a `-` turns the order
Note = Annotated[str, Parameter(name=("--note", "--reason"))]


@Parameter(name="*", group=SHARED)
@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of every command.

    Parameters
    ----------
    json
        Print the API's own object; problems go to stderr as JSON.
    jsonl
        The same with one item of a list on each line.
    quiet
        Say nothing on stderr but problems.
    verbose
        Tell each request on stderr: what was asked, the answer, how long it took, its ids.
    no_color
        No colours; NO_COLOR in the environment says the same.
    no_input
        Never ask; what would have to be asked is refused.
    yes
        Go on without asking: in live mode a write asks for the tenant's name.
    timeout
        Seconds to wait: for an answer (30), for a followed run (300).
    profile
        An installation of your profiles, ~/.config/ledgerway/profiles.toml: where it is and whose token.
    url
        Address of the running product; else LEDGERWAY_URL, else that of the state directory.
    state_dir
        State directory of the installation on this machine (.ledgerway).
    persona
        Who asks, in sandbox mode: `ledgerway token --list` names them.
    idempotency_key
        Repeat a write safely: the same key is done once.
    """

    json: bool = False
    jsonl: bool = False
    quiet: Annotated[bool, Parameter(name=("--quiet", "-q"))] = False
    verbose: Annotated[bool, Parameter(name=("--verbose", "-v"))] = False
    no_color: bool = False
    no_input: bool = False
    yes: Annotated[bool, Parameter(name=("--yes", "-y"))] = False
    timeout: int | None = None
    profile: str | None = None
    url: str | None = None
    state_dir: Path | None = None
    persona: Annotated[str | None, Parameter(name="--as")] = None
    idempotency_key: str | None = None

    def session(self) -> Session:
        """What the command is told. Raises Complaint and SettingsError for options that do not fit."""
        if self.timeout is not None and self.timeout < 1:
            raise Complaint(Exit.MISUSE, f"`--timeout` is {self.timeout}; use 1 or more.")
        from gateway.cli.profiles import chosen

        given: dict[str, Any] = {"url": self.url, "state_dir": self.state_dir}
        return Session(
            settings=chosen(load(**given), self.profile, **given),
            form="lines" if self.jsonl else "json" if self.json else "text",
            quiet=self.quiet,
            verbose=self.verbose,
            may_ask=not self.no_input,
            assured=self.yes,
            persona=self.persona,
            wait_s=self.timeout,
            idempotency_key=self.idempotency_key,
        )
