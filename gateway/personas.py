"""The personas of sandbox mode: clients of the development issuer and what each may do."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from msgspec import Struct

_SYSTEM = tuple(f"{port}:*" for port in ("crm", "psa", "time", "planning", "erp", "hcm", "billing"))
_DESK = (
    "billing-queue:read",
    "registers:read",
    "transactions:read",
    "exceptions:read",
    "finance:read",
    "runs:read",
    "rules:read",
    "events:read",
)


class Persona(Struct, frozen=True, kw_only=True):
    """A client of the sandbox; `grants` are scopes, `*` standing for any. `tenant` is None for the installation's own."""

    id: str
    title: str
    grants: tuple[str, ...]
    tenant: str | None = None

    @property
    def secret(self) -> str:
        """Known to everybody: it guards invented data."""
        return f"sandbox-{self.id}"

    def scopes(self, known: Iterable[str]) -> tuple[str, ...]:
        """Which of the known scopes it holds, sorted."""
        return tuple(sorted(scope for scope in set(known) if any(fnmatchcase(scope, grant) for grant in self.grants)))


PERSONAS = (
    Persona(
        id="billing-analyst",
        title="Billing analyst (BA): works the queue, drafts invoices",
        grants=(*_DESK, "billing-queue:recheck", "invoices:draft", "transactions:write", "exceptions:write"),
    ),
    Persona(
        id="billing-manager",
        title="Billing manager (BM): approves and posts what others drafted, owns contracts and rates",
        grants=(
            *_DESK,
            "billing-queue:*",
            "invoices:*",
            "transactions:*",
            "exceptions:write",
            "registers:write",
            "rate-cards:*",
            "runs:*",
        ),
    ),
    Persona(
        id="finance-controller",
        title="Finance controller (FC): waives, sets policies, approves rates",
        grants=(
            *_DESK,
            "invoices:approve",
            "transactions:write-off",
            "exceptions:*",
            "policies:*",
            "rate-cards:*",
            "registers:write",
            "audit:read",
        ),
    ),
    Persona(
        id="project-manager",
        title="Project manager (PM): onboards deals, follows runs",
        grants=(
            "onboarding:run",
            "runs:read",
            "registers:read",
            "transactions:read",
            "transactions:write",
            "exceptions:read",
            "exceptions:write",
        ),
    ),
    Persona(id="executive", title="Executive: reads figures", grants=("finance:read", "billing-queue:read")),
    Persona(
        id="integration-developer",
        title="Integration developer (IS): every system port, runs and exceptions",
        grants=(
            *_SYSTEM,
            *_DESK,
            "onboarding:run",
            "runs:*",
            "exceptions:write",
            "registers:write",
            "policies:write",
            "audit:read",
            "metrics:read",
        ),
    ),
    Persona(
        id="outsider",
        title="Outsider: a client of another tenant, to see that nothing shows",
        grants=("*",),
        tenant="outsider",
    ),
)
