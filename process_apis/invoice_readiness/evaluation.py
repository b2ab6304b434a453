"""Evaluates bill groups: those marked long enough ago, all of them once a day, one at once when somebody asks.

A group with a draft is looked at too: what blocks it after drafting is an exception about its invoice, until it is cured.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from contracts.problems import Problem
from contracts.process.billing_objects import BillGroup, Check, DraftInvoice, Readiness
from contracts.wire import to_builtins
from process_apis.invoice_readiness.assembly import hours_of
from process_apis.invoice_readiness.facts import gather
from process_apis.invoice_readiness.findings import Judgement, blocks, judge
from process_apis.invoice_readiness.rules import Facts
from process_apis.registers import bill_groups, exceptions
from process_apis.registers.bill_groups import Evaluation
from process_apis.registers.exceptions import Finding
from process_apis.registers.unit import Unit
from runtime.services import Services
from runtime.telemetry import log
from runtime.work.calls import system_call
from runtime.work.unit import unit_of_work

# RDY: a burst of events is one evaluation.
DEBOUNCE = timedelta(seconds=30)
SWEEP_S = 2
NIGHTLY_S = 900
_BATCH = 200
_REGRESSED = "READINESS_REGRESSED"
_ANY_DUE = "select exists (select from bill_group where tenant = $1 and dirty_since <= $2)"


async def sweep(services: Services, debounce: timedelta = DEBOUNCE) -> None:
    """Evaluate what was marked at least the debounce ago, each group in its own unit; one that fails is looked at again."""
    for tenant in services.ports.connections.tenants():
        if not await services.database.fetchval(_ANY_DUE, tenant, services.clock.now() - debounce):
            continue
        call = system_call(tenant, "system:readiness")
        async with unit_of_work(services.database) as connection:
            found = await bill_groups.due(Unit(connection, call, services.clock.now()), debounce, _BATCH)
        for group_id in found:
            try:
                async with unit_of_work(services.database) as connection:
                    await evaluate(services, Unit(connection, call, services.clock.now()), group_id)
            except Problem as problem:
                log.warning("readiness.failed", bill_group=group_id, problem=problem.slug, detail=problem.detail)


async def nightly(services: Services) -> None:
    """Mark every open group that was not evaluated since midnight (UTC): checks compare with today."""
    now = services.clock.now()
    midnight = datetime.combine(now.date(), time(0), UTC)
    for tenant in services.ports.connections.tenants():
        async with unit_of_work(services.database) as connection:
            await bill_groups.mark_unseen(Unit(connection, system_call(tenant, "system:readiness"), now), midnight)


async def evaluate(services: Services, unit: Unit, bill_group_id: str) -> BillGroup:
    """Evaluate a group now and store what was found. One that is billed or skipped is left as it is."""
    group = await bill_groups.lock(unit, bill_group_id)
    if group.state not in (*bill_groups.OPEN, "drafted"):
        return group
    facts = await gather(unit, services.ports.connections, group)
    judgement = judge(facts)
    stored = await bill_groups.evaluated(unit, group, evaluation(unit, facts, judgement))
    if facts.invoice is not None:
        await _regression(unit, facts.invoice, judgement)
    return stored


def evaluation(unit: Unit, facts: Facts, judgement: Judgement) -> Evaluation:
    """What the register keeps of a judgement."""
    verdict, items = judgement.verdict, {t.id for t in judgement.snapshot.transactions}
    # A milestone that nobody accepted yet has no transaction; the group holds its value all the same.
    items |= {m.ref for m in facts.milestones} - {t.source_id for t in facts.transactions}
    return Evaluation(
        status=verdict.status,
        percent=verdict.percent,
        failed=judgement.failed,
        warnings=judgement.warnings,
        net_amount=judgement.net_amount,
        hours=hours_of(facts.billable),
        transaction_count=len(items),
        readiness=Readiness(
            bill_group_id=facts.group.id,
            status=verdict.status,
            percent=verdict.percent,
            applicable=verdict.applicable,
            readiness_version=facts.group.readiness_version,
            evaluated_at=unit.now,
            checks=judgement.checks,
            snapshot=to_builtins(judgement.snapshot),
        ),
    )


async def _regression(unit: Unit, invoice: DraftInvoice, judgement: Judgement) -> None:
    if judgement.verdict.status == "blocked" and invoice.state in ("draft", "in_review", "approved"):
        await exceptions.open_(unit, regression(invoice, judgement))
    else:
        await exceptions.clear(unit, invoice.id, _REGRESSED, "Nothing blocks the draft any more.")


def regression(invoice: DraftInvoice, judgement: Judgement) -> Finding:
    """READINESS_REGRESSED: a draft that could not be drafted now (4f.4)."""
    return Finding(
        code=_REGRESSED,
        object_id=invoice.id,
        contract_id=invoice.contract_id,
        amount_at_risk=invoice.gross,
        currency=invoice.currency,
        facts={"failed": list(judgement.failed), "sentences": [c.sentence for c in failing(judgement.checks)]},
    )


def told(checks: Sequence[Check], one: str, several: str) -> str:
    """What a refusal says: the sentence of the only check, else how many there are (its errors name them)."""
    return f"{one}: {checks[0].sentence}" if len(checks) == 1 else f"{len(checks)} checks {several}."


def failing(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """The checks that failed, those that block first."""
    failed = [c for c in checks if c.status == "failed"]
    return tuple(sorted(failed, key=lambda c: not blocks(c)))
