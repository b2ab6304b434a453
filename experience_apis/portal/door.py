"""What the front door gives to the portal: who visits, and operations asked for through its pipeline."""

from typing import Any, Protocol

from msgspec import Struct

from contracts.operation import Operation
from contracts.periods import Clock


class Persona(Struct, frozen=True, kw_only=True):
    """Somebody one can be in sandbox mode: `name` in a word or two, `does` in a sentence, `scopes` held in `tenant`."""

    id: str
    name: str
    does: str
    tenant: str
    scopes: frozenset[str]

    @property
    def initials(self) -> str:
        """`Billing manager` -> `BM`."""
        return "".join(word[:1] for word in self.name.split()).upper()


class Visitor(Struct, frozen=True, kw_only=True):
    """Who is signed in. `session` is what the cookie holds."""

    session: str
    tenant: str
    persona: Persona


class Seen(Struct, frozen=True, kw_only=True):
    """What operations inherit from the page that asks for them."""

    correlation_id: str
    request_id: str
    address: str
    path: str


class FrontDoor(Protocol):
    """The gateway, as the portal sees it. `key` signs form tokens."""

    mode: str
    base_url: str
    key: bytes
    clock: Clock

    def personas(self) -> tuple[Persona, ...]:
        """Whom one can be here."""
        ...

    async def enter(self, persona: str, seen: Seen) -> str:
        """Open a session as a persona; what the cookie holds. Raises NotFound."""
        ...

    async def find(self, session: str) -> Visitor | None:
        """Who a session belongs to, while it lives."""
        ...

    async def leave(self, visitor: Visitor, seen: Seen) -> None:
        """End a session."""
        ...

    async def ask(
        self, visitor: Visitor, seen: Seen, operation: Operation, arguments: dict[str, Any], key: str | None
    ) -> Any:
        """The result of an operation, through the pipeline like any call; `key` is the idempotency key. Raises Problem."""
        ...
