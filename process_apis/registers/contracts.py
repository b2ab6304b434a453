"""Contracts and their lines (`ctr`, `ctl`): executed terms, immutable while active except through a change order (CTR-4)."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from contracts import events
from contracts.money import plain
from contracts.problems import Conflict, NotFound, RuleViolated, Violation
from contracts.process.register_objects import Contract, ContractLine, ContractPage, NewContract, NewContractLine
from contracts.wire import convert, to_builtins
from process_apis.registers import bounds, move
from process_apis.registers.unit import Unit
from runtime.data.ids import new_id
from runtime.data.listing import CHANGED, CHANGED_SINCE, Column, Listing, Wanted, same

_COLUMNS = "id, version, contract_version, state, body, updated_at"
LISTING = Listing(
    table="contract",
    columns="id",
    filters={
        **same("state", "customer_id", "legal_entity_id"),
        "project_id": "id in (select contract_id from contract_line where tenant = $1 and project_id = {})",
        "changed_since": CHANGED_SINCE,
    },
    orders={
        "id": (),
        "start": (Column("(body->>'start') collate \"C\""),),
        "end": (Column("coalesce(body->>'end', 'open') collate \"C\""),),
        "updated_at": (CHANGED,),
    },
)
_INSERT = """
insert into contract (tenant, id, contract_version, state, customer_id, legal_entity_id, currency, opportunity_id, body,
                      correlation_id, updated_at)
