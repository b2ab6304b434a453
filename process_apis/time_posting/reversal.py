"""Takes a posted line back in the ERP, exactly as it was posted (IMP-4, DEC-6). The hub reversed its side already."""

from datetime import date

from msgspec import Struct

from contracts.call import Call
from contracts.canon.ledger import LineOutcome, LineOutcomes, Reversal, Reversals
from contracts.money import Exact
from contracts.problems import RuleViolated
from contracts.process.time_posting import Transaction
from domain import periods
from process_apis.registers import replicas
from process_apis.registers.unit import Unit
from process_apis.time_posting.keys import posting_key
from runtime.services import Services
from runtime.work.run import Run
from runtime.work.runs import start_run
from runtime.work.unit import unit_of_work

WORKFLOW = "reverse_time"


class PostedLine(Struct, frozen=True, kw_only=True):
    """The line to take back, and what it is worth."""

    entity: str
    transaction_id: str
    reversal: Reversal
    contract_id: str | None = None
    amount: Exact | None = None
    currency: str | None = None


async def open_run(unit: Unit, transaction: Transaction) -> None:
    """Start the reversal of a transaction's line; once however often asked (WF-1)."""
    key = posting_key(transaction)
    line = PostedLine(
        entity=transaction.legal_entity_id or "",
        transaction_id=transaction.id,
        reversal=Reversal(
            key=f"{key}:r", original_key=key, posting_date=transaction.posting_date or transaction.service_date
        ),
        contract_id=transaction.contract_id,
        amount=transaction.amount,
        currency=transaction.currency,
    )
    own = unit.under(transaction.correlation_id)
    await start_run(unit.connection, own.call, WORKFLOW, f"{WORKFLOW}:{key}", line)


class ReverseTime:
    """The workflow `reverse_time`."""

    name = WORKFLOW
    version = 1
    input: type[Struct] = PostedLine

    def __init__(self, services: Services) -> None:
        self._services = services

    async def perform(self, run: Run, input: PostedLine) -> LineOutcomes:
        """One step: the port looks for the reversal's key before it posts it."""
        run.about(amount_at_risk=input.amount, currency=input.currency)
        await run.irreversible()

        async def ensure(call: Call) -> LineOutcomes:
            return await self._ensure(call, input)

        return await run.step("ensure reversal", ensure, request=input)

    async def _ensure(self, call: Call, line: PostedLine) -> LineOutcomes:
        on = await self._posting_date(call, line)
        wanted = Reversal(key=line.reversal.key, original_key=line.reversal.original_key, posting_date=on)
        erp = self._services.ports.erp(call, line.entity)
        outcomes = await erp.reverse_lines(call, Reversals(entity_code=line.entity, items=(wanted,)))
        for outcome in outcomes.items:
            if not outcome.posted:
                raise _refusal(line, outcome)
        return outcomes

    async def _posting_date(self, call: Call, line: PostedLine) -> date:
        """The original's date while its period is open, else the first open day after it, as for what replaces it (POST-1)."""
        on = line.reversal.posting_date
        async with unit_of_work(self._services.database) as connection:
            known = await replicas.periods(Unit(connection, call, self._services.clock.now()), line.entity)
        spans = tuple(periods.AccountingPeriod(start=p.start_on, end=p.end_on, state=p.state) for p in known)
        return periods.posting_date(periods.PostingQuestion(service_date=on, periods=spans)).posting_date or on


def _refusal(line: PostedLine, outcome: LineOutcome) -> RuleViolated:
    return RuleViolated(
        f"The ERP does not take the reversal of {line.transaction_id}: {outcome.reason}",
        code="PERIOD_CLOSED" if outcome.code == "PERIOD_CLOSED" else "ERP_REJECTED",
        object_id=line.transaction_id,
        contract_id=line.contract_id,
        amount_at_risk=line.amount,
        currency=line.currency,
    )
