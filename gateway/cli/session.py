"""What every command knows: the settings of this process and the options that all commands share. Data to stdout, talk to stderr."""

import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import msgspec
from cyclopts import Parameter

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from runtime.settings import Settings

if TYPE_CHECKING:
    from gateway.cli.client import Client

ANSWER_S = 30
FOLLOW_S = 300


@dataclass(frozen=True, kw_only=True)
class Session:
    """One invocation. `persona` is who asks in sandbox mode; `wait_s` how long the caller has patience.

    `form` is that of data; `may_ask` whether somebody may be asked, `assured` whether the answer is yes beforehand.
    """

    settings: Settings
    form: Literal["text", "json", "lines"] = "text"
    quiet: bool = False
    verbose: bool = False
    may_ask: bool = True
    assured: bool = False
    persona: str | None = None
    wait_s: int | None = None
    idempotency_key: str | None = None

    @property
    def as_json(self) -> bool:
        """Whether a program reads."""
        return self.form != "text"

    @property
    def answer_s(self) -> int:
        """Seconds to wait for one answer."""
        return self.wait_s or ANSWER_S

    @property
    def follow_s(self) -> int:
        """Seconds to follow a run."""
        return self.wait_s or FOLLOW_S

    def product(self, persona: str) -> "AbstractAsyncContextManager[Client]":
        """The running product as the one who asks; in sandbox mode that is `persona` unless --as says otherwise."""
        from gateway.cli.client import product

        return product(self, persona)

    def show(self, raw: bytes, text: str) -> None:
        """Data to stdout: the API's own object with --json, its items line by line with --jsonl, else the text."""
        shown = text if self.form == "text" else _pretty(raw) if self.form == "json" else "\n".join(_lines(raw))
        sys.stdout.write(shown.rstrip("\n") + "\n" if shown else "")

    def talk(self, line: str) -> None:
        """A line to stderr, unless --quiet."""
        if not self.quiet:
            sys.stderr.write(line + "\n")

    def suggest(self, line: str) -> None:
        """What to do next, for people only."""
        if not self.as_json:
            self.talk(line)

    def detail(self, line: str) -> None:
        """A line to stderr with --verbose."""
        if self.verbose:
            sys.stderr.write(line + "\n")

    def assure(self, mode: str, tenant: str) -> None:
        """Before a write: in live mode somebody types the tenant's name, unless --yes. Raises Complaint."""
        if mode != "live" or self.assured:
            return
        if not self.may_ask or not sys.stdin.isatty():
            raise Complaint(Exit.MISUSE, f"This changes live data of {tenant}; repeat it with --yes.")
        sys.stderr.write(f"This changes live data. Type the tenant's name, {tenant}, to go on: ")
        sys.stderr.flush()
        if sys.stdin.readline().strip() != tenant:
            raise Complaint(Exit.REFUSED, f"That is not {tenant}; nothing was changed.")


class _Listed(msgspec.Struct):
    items: list[msgspec.Raw]


def _lines(raw: bytes) -> list[str]:
    try:
        items = msgspec.json.decode(raw, type=_Listed).items
    except msgspec.ValidationError:
        return [_line(raw)]
    return [_line(bytes(item)) for item in items]


def _pretty(raw: bytes) -> str:
    return msgspec.json.format(raw, indent=2).decode()


def _line(raw: bytes) -> str:
    return msgspec.json.format(raw, indent=-1).decode()


Asked: TypeAlias = Annotated[Session, Parameter(parse=False)]
