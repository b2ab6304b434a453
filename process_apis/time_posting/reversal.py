"""Takes a posted line back in the ERP, exactly as it was posted (IMP-4, DEC-6). The hub reversed its side already."""

from msgspec import Struct

from contracts.call import Call
from contracts.canon.ledger import LineOutcomes, Reversal, Reversals
from contracts.problems import RuleViolated
from contracts.process.time_posting import Transaction
from process_apis.registers.unit import Unit
from process_apis.time_posting.keys import posting_key
from runtime.services import Services
from runtime.work.run import Run
from runtime.work.runs import start_run

WORKFLOW = "reverse_time"


class PostedLine(Struct, frozen=True, kw_only=True):
    """The line to take back."""

    entity: str
    transaction_id: str
    reversal: Reversal


async def open_run(unit: Unit, transaction: Transaction) -> None:
    """Start the reversal of a transaction's line; once however often asked (WF-1)."""
    key = posting_key(transaction)
    line = PostedLine(
        entity=transaction.legal_entity_id or "",
        transaction_id=transaction.id,
        reversal=Reversal(
            key=f"{key}:r", original_key=key, posting_date=transaction.posting_date or transaction.service_date
        ),
    )
    await start_run(unit.connection, unit.call, WORKFLOW, f"{WORKFLOW}:{key}", line)


class ReverseTime:
    """The workflow `reverse_time`."""

    name = WORKFLOW
    version = 1
    input: type[Struct] = PostedLine

    def __init__(self, services: Services) -> None:
        self._services = services

    async def perform(self, run: Run, input: PostedLine) -> LineOutcomes:
        """One step: the port looks for the reversal's key before it posts it."""
        await run.irreversible()

        async def ensure(call: Call) -> LineOutcomes:
            erp = self._services.ports.erp(call, input.entity)
            outcomes = await erp.reverse_lines(call, Reversals(entity_code=input.entity, items=(input.reversal,)))
            for outcome in outcomes.items:
                if not outcome.posted:
                    detail = f"The ERP does not take the reversal of {input.transaction_id}: {outcome.reason}"
                    raise RuleViolated(detail, code="ERP_REJECTED", object_id=input.transaction_id)
            return outcomes

        return await run.step("ensure reversal", ensure, request=input)
