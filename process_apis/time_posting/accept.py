"""Stores the verdict on a time entry: its parts as transactions, what is wrong with it as exceptions."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from contracts.money import ZERO
from contracts.process.time_posting import Rating, Transaction
from process_apis.registers import exceptions, transactions
from process_apis.registers.exceptions import Finding, Known
from process_apis.registers.transactions import Cost, New
from process_apis.registers.unit import Unit
from process_apis.time_posting import pricing
from process_apis.time_posting.keys import POSTING
from process_apis.time_posting.verdict import Facts, Failure, Part, Verdict
from runtime.data.ids import new_id

# In the order of ids, so that two who take several never wait for each other.
_LOCK = "select 1 from contract where tenant = $1 and id = any($2::text[]) order by id for update"

# Hours recorded, hours billed, days billed.
PriorDay = tuple[Decimal, Decimal, Decimal]

_ONE = Decimal(1)
_COMMANDS = {
    "billable": ("validate", "rate"),
    "overage": ("validate", "rate", "hold"),
    "non_billable": ("validate", "exclude"),
}


class Decided(Struct, frozen=True, kw_only=True):
    """A verdict to store: the transactions it makes. `known` are the exceptions there are about the entry."""

    unit: Unit
    found: Facts
    verdict: Verdict
    made: tuple[New, ...] = ()
    known: Known = exceptions.NONE_KNOWN


class Waiting:
    """What was decided about several entries one after the other and is stored together."""

    def __init__(self) -> None:
        self._decided: list[Decided] = []
        self._consumed: dict[str, dict[str, Decimal]] = {}

    def add(self, decided: Decided) -> None:
        """To be stored later."""
        self._decided.append(decided)
        for new in decided.made:
            if (consumed := self._consumed.get(new.transaction.contract_id or "")) is not None:
                transactions.use(consumed, new.transaction)

    async def take(self, unit: Unit, contract_ids: Iterable[str]) -> None:
        """Until the unit ends nobody else decides about entries of contracts whose entries compete (SCL-2)."""
        if wanted := sorted(set(contract_ids)):
            await unit.connection.execute(_LOCK, unit.tenant, wanted)

    async def consumed(self, unit: Unit, contract_id: str, besides: str) -> dict[str, Decimal]:
        """What is used of the caps of a contract that was taken, without the source `besides` and with what waits (CAP-1, CAP-2)."""
        if contract_id not in self._consumed:
            self._consumed[contract_id] = await transactions.consumed(unit, contract_id, besides)
            for made in self._made():
                if made.contract_id == contract_id:
                    transactions.use(self._consumed[contract_id], made)
        return dict(self._consumed[contract_id])

    def _made(self) -> list[Transaction]:
        return [new.transaction for one in self._decided for new in one.made]

    async def store(self) -> None:
        """Everything that waits."""
        decided, self._decided = self._decided, []
        await transactions.add_all([new for one in decided for new in one.made])
        for one in decided:
            await _open_and_clear(one)

    async def prior_day(self, unit: Unit, line_id: str, worker: str, on: date, besides: str) -> PriorDay:
        """What was recorded and billed of a person, line and day so far (QTY-4), without one source: what waits is stored."""
        if any(made.contract_line_id == line_id and made.service_date == on for made in self._made()):
            await self.store()
        return await transactions.prior_day(unit, line_id, worker, on, besides)


def parts_of(
    unit: Unit, found: Facts, verdict: Verdict, rating_version: int, *, replaces: str | None = None
) -> tuple[New, ...]:
    """The parts of an entry of which nothing is billed yet. `replaces` was pulled from a draft; the billable part takes its place."""
    made = (_new(unit, found, verdict, part, rating_version) for part in verdict.parts)
    return tuple(_in_place_of(replaces, new) for new in made)


def _in_place_of(replaces: str | None, new: New) -> New:
    if new.transaction.part != "billable":
        return new
    return replace(new, transaction=replace(new.transaction, replaces_id=replaces))


def preview(unit: Unit, found: Facts, verdict: Verdict) -> list[Transaction]:
    """The transactions a verdict would make."""
    return [_transaction(unit, found, verdict, part, 0) for part in verdict.parts]


def difference(
    unit: Unit, found: Facts, verdict: Verdict, fixed: Sequence[Transaction], rating_version: int
) -> tuple[New, ...]:
    """What an entry is now besides what is billed or given up of it for good: one adjustment of the difference (IMP-8)."""
    made = []
    for part in _against(found, verdict, fixed):
        new = _new(unit, found, verdict, part, rating_version)
        made.append(_adjustment(new, found) if part.part == "billable" else new)
    return tuple(made)


def _against(found: Facts, verdict: Verdict, fixed: Sequence[Transaction]) -> list[Part]:
    """Parts less what stays of the same part; where that leaves nothing, none."""
    if verdict.failed:
        hours = found.entry.hours - sum((t.hours for t in fixed), ZERO)
        return [replace(verdict.parts[0], hours=hours, quantity=ZERO)]
    by_part = {part.part: part for part in verdict.parts}
    names = dict.fromkeys((*by_part, *(t.part for t in fixed)))
    left = [_less(by_part.get(name), [t for t in fixed if t.part == name]) for name in names]
    return [part for part in left if part.hours or part.amount]


def _less(part: Part | None, fixed: Sequence[Transaction]) -> Part:
    if part is None:
        name = fixed[0].part
        part = Part(part=name, hours=ZERO, quantity=ZERO, amount=ZERO, commands=_COMMANDS[name])
    return replace(
        part,
        hours=part.hours - sum((t.hours for t in fixed), ZERO),
        quantity=part.quantity - sum((t.quantity for t in fixed), ZERO),
        amount=part.amount - sum((t.amount for t in fixed), ZERO),
    )


def _adjustment(new: New, found: Facts) -> New:
    """One unit of the difference: its sign is the amount's (TXN-3)."""
    made = new.transaction
    sign = _ONE.copy_sign(made.amount) if made.amount else ZERO
    who, on = made.worker_name or made.worker_number or "", found.entry.worked_on
    named = replace(
        made,
        kind="adjustment",
        unit="unit",
        quantity=sign,
        rating=replace(made.rating, bill_rate=abs(made.amount), agreed_rate=made.rating.bill_rate),
        description=f"Correction of {on} {who}: {made.description}"[:500],
    )
    return replace(new, transaction=named)


