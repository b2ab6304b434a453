"""Waivers of blocking checks (4f): who controls finance may let a group be billed all the same, for some checks, with a reason."""

from contracts.problems import Conflict, RuleViolated
from contracts.process.billing_objects import BillGroup, Check, CheckDecision, Readiness, Waiver
from process_apis.invoice_readiness.evaluation import evaluate
from process_apis.invoice_readiness.findings import blocks
from process_apis.registers import bill_groups
from process_apis.registers.unit import Unit
from runtime.services import Services

_LIVE = (*bill_groups.OPEN, "drafted")


async def waive(services: Services, unit: Unit, group: BillGroup, body: CheckDecision) -> Readiness:
    """Waive a check that blocks now. Raises Conflict for a group that is over, RuleViolated for a check that may not be waived
    or does not block. A check that is waived already stays as it is."""
    check = await _check(services, unit, group, body.code)
    if check.waived is not None:
        return await bill_groups.readiness(unit, group.id)
    if not blocks(check):
        detail = f"{body.code} does not block this group now; there is nothing to waive."
        raise RuleViolated(detail, code="GUARD_FAILED")
    if not check.waivable:
        detail = f"{body.code} cannot be waived: {check.cleared_by} clears it."
        raise RuleViolated(detail, code="GUARD_FAILED", rule="RDY")
    waiver = Waiver(
        code=body.code,
        reason=body.reason,
        waived_by=unit.call.principal,
        waived_at=unit.now,
        evidence=check.evidence,
    )
    return await _decided(services, unit, group, "waive", body, (*group.waivers, waiver))


async def unwaive(services: Services, unit: Unit, group: BillGroup, body: CheckDecision) -> Readiness:
    """Take a waiver back. Raises Conflict for a group that is over, RuleViolated when there is none."""
    _unless_over(group)
    left = tuple(one for one in group.waivers if one.code != body.code)
    if left == group.waivers:
        raise RuleViolated(f"{body.code} is not waived here; nothing was changed.", code="GUARD_FAILED")
    return await _decided(services, unit, group, "unwaive", body, left)


async def _check(services: Services, unit: Unit, group: BillGroup, code: str) -> Check:
    """The check as it stands now, not as it stood at the last evaluation."""
    _unless_over(group)
    await evaluate(services, unit, group.id)
    found = {check.code: check for check in (await bill_groups.readiness(unit, group.id)).checks}
    if code not in found:
        raise RuleViolated(
            f"{code[:50]} is no readiness check; the checks are those of the group.", code="GUARD_FAILED"
        )
    return found[code]


def _unless_over(group: BillGroup) -> None:
    if group.state not in _LIVE:
        raise Conflict(f"A bill group that is {group.state} has no checks to decide about.", code="ILLEGAL_TRANSITION")


async def _decided(
    services: Services, unit: Unit, group: BillGroup, command: str, body: CheckDecision, waivers: tuple[Waiver, ...]
) -> Readiness:
    await bill_groups.put_waivers(unit, group.id, command, waivers, reason=body.reason, code=body.code)
    await evaluate(services, unit, group.id)
    return await bill_groups.readiness(unit, group.id)
