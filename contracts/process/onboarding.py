"""From a won deal to a project that takes time (domain rules 4a)."""

from typing import Annotated, Literal, Protocol

from msgspec import Meta, Struct

from contracts.call import Call
from contracts.canon.ref import Code, CurrencyCode, Ref
from contracts.money import Exact
from contracts.operation import operation
from contracts.problems import NotFound, RuleViolated, VendorRefused, VendorUnavailable
from contracts.process.runs import RunView

Version = Annotated[int, Meta(ge=1)]


class StartOnboarding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deal to onboard. `contract_version` counts signed versions of its contract; a new one is a new run."""

    deal_ref: Ref
    contract_version: Version = 1


class Obstacle(Struct, frozen=True, kw_only=True):
    """What would hold the run for a person; `missing` names what the deal lacks."""

    code: Code
    detail: str
    missing: tuple[str, ...] = ()


class CountryPreview(Struct, frozen=True, kw_only=True):
    """One delivery country: a PSA project that is there already and would be adopted, else a new one, and what it gets."""

    country: str
    adopts: Ref | None = None
    adopts_code: str | None = None
    demands: int
    milestones: int


class Preview(Struct, frozen=True, kw_only=True):
    """What starting would do, as far as can be told now; nothing was changed. `run_id`: it was started before.

    `customer` is the register's (`customer_id`), a new one, or for a person to decide.
    """

    deal_ref: Ref
    name: str
    amount: Exact
    currency: CurrencyCode
    run_id: str | None = None
    customer: Literal["known", "new", "to decide"]
    customer_id: str | None = None
    countries: tuple[CountryPreview, ...]
    obstacles: tuple[Obstacle, ...] = ()


class Onboarding(Protocol):
    """Project onboarding."""

    @operation(
        "GET",
        "/onboarding/previews/{deal_ref}",
        scope="onboarding:run",
        problems=(NotFound, RuleViolated, VendorRefused, VendorUnavailable),
    )
    async def preview(self, call: Call, deal_ref: Ref, contract_version: Version = 1) -> Preview:
        """Tell what onboarding a won deal would do, and what would hold it. Changes nothing."""
        ...

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
