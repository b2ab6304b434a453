"""Where each readiness check fails, and why: one recognisable story a code (section "readiness", checks 1 to 32)."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from .portfolio import PLANS


class Case(Struct, frozen=True, kw_only=True):
    """`code` = readiness check; it fails for the bill group of `contract` and last month."""

    code: str
    contract: str
    project: str
    story: str


def _cases() -> dict[str, Case]:
    return {
        code: Case(code=code, contract=plan.contract, project=plan.project, story=story)
        for plan in PLANS
        for code, story in plan.stories
    }


CASES: Mapping[str, Case] = MappingProxyType(_cases())
READY: tuple[str, ...] = tuple(plan.contract for plan in PLANS if not plan.stories and plan.entity != "UK01")
WON_DEALS: Mapping[str, bool] = MappingProxyType(
    {"D-2201": True, "D-2202": True, "D-2203": True, "D-2204": True, "D-2205": False}
)
"""Won deals that are not onboarded yet -> whether onboarding runs straight through (False = no signed document)."""
