"""Write-offs: an amount that is given up for good. One person asks, another decides, above a limit finance control (SOD-1, 4f.3)."""

from contracts.money import plain, written
from contracts.problems import Conflict, RuleViolated
from contracts.process.time_posting import Transaction, WriteOffRequest
from process_apis.registers import exceptions, transactions
from process_apis.registers.exceptions import Finding
from process_apis.registers.policies import CONTROLLER, Policies
from process_apis.registers.unit import Unit
from runtime.data.database import Connection, Database
from runtime.work.unit import apart

_OPEN = ("rated", "held", "queued")
_LIMIT = "APPROVAL_LIMIT"


async def request(unit: Unit, found: Transaction, reason: str) -> Transaction:
    """Ask. Raises Conflict for what cannot be given up any more, RuleViolated for what has nothing to give up."""
    _unless_over(found)
    if found.part == "non_billable" or not found.amount:
        raise RuleViolated(
            "Nothing of this transaction is billable; there is nothing to write off.", code="GUARD_FAILED"
        )
    asked = WriteOffRequest(requested_by=unit.call.principal, requested_at=unit.now, reason=reason)
    return await transactions.put_write_off(unit, found, "request_write_off", asked, reason)


async def write_off(database: Database, unit: Unit, found: Transaction, reason: str) -> Transaction:
    """Give it up. Raises RuleViolated when nobody asked, for who asked (SOD-1), and above the limit (APPROVAL_LIMIT)."""
    asked = _asked(found)
    if asked.requested_by == unit.call.principal:
        detail = "You asked for this write-off; another person has to decide (SOD-1)."
        raise RuleViolated(detail, code="GUARD_FAILED", rule="SOD-1")
    await _within_limit(database, unit, found)
    gone = await transactions.change(unit, found, "write_off", reason=reason)
    await exceptions.clear(unit.unconditional(), found.id, _LIMIT, "The write-off was approved.")
    return gone


async def decline(unit: Unit, found: Transaction, reason: str) -> Transaction:
    """Let it go on as before. Raises RuleViolated when nobody asked."""
    _asked(found)
    kept = await transactions.put_write_off(unit, found, "decline_write_off", None, reason)
    await exceptions.clear(unit.unconditional(), found.id, _LIMIT, "The write-off was declined.")
    return kept


def _unless_over(found: Transaction) -> None:
    if found.state not in _OPEN:
        detail = f"A transaction that is {found.state.replace('_', ' ')} cannot be written off; rated, held and queued ones can."
        raise Conflict(detail, code="ILLEGAL_TRANSITION")


def _asked(found: Transaction) -> WriteOffRequest:
    _unless_over(found)
    if found.write_off is None:
        raise RuleViolated("Nobody asked to write this off; request it first.", code="GUARD_FAILED")
    return found.write_off


async def _within_limit(database: Database, unit: Unit, found: Transaction) -> None:
    """The limit is compared with the amount in the transaction's currency."""
    scopes = {
        "contract": found.contract_id or "",
        "customer": found.bill_to_id or "",
        "legal_entity": found.legal_entity_id or "",
    }
    known = await Policies.load(unit, "write_down")
    limit, policy = known.value("write_down", "limit", unit.now.date(), scopes)
    if abs(found.amount) <= limit or unit.call.allows(CONTROLLER):
        return
    finding = Finding(
        code=_LIMIT,
        object_id=found.id,
        contract_id=found.contract_id,
        amount_at_risk=found.amount,
        currency=found.currency,
        facts={"limit": plain(limit), "policy": policy, "approver": unit.call.principal, "of": "write-off"},
    )

    async def open_it(connection: Connection) -> None:
        await exceptions.open_(unit._replace(connection=connection), finding)

    await apart(database, open_it)
    worth, most = (written(amount, found.currency or "") for amount in (found.amount, limit))
    detail = f"{worth} is above your write-off limit of {most}; finance control decides."
    raise RuleViolated(detail, code=_LIMIT, limit=plain(limit), policy=policy)
