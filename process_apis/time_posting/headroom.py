"""Lets overage above a cap go on when the cap has room again (CAP-4): by a person's word, or when terms or use changed.

The price of what was held is never calculated anew (TXN-2); what fits becomes billable, the rest stays held.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from contracts.canon.ledger import LegalEntity
from contracts.money import RoundingMode
from contracts.problems import RuleViolated
from contracts.process.register_objects import Contract
from contracts.process.time_posting import Transaction
from process_apis.registers import contracts, exceptions, replicas, transactions
from process_apis.registers.transactions import New
from process_apis.registers.unit import Unit
from process_apis.time_posting import pricing
from process_apis.time_posting.verdict import Part
from runtime.data.ids import new_id

_LOCK = "select 1 from contract where tenant = $1 and id = $2 for update"
_CODES = ("CAP_OVERAGE_HELD", "CAP_EXCEEDED")
_HELD = """
select id from billable_transaction where tenant = $1 and contract_id = $2 and state = 'held' and part = 'overage'
order by service_date, approved_at, id limit $3
"""
_MOST_AT_ONCE = 200


async def release(unit: Unit, held: Transaction, reason: str) -> Transaction:
    """What of it fits goes on. Raises RuleViolated (CAP_OVERAGE_HELD or CAP_EXCEEDED) when nothing does."""
    found = await _released(unit, held, reason)
    if found is None:
        code = "CAP_EXCEEDED" if "CAP_EXCEEDED" in held.codes else "CAP_OVERAGE_HELD"
        raise RuleViolated("The cap has no room for it; a change order or a write-off would help.", code=code)
    return found


async def look_again(unit: Unit, contract_id: str) -> None:
    """All overage of a contract, in the order of the caps (CAP-2)."""
    rows = await unit.connection.fetch(_HELD, unit.tenant, contract_id, _MOST_AT_ONCE)
    for held in await _in_order(unit, [row["id"] for row in rows]):
        await _released(unit, held, "The cap has room again.")


async def _in_order(unit: Unit, ids: Sequence[str]) -> list[Transaction]:
    found = {t.id: t for t in await transactions.many(unit, ids)}
    return [found[one] for one in ids]


async def _released(unit: Unit, held: Transaction, reason: str) -> Transaction | None:
    await unit.connection.execute(_LOCK, unit.tenant, held.contract_id)
    contract = await contracts.get(unit, held.contract_id or "")
    entity = (await replicas.entities(unit)).get(contract.legal_entity_id)
    parts = await _parts(unit, contract, entity, held)
    if parts[0].part != "billable":
        return None
    live = await transactions.of_source(unit, held.source_id)
    rating_version = max(t.rating_version for t in live) + 1
    if len(parts) == 1:
        values = {"part": "billable", "rating_version": rating_version, "codes": _without_codes(held)}
        released = await transactions.change(unit, held, "release", reason=reason, values=values)
    else:
        made = [_new(unit, held, one, rating_version) for one in parts]
        released = await _divide(unit, held, made, reason, entity.rounding_mode if entity else None)
    if len(parts) == 1 and not any(t.part == "overage" for t in live if t.id != held.id):
        for code in _CODES:
            await exceptions.clear(unit, held.source_id, code, "The cap has room again.")
    return released


async def _parts(unit: Unit, contract: Contract, entity: LegalEntity | None, held: Transaction) -> tuple[Part, ...]:
    line = next(line for line in contract.lines if line.id == held.contract_line_id)
    item = pricing.held_item(held)
    # Overage uses nothing of a cap, so no source need be left out.
    used = await transactions.consumed(unit, contract.id, besides="")
    return pricing.split(pricing.capped(contract, line, entity, used, item), ())


async def _divide(
    unit: Unit, held: Transaction, made: Sequence[New], reason: str, mode: RoundingMode | None
) -> Transaction:
    await transactions.change(unit, held, "reverse", reason=reason)
    await transactions.share_cost(unit, held.id, made, mode)
    return await transactions.get(unit, made[0].transaction.id)


def _new(unit: Unit, held: Transaction, part: Part, rating_version: int) -> New:
    return New(unit=unit, transaction=_part_of(unit, held, part, rating_version), commands=part.commands)


def _part_of(unit: Unit, held: Transaction, part: Part, rating_version: int) -> Transaction:
    return replace(
        held,
        id=new_id("txn", unit.now),
        part=part.part,
        state=part.state,
        hours=part.hours,
        quantity=part.quantity,
        amount=part.amount,
        rating_version=rating_version,
        codes=held.codes if part.part == "overage" else _without_codes(held),
        version=1,
    )


def _without_codes(held: Transaction) -> tuple[str, ...]:
    return tuple(code for code in held.codes if code not in _CODES)
