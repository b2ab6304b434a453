"""One request on its way through the pipeline: what policies may read and write. No logic of any policy lives here."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from contracts.call import Call
from contracts.problems import Problem
from runtime.data.claims import Claim, KeyScope
from runtime.data.counters import Grant
from runtime.http.replies import Reply
from runtime.tracing import Root

if TYPE_CHECKING:
    from gateway.routes import Route
    from gateway.services import Services


class Identity(Struct, frozen=True, kw_only=True, gc=False):
    """Who was authenticated, by `token` or `key`. `expires_at` in epoch seconds; `audiences` is None for keys, which name none."""

    tenant: str
    principal: str
    client: str
    scopes: frozenset[str]
    audiences: frozenset[str] | None
    expires_at: int
    method: str


class Exchange(Struct, kw_only=True):
    """Mutable on purpose, one per request; `now` is when it was there with its body.

    `target` is the normalised path and `query` the raw query string; header names are lower-case bytes. `repeated` names
    the fields that came more than once. `headers` collects answer headers that belong to this exchange, `limits` what counters said.
    """

    services: "Services"
    method: str
    target: str
    now: datetime
    query: bytes = b""
    request_headers: dict[bytes, bytes] = {}
    repeated: frozenset[bytes] = frozenset()
    address: str = ""
    body: bytes = b""
    route: "Route | None" = None
    params: dict[str, str] = {}
    identity: Identity | None = None
    correlation_id: str = ""
    request_id: str = ""
    traceparent: str = ""
    arguments: dict[str, Any] = {}
    fields: frozenset[str] | None = None
    expected_versions: tuple[int, ...] | None = None
    key_scope: KeyScope | None = None
    claim: Claim | None = None
    limits: list[Grant] = []
    headers: list[tuple[str, str]] = []
    mounted: str = ""
    root: Root | None = None
    reply: Reply | None = None
    problem: Problem | None = None
    recorded: bool = False

    def header(self, name: bytes) -> str | None:
        """A request header's value, or None."""
        value = self.request_headers.get(name)
        return None if value is None else value.decode("latin-1")

    def place(self) -> str:
        """What was asked for, in words of which there are few: the operation, the mount, else `page`."""
        return self.route.id if self.route is not None else self.mounted or "page"

    def known(self) -> Identity:
        """Who calls; only after the auth policy."""
        assert self.identity is not None
        return self.identity

    def at(self) -> "Route":
        """The route; only inside the pipeline of one."""
        assert self.route is not None
        return self.route

    def call(self, deadline: datetime) -> Call:
        """The call an operation gets."""
        who = self.known()
        return Call(
            tenant=who.tenant,
            principal=who.principal,
            client=who.client,
            scopes=who.scopes,
            correlation_id=self.correlation_id,
            request_id=self.request_id,
            idempotency_key=None if self.key_scope is None else self.key_scope.key,
            expected_versions=self.expected_versions,
            deadline=deadline,
            traceparent=self.traceparent,
        )