def _new(unit: Unit, found: Facts, verdict: Verdict, part: Part, rating_version: int) -> New:
    cost = Cost(amount=pricing.cost_amount(verdict, part), currency=verdict.cost_currency)
    transaction = _transaction(unit, found, verdict, part, rating_version)
    return New(unit=unit, transaction=transaction, commands=part.commands, cost=cost)


def _transaction(unit: Unit, found: Facts, verdict: Verdict, part: Part, rating_version: int) -> Transaction:
    entry, contract, rated, worker = found.entry, verdict.contract, verdict.rated, found.worker
    return Transaction(
        id=new_id("txn", unit.now),
        kind="time",
        source_id=found.entry_id,
        source_version=found.version,
        source_ref=entry.ref,
        contract_id=contract.id if contract else None,
        contract_line_id=verdict.line.id if verdict.line else None,
        project_id=found.project.id if found.project else None,
        legal_entity_id=contract.legal_entity_id if contract else None,
        bill_to_id=(contract.bill_to_id or contract.customer_id) if contract else None,
        worker_number=entry.worker_number,
        worker_name=worker.name if worker else None,
        role_code=entry.role_code or (worker.role_code if worker else None),
        task_code=entry.task_code,
        description=entry.description,
        service_date=entry.worked_on,
        posting_date=verdict.posting_date,
        approved_at=entry.approved_at,
        hours=part.hours,
        quantity=part.quantity,
        unit=(rated.unit if rated else None) or "hour",
        rating=_snapshot(found, verdict),
        rating_version=rating_version,
        amount=part.amount,
        currency=contract.currency if contract else None,
        part=part.part,
        state=part.state,
        cost_center_id=verdict.cost_center,
        po_number=contract.po.number if contract and contract.po else None,
        codes=tuple(dict.fromkeys((*part.codes, *(f.code for f in verdict.failures if f.warning)))),
        correlation_id=unit.call.correlation_id,
        version=1,
        updated_at=unit.now,
    )


def _snapshot(found: Facts, verdict: Verdict) -> Rating:
    rated, policies = verdict.rated, dict(found.policy_versions)
    if rated is None or rated.status != "rated":
        return Rating(recorded_hours=found.entry.hours, policy_versions=policies)
    return Rating(
        rate_line_id=rated.rate_line_id,
        level=rated.level,
        base_rate=rated.base_rate,
        base_currency=rated.base_currency,
        fx_rate=rated.fx_rate,
        multiplier=rated.multiplier,
        discount_pct=rated.discount_pct,
        bill_rate=rated.bill_rate,
        unit=rated.unit,
        quantity=rated.quantity,
        amount=rated.amount,
        recorded_hours=found.entry.hours,
        billable_hours=found.entry.billable_hours,
        non_billable_hours=rated.non_billable_quantity,
        reasons=pricing.reasons(found, verdict),
        policy_versions=policies,
    )


async def _open_and_clear(decided: Decided) -> None:
    """Open what was found and is not open yet, auto-resolve what is not found any more.

    What the ERP refused stays open until it accepts.
    """
    unit, found, verdict, known = decided.unit, decided.found, decided.verdict, decided.known
    own = [f for f in verdict.failures if not f.contract_wide]
    now = {(f.code, f.grounds) for f in own}
    for failure in own:
        if (failure.code, failure.grounds) not in known.open:
            await exceptions.open_(unit, _finding(found, verdict, failure))
    for failure in verdict.failures:
        if failure.contract_wide and verdict.contract is not None:
            await _about_contract(unit, verdict.contract.id, failure, _finding(found, verdict, failure))
    for code, grounds in sorted(known.open - now):
        if not grounds.startswith(POSTING):
            await exceptions.clear(unit, found.entry_id, code, rule_key=grounds)


async def _about_contract(unit: Unit, contract_id: str, failure: Failure, finding: Finding) -> None:
    """Once a contract and grounds, and not again after a person settled it."""
    known = await unit.once(("known", contract_id), lambda: exceptions.known(unit, contract_id))
    if (failure.code, failure.grounds) not in known.open | known.settled:
        await exceptions.open_(unit, replace(finding, object_id=contract_id))


def _finding(found: Facts, verdict: Verdict, failure: Failure) -> Finding:
    project = found.project
    return Finding(
        code=failure.code,
        object_id=found.entry_id,
        rule_key=failure.grounds,
        contract_id=verdict.contract.id if verdict.contract else None,
        amount_at_risk=failure.amount,
        currency=verdict.contract.currency if verdict.contract and failure.amount is not None else None,
        facts={
            "detail": failure.detail,
            "entry_ref": found.entry.ref,
            "worked_on": str(found.entry.worked_on),
            "hours": str(found.entry.hours),
            "worker": found.worker.name if found.worker else found.entry.worker_number,
            "project": f"{project.code} {project.name}" if project else found.entry.project_ref,
            **failure.facts,
        },
    )
