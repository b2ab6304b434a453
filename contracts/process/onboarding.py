"""From a won deal to a project that takes time (domain rules 4a)."""

from typing import Annotated, Protocol

from msgspec import Meta, Struct

from contracts.call import Call
from contracts.canon.ref import Ref
from contracts.operation import operation
from contracts.problems import NotFound, RuleViolated, VendorRefused, VendorUnavailable
from contracts.process.runs import RunView


class StartOnboarding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deal to onboard. `contract_version` counts signed versions of its contract; a new one is a new run."""

    deal_ref: Ref
    contract_version: Annotated[int, Meta(ge=1)] = 1


class Onboarding(Protocol):
    """Project onboarding."""

    @operation(
        "POST",
        "/onboarding/runs",
        scope="onboarding:run",
        status=202,
        problems=(NotFound, RuleViolated, VendorRefused, VendorUnavailable),
    )
    async def start(self, call: Call, body: StartOnboarding) -> RunView:
        """Start onboarding a won deal, or answer with the run that was started before (WF-1)."""
        ...