values ($1, $2, 1, 'draft', $3, $4, $5, $6, $7, $8, $9) on conflict (tenant, id) do nothing returning id
"""
_INSERT_LINE = """
insert into contract_line (tenant, id, contract_id, project_id, position, body) values ($1, $2, $3, $4, $5, $6)
on conflict do nothing returning id
"""
_LINES = """
select id, contract_id, body from contract_line where tenant = $1 and contract_id = any($2::text[])
order by contract_id, position
"""
_EVENTS: dict[str, type[events.ContractEvent]] = {
    event.type: event
    for event in (
        events.ContractActivated,
        events.ContractSuspended,
        events.ContractResumed,
        events.ContractCompleted,
        events.ContractTerminated,
        events.ContractClosed,
    )
}


def violations(new: NewContract) -> list[Violation]:
    """What breaks the CTR and CTL invariants; empty when sound."""
    found = []
    if new.end is not None and new.end < new.start:
        found.append(Violation(pointer="#/end", code="CONTRACT_INVALID", detail="The end is before the start (CTR-1)."))
    if not new.lines:
        found.append(Violation(pointer="#/lines", code="CONTRACT_INVALID", detail="A contract has at least one line."))
    broken = [*bounds.of_contract(new)]
    for position, line in enumerate(new.lines):
        here = (*_line_violations(line), *bounds.of_line(line))
        broken += [(f"lines/{position}/{field}", detail) for field, detail in here]
    return found + [Violation(pointer=f"#/{field}", code="CONTRACT_INVALID", detail=detail) for field, detail in broken]


def _line_violations(line: NewContractLine) -> Iterable[tuple[str, str]]:
    if line.billing_method in ("fixed_price", "milestone") and line.value is None:
        yield "value", "A fixed price or milestone line has a value (CTL-1)."
    if line.increment_minutes and line.day_rounding != "exact":
        yield "day_rounding", "Increments and day rounding exclude each other (CTL-3)."


def _line(row: Any) -> ContractLine:
    return convert({**row["body"], "id": row["id"], "contract_id": row["contract_id"]}, ContractLine)


def _contract(row: Any, lines: Sequence[ContractLine]) -> Contract:
    columns = ("id", "version", "contract_version", "state", "updated_at")
    return convert(
        {**row["body"], **{k: row[k] for k in columns}, "lines": [to_builtins(line) for line in lines]}, Contract
    )


async def add(unit: Unit, new: NewContract) -> Contract:
    """Register a contract as a draft; an id that is there already answers with the first. Raises RuleViolated, Conflict."""
    if found := violations(new):
        raise RuleViolated("The contract breaks its invariants.", errors=found, code="CONTRACT_INVALID")
    contract_id = new.id or new_id("ctr", unit.now)
    body = {k: v for k, v in to_builtins(new).items() if k not in ("id", "lines")}
    made = await unit.connection.fetchval(
        _INSERT,
        unit.tenant,
        contract_id,
        new.customer_id,
        new.legal_entity_id,
        new.currency,
        new.opportunity_id,
        body,
        unit.call.correlation_id,
        unit.now,
    )
    if made:
        await _add_lines(unit, contract_id, new.lines)
    return await get(unit, contract_id)


async def _add_lines(unit: Unit, contract_id: str, lines: Sequence[NewContractLine]) -> None:
    for position, line in enumerate(lines):
        line_id = line.id or new_id("ctl", unit.now)
        body = {k: v for k, v in to_builtins(line).items() if k != "id"}
        args = (unit.tenant, line_id, contract_id, line.project_id, position, body)
        if await unit.connection.fetchval(_INSERT_LINE, *args) is None:
            raise Conflict(f"A contract line {line_id} is registered already; ids are never used again (ID-1).")


async def take_turn(unit: Unit, contract_id: str) -> None:
    """Until the unit ends nobody else bills this contract: its groups share retainer, purchase order and discount.

    Taken before any row is locked, so that two who bill the same contract never wait for each other.
    """
    key = f"billing:{unit.tenant}:{contract_id}"
    await unit.connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 19))", key)


async def take_deal(unit: Unit, deal_ref: str) -> None:
    """Until the unit ends nobody else registers a contract of this deal."""
    key = f"deal:{unit.tenant}:{deal_ref}"
    await unit.connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 19))", key)


async def many(unit: Unit, contract_ids: Iterable[str]) -> dict[str, Contract]:
    """Contracts by id; unknown ids are left out."""
    ids = sorted(set(contract_ids))
    sql = f"select {_COLUMNS} from contract where tenant = $1 and id = any($2::text[])"  # noqa: S608
    rows = await unit.connection.fetch(sql, unit.tenant, ids)
    lines = [_line(r) for r in await unit.connection.fetch(_LINES, unit.tenant, ids)]
    return {r["id"]: _contract(r, [line for line in lines if line.contract_id == r["id"]]) for r in rows}


async def get(unit: Unit, contract_id: str) -> Contract:
    """Raises NotFound."""
    found = await many(unit, [contract_id])
    if contract_id not in found:
        raise NotFound(f"No contract {contract_id}.")
    return found[contract_id]


async def of_deal(unit: Unit, deal_ref: str) -> Contract | None:
    """The contract registered for a deal, the newest if several; cancelled ones do not count."""
    sql = """select id from contract where tenant = $1 and opportunity_id = $2 and state <> 'cancelled'
        order by id desc limit 1"""
    found = await unit.connection.fetchval(sql, unit.tenant, deal_ref)
    return None if found is None else await get(unit, found)


async def of_projects(unit: Unit, project_ids: Iterable[str]) -> dict[str, Contract]:
    """Contracts that have a line for one of the projects, by contract id."""
    sql = "select distinct contract_id from contract_line where tenant = $1 and project_id = any($2::text[])"
    rows = await unit.connection.fetch(sql, unit.tenant, sorted(set(project_ids)))
    return await many(unit, [r["contract_id"] for r in rows])


async def page(unit: Unit, wanted: Wanted) -> ContractPage:
    """A page of them, with their lines."""
    rows, more = await LISTING.page(unit.connection, unit.tenant, wanted)
    found = await many(unit, [r["id"] for r in rows])
    return ContractPage(items=tuple(found[r["id"]] for r in rows), next_cursor=more, as_of=unit.now)


async def change(unit: Unit, contract_id: str, command: str, reason: str | None = None) -> Contract:
    """`submit`, `return`, `activate`, `suspend`, `resume`, `complete`, `terminate`, `close` or `cancel`."""
    contract = await get(unit, contract_id)
    refused = "GUARD_FAILED" if command == "activate" and contract.signed_on is None else None

    def event(moved: move.Moved) -> events.Event | None:
        kind = _EVENTS.get(moved.events[0]) if moved.events else None
        common = move.common(unit, contract_id, moved, reason)
        return kind(**common, contract_version=contract.contract_version) if kind else None

    await move.apply(unit, "contract", contract_id, command, refused=refused, reason=reason, event=event)
    return await get(unit, contract_id)


async def draw_retainer(unit: Unit, contract_id: str, amount: Decimal, invoice_id: str) -> None:
    """Take an amount from the retainer's balance for an invoice (RET-3), or give it back when negative. No term changes."""
    contract = await get(unit, contract_id)
    if contract.retainer is None or not amount:
        return
    left = plain(contract.retainer.available - amount)
    sql = """update contract set body = jsonb_set(body, '{retainer,available}', $3::jsonb), updated_at = $4
        where tenant = $1 and id = $2"""
    await unit.connection.execute(sql, unit.tenant, contract_id, left, unit.now)
    moved = move.Moved(before=contract.state, after=contract.state, version=contract.version, events=())
    facts = {"retainer": contract.retainer.id, "invoice": invoice_id, "amount": plain(amount), "available": left}
    await move.record(unit, "contract", contract_id, "draw_retainer", moved, facts=facts)
