"""One request on its way through the pipeline: what policies may read and write. No logic of any policy lives here."""

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


class Exchange:
    """Mutable on purpose, one per request.

    `target` is the normalised path and `query` the raw query string; header names are lower-case bytes. `repeated` names
    the fields that came more than once. `headers` collects answer headers that belong to this exchange, `limits` what counters said.
    """

    __slots__ = (
        "address",
        "arguments",
        "body",
        "claim",
        "correlation_id",
        "deadline",
        "expected_version",
        "headers",
        "identity",
        "key_scope",
        "limits",
        "method",
        "mounted",
        "params",
        "problem",
        "query",
        "recorded",
        "repeated",
        "reply",
        "request_headers",
        "request_id",
        "root",
        "route",
        "services",
        "target",
        "traceparent",
    )

    def __init__(
        self,
        services: "Services",
        *,
        method: str,
        target: str,
        query: bytes = b"",
        request_headers: dict[bytes, bytes] | None = None,
        repeated: frozenset[bytes] = frozenset(),
        address: str = "",
    ) -> None:
        self.services = services
        self.method, self.target, self.query = method, target, query
        self.request_headers = request_headers or {}
        self.repeated, self.address = repeated, address
        self.body = b""
        self.route: Route | None = None
        self.params: dict[str, str] = {}
        self.identity: Identity | None = None
        self.correlation_id = self.request_id = self.traceparent = ""
        self.arguments: dict[str, Any] = {}
        self.expected_version: int | None = None
        self.key_scope: KeyScope | None = None
        self.claim: Claim | None = None
        self.limits: list[Grant] = []
        self.headers: list[tuple[str, str]] = []
        self.mounted = ""
        self.root: Root | None = None
        self.reply: Reply | None = None
        self.problem: Problem | None = None
        self.recorded = False

    def header(self, name: bytes) -> str | None:
        """A request header's value, or None."""
        value = self.request_headers.get(name)
        return None if value is None else value.decode("latin-1")

    def place(self) -> str:
        """What was asked for, in words of which there are few: the operation, the mount, else `page`."""
        return self.route.operation.id if self.route is not None else self.mounted or "page"

    def known(self) -> Identity:
        """Who calls; only after the auth policy."""
        assert self.identity is not None
        return self.identity

    def at(self) -> "Route":
        """The route; only inside the pipeline of one."""
        assert self.route is not None
        return self.route

    def call(self, deadline: Any) -> Call:
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
            expected_version=self.expected_version,
            deadline=deadline,
            traceparent=self.traceparent,
        )
