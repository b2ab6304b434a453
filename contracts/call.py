"""Who asks for what, on whose behalf and until when: handed to every operation."""

from datetime import datetime

from msgspec import Struct


class Call(Struct, frozen=True, kw_only=True):
    """One authorised call. `deadline` is an instant in UTC; `expected_versions` come from `If-Match` (ID-3)."""

    tenant: str
    principal: str
    client: str
    scopes: frozenset[str] = frozenset()
    correlation_id: str
    request_id: str
    idempotency_key: str | None = None
    expected_versions: tuple[int, ...] | None = None
    deadline: datetime | None = None
    traceparent: str | None = None

    def expects(self, version: int) -> bool:
        """True when the caller takes the object at this version, or did not say at which."""
        return self.expected_versions is None or version in self.expected_versions

    def allows(self, scope: str) -> bool:
        """True when the caller holds the scope an operation asks for; an empty scope is open to all."""
        return not scope or scope in self.scopes
