"""Whether a bill group may be drafted: 32 weighted checks (4f, RDY). The percent is floored: 100 means all passed."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

from contracts.money import plain
from domain.conditions import reader
from domain.exceptions import Severity, entry
from domain.readiness_table import RULES, CheckRule, CheckScope
from domain.snapshot import ReadinessSnapshot

ReadinessStatus = Literal["ready", "ready_with_warnings", "blocked"]

_WEIGHTS = {"blocking": 3, "warning": 1}
_WAIVABLE = frozenset({8, 15, 25, 28, 32})
_BILLABLE_NOW = frozenset({"rated", "queued"})


class Check(Struct, frozen=True, kw_only=True):
    """One check as judged; `passed` is null and `reason` says why when it is not applicable.

    `evidence` maps the fields it read to values; `offenders` are the ids at fault; FC may waive what is `waivable`.
    """

    number: int
    code: str
    scope: CheckScope
    severity: Severity
    weight: int
    applicable: bool
    reason: str | None
    passed: bool | None
    evidence: dict[str, str | None]
    offenders: tuple[str, ...]
    meaning: str
    cleared_by: str
    owner_role: str
    sla_hours: int
    waivable: bool


class FailedCheck(Struct, frozen=True, kw_only=True):
    """A failed check and the severity it failed with."""

    code: str
    severity: Severity


class Readiness(Struct, frozen=True, kw_only=True):
    """The verdict: percent of weight passed, floored; failed checks in table order."""

    status: ReadinessStatus
    percent: int
    applicable: int
    failed: tuple[FailedCheck, ...]
    invoice_ready_emitted: bool


def checks(snapshot: ReadinessSnapshot) -> tuple[Check, ...]:
    """All 32 checks in table order, judged against one snapshot."""
    softened = _softened(snapshot)
    return tuple(_judge(number, rule, snapshot, softened) for number, rule in enumerate(RULES, start=1))


def _softened(snapshot: ReadinessSnapshot) -> bool:
    """Whether transactions that are not fit stay behind while others are billed."""
    return bool(snapshot.contract.partial_billing) and any(one.state in _BILLABLE_NOW for one in snapshot.transactions)


def _judge(number: int, rule: CheckRule, snapshot: ReadinessSnapshot, softened: bool) -> Check:
    reason = _inapplicable(rule, snapshot)
    applicable = reason is None
    severity = _severity(rule, snapshot, softened)
    known, condition = entry(rule.code), rule.condition
    return Check(
        number=number,
        code=rule.code,
        scope=rule.scope,
        severity=severity,
        weight=_WEIGHTS[severity],
        applicable=applicable,
        reason=reason,
        passed=not condition.fails(snapshot) if applicable else None,
        evidence={path: _shown(reader(path)(snapshot)) for path in condition.reads} if applicable else {},
        offenders=condition.offenders(snapshot) if applicable and condition.offenders else (),
        meaning=known.meaning,
        cleared_by=rule.cleared_by,
        owner_role=known.owner_role,
        sla_hours=known.sla_hours,
        waivable=number in _WAIVABLE,
    )


def _inapplicable(rule: CheckRule, snapshot: ReadinessSnapshot) -> str | None:
    """Why a check does not apply: a fact it needs is null, an empty list or a false condition of the contract."""
    for path, reason in rule.needs:
        value = reader(path)(snapshot)
        if value is None or (path == "contract.po_required" and not value) or (path == "milestones" and not value):
            return reason
    return None


def _severity(rule: CheckRule, snapshot: ReadinessSnapshot, softened: bool) -> Severity:
    """The severity in force for this snapshot, whether the check passes or fails."""
    if rule.scope == "transaction" and softened:
        return "warning"
    return "blocking" if rule.blocks_when(snapshot) else rule.severity


def _shown(value: Any) -> str | None:
    """A value as evidence; lists by their length, since offenders are named separately."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return str(len(value))
    return value.isoformat() if isinstance(value, dt.date) else str(getattr(value, "number", value))


def summarise(judged: Iterable[Check], waived: Collection[str] = ()) -> Readiness:
    """The verdict of judged checks; a waived code that may be waived still fails, but no longer blocks."""
    applicable = [check for check in judged if check.applicable]
    failed = [check for check in applicable if not check.passed]
    blocked = any(check.severity == "blocking" and not (check.waivable and check.code in waived) for check in failed)
    weights = [check.severity for check in applicable]
    return _verdict(weights, [FailedCheck(code=check.code, severity=check.severity) for check in failed], blocked)


def _verdict(applicable: Sequence[Severity], failed: Sequence[FailedCheck], blocked: bool) -> Readiness:
    total = sum(_WEIGHTS[severity] for severity in applicable)
    passed = total - sum(_WEIGHTS[check.severity] for check in failed)
    return Readiness(
        status="blocked" if blocked else "ready_with_warnings" if failed else "ready",
        percent=100 * passed // total if total else 100,
        applicable=len(applicable),
        failed=tuple(failed),
        invoice_ready_emitted=not blocked,
    )


def evaluate(snapshot: ReadinessSnapshot) -> Readiness:
    """The readiness of a bill group (4f): what `summarise` says of its checks, without gathering their evidence."""
    softened = _softened(snapshot)
    applicable, failed = list[Severity](), list[FailedCheck]()
    for rule in RULES:
        if rule.needs and _inapplicable(rule, snapshot) is not None:
            continue
        severity = _severity(rule, snapshot, softened)
        applicable.append(severity)
        if rule.condition.fails(snapshot):
            failed.append(FailedCheck(code=rule.code, severity=severity))
    return _verdict(applicable, failed, any(check.severity == "blocking" for check in failed))
