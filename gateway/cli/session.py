"""What every command knows: the settings of this process and the options that all commands share."""

import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeAlias

from cyclopts import Parameter
from msgspec import json as msgspec_json

from runtime.settings import Settings

if TYPE_CHECKING:
    from gateway.cli.client import Client

ANSWER_S = 30
FOLLOW_S = 300


@dataclass(frozen=True, kw_only=True)
class Session:
    """One invocation. `persona` is who asks in sandbox mode; `wait_s` how long the caller has patience."""

    settings: Settings
    as_json: bool = False
    quiet: bool = False
    persona: str | None = None
    wait_s: int | None = None
    idempotency_key: str | None = None

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
        """Data to stdout: the API's own object with --json, else the text."""
        shown = msgspec_json.format(raw, indent=2).decode() if self.as_json else text
        sys.stdout.write(shown.rstrip("\n") + "\n")

    def talk(self, line: str) -> None:
        """A line to stderr, unless --quiet."""
        if not self.quiet:
            sys.stderr.write(line + "\n")

    def suggest(self, line: str) -> None:
        """What to do next, for people only."""
        if not self.as_json:
            self.talk(line)


Asked: TypeAlias = Annotated[Session, Parameter(parse=False)]
