"""Business exceptions: what is wrong, whose it is, by when, and what people decide about it."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from contracts.canon.ref import Code, CurrencyCode, NewCode, Page, Reason
from contracts.money import Exact, Money

Severity = Literal["blocking", "warning"]


class BusinessException(Struct, frozen=True, kw_only=True):
    """A business exception (`exc`): what is wrong, who owns it, by when. `facts` are its evidence, `assignee` works on it."""

    id: Code
    code: Code
    meaning: str
    severity: Severity
    object_id: str
    rule_key: str
    run_id: Code | None = None
    step: str | None = None
    owner_role: Code
    assignee: str | None = None
    amount_at_risk: Exact | None = None
    currency: CurrencyCode | None = None
    created_at: datetime
    due_at: datetime
    state: Literal["open", "acknowledged", "in_progress", "resolved", "waived"]
    resolution: str | None = None
    suggested_fixes: tuple[str, ...] = ()
    facts: dict[str, Any] = {}
    correlation_id: str = ""
    version: int
    updated_at: datetime


class BusinessExceptionPage(Page[BusinessException], frozen=True, kw_only=True):
    """A page of exceptions."""


class ExceptionGroup(Struct, frozen=True, kw_only=True):
    """Unsettled exceptions of one code: how many, how many past their time or with nobody on them, what is at risk by currency."""

    code: Code
    meaning: str
    severity: Severity
    owner_role: Code
    suggested_fixes: tuple[str, ...] = ()
    count: int
    late: int
    unassigned: int
    at_risk: tuple[Money, ...] = ()
    due_at: datetime


class ExceptionGroups(Struct, frozen=True, kw_only=True):
    """Groups of unsettled exceptions, the earliest due first."""

    items: tuple[ExceptionGroup, ...]
    as_of: datetime


class Assignment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who works on it from now on; null: nobody."""

    assignee: NewCode | None


class Resolution(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was done about it, for the record."""

    note: Reason
