"""Business exceptions (`exc`): one open per code, object and rule key (EXC-1), each with owner, deadline and amount (WF-7)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts import events
from contracts.problems import Conflict, Forbidden, NotFound
from contracts.process.exception_objects import BusinessException
from contracts.wire import convert
from domain import exceptions as catalogue
from domain.alerts import SlaQuestion, sla_due
from process_apis.registers import move
from process_apis.registers.unit import Unit
from runtime.data.ids import new_id
from runtime.work.outbox import publish

COLUMNS = """id, version, code, object_id, rule_key, state, severity, owner_role, assignee, run_id, step, amount_at_risk, currency,
    created_at, due_at, resolution, facts, correlation_id, updated_at"""
_INSERT = f"""
insert into business_exception (tenant, id, code, object_id, rule_key, state, severity, owner_role, run_id, step,
  contract_id, amount_at_risk, currency, created_at, due_at, facts, correlation_id, updated_at)
values ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $13)
on conflict (tenant, code, object_id, rule_key) where state in ('open', 'acknowledged', 'in_progress') do nothing
returning {COLUMNS}
"""  # noqa: S608
_FIND = f"""
select {COLUMNS} from business_exception where tenant = $1 and code = $2 and object_id = $3 and rule_key = $4
  and (state in ('open', 'acknowledged', 'in_progress') or state = 'resolved' and resolved_at > $5)
order by state = 'resolved', resolved_at desc limit 1
"""  # noqa: S608
# A cause that is back so soon was never gone: the same exception is open again.
_RECURS_WITHIN = timedelta(hours=24)
UNSETTLED = ("open", "acknowledged", "in_progress")
_EVENTS: dict[str, type[events.ExceptionEvent]] = {
    "exception.opened": events.ExceptionOpened,
    "exception.resolved": events.ExceptionResolved,
    "exception.waived": events.ExceptionWaived,
}


class Finding(Struct, frozen=True, kw_only=True):
    """What was found wrong with an object. `rule_key` tells two findings of one code apart; `facts` are the evidence."""

    code: str
    object_id: str
    rule_key: str = ""
    contract_id: str | None = None
    run_id: str | None = None
    step: str | None = None
    amount_at_risk: Decimal | None = None
    currency: str | None = None
    facts: Mapping[str, Any] = {}


def from_row(row: Any) -> BusinessException:
    entry = catalogue.entry(row["code"])
    known = {"meaning": entry.meaning, "suggested_fixes": list(entry.suggested_fixes)}
    return convert({**dict(row), **known}, BusinessException)


def _due(created_at: datetime, hours: int) -> datetime:
    # The owner's calendar is UTC until owners have calendars of their own (TIME-3).
    local = created_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    return sla_due(SlaQuestion(created_at=local, sla_hours=hours)).due_at.replace(tzinfo=UTC)


def _event(
    unit: Unit, found: BusinessException, kind: type[events.ExceptionEvent], version: int
) -> events.ExceptionEvent:
    return kind(
        object_id=found.id,
        version=version,
        occurred_at=unit.now,
        actor=unit.call.principal,
        reason=found.resolution,
        code=found.code,
        subject=found.object_id,
        severity=found.severity,
        owner_role=found.owner_role,
        amount_at_risk=found.amount_at_risk,
        currency=found.currency,
        due_at=found.due_at,
        run_id=found.run_id,
    )


async def open_(unit: Unit, finding: Finding) -> BusinessException:
    """Open an exception, or answer with the open one of the same code, object and rule key (EXC-1).

    One that was resolved within the last 24 hours is opened again, with what is known now.
    """
    key = (unit.tenant, finding.code, finding.object_id, finding.rule_key)
    row = await unit.connection.fetchrow(_FIND, *key, unit.now - _RECURS_WITHIN)
    if row is None:
        return await _opened(unit, finding)
    found = from_row(row)
    return await _reopened(unit, found, finding) if found.state == "resolved" else found


async def _opened(unit: Unit, finding: Finding) -> BusinessException:
    entry = catalogue.entry(finding.code)
    row = await unit.connection.fetchrow(
        _INSERT,
        unit.tenant,
        new_id("exc", unit.now),
        finding.code,
        finding.object_id,
        finding.rule_key,
        entry.severity,
        entry.owner_role,
        finding.run_id,
        finding.step,
        finding.contract_id,
        finding.amount_at_risk,
        finding.currency,
        unit.now,
        _due(unit.now, entry.sla_hours),
        dict(finding.facts),
        unit.call.correlation_id,
    )
    if row is None:
        # Another unit was faster.
        return await open_(unit, finding)
    opened = from_row(row)
    await publish(unit.connection, unit.call, _event(unit, opened, events.ExceptionOpened, opened.version))
    return opened


async def _reopened(unit: Unit, found: BusinessException, finding: Finding) -> BusinessException:
    values = {
        "amount_at_risk": finding.amount_at_risk,
        "facts": dict(finding.facts),
        "due_at": _due(unit.now, catalogue.entry(found.code).sla_hours),
        "run_id": finding.run_id,
        "step": finding.step,
        "breached_at": None,
        "resolution": None,
        "resolved_at": None,
        "resolved_by_person": False,
    }
    return await _move(unit.unconditional(), replace(found, resolution=None), "reopen", values=values)


async def get(unit: Unit, exception_id: str) -> BusinessException:
    """Raises NotFound."""
    sql = f"select {COLUMNS} from business_exception where tenant = $1 and id = $2"  # noqa: S608
    row = await unit.connection.fetchrow(sql, unit.tenant, exception_id)
    if row is None:
        raise NotFound(f"No exception {exception_id}.")
    return from_row(row)


async def open_of(unit: Unit, object_id: str) -> tuple[BusinessException, ...]:
    """What is open about an object."""
    sql = f"""select {COLUMNS} from business_exception
        where tenant = $1 and object_id = $2 and state = any($3::text[]) order by id"""  # noqa: S608
    rows = await unit.connection.fetch(sql, unit.tenant, object_id, list(UNSETTLED))
    return tuple(from_row(r) for r in rows)


async def open_among(unit: Unit, object_ids: Iterable[str]) -> tuple[BusinessException, ...]:
    """What is open about any of some objects."""
    sql = f"""select {COLUMNS} from business_exception
        where tenant = $1 and object_id = any($2::text[]) and state = any($3::text[]) order by id"""  # noqa: S608
    rows = await unit.connection.fetch(sql, unit.tenant, sorted(object_ids), list(UNSETTLED))
    return tuple(from_row(r) for r in rows)


async def open_of_contract(unit: Unit, contract_id: str) -> tuple[BusinessException, ...]:
    """What is open about a contract's transactions, projects and the contract itself."""
    sql = f"""select {COLUMNS} from business_exception
        where tenant = $1 and contract_id = $2 and state = any($3::text[]) order by id"""  # noqa: S608
    rows = await unit.connection.fetch(sql, unit.tenant, contract_id, list(UNSETTLED))
    return tuple(from_row(r) for r in rows)


async def change(unit: Unit, exception_id: str, command: str, note: str | None = None) -> BusinessException:
    """`acknowledge`, `start`, `resolve`, `auto_resolve` or `waive`. A waiver needs the scope of finance control."""
    if command == "waive" and not unit.call.allows("exceptions:waive"):
        raise Forbidden("Only finance control may waive an exception.", scope="exceptions:waive")
    found = await get(unit, exception_id)
    values: dict[str, Any] = {} if note is None else {"resolution": note}
    if command in ("resolve", "auto_resolve", "waive"):
        values |= {"resolved_at": unit.now, "resolved_by_person": command != "auto_resolve"}
    if command == "start":
        values |= {"assignee": found.assignee or unit.call.principal}
    return await _move(unit, replace(found, resolution=note or found.resolution), command, note, values)


async def _move(
    unit: Unit, found: BusinessException, command: str, note: str | None = None, values: Mapping[str, Any] | None = None
) -> BusinessException:
    def event(moved: move.Moved) -> events.Event | None:
        kind = _EVENTS.get(moved.events[0]) if moved.events else None
        return _event(unit, found, kind, moved.version) if kind else None

    own = unit.under(found.correlation_id)
    await move.apply(own, "exception", found.id, command, reason=note, values=values, event=event)
    return await get(unit, found.id)


async def assign(unit: Unit, exception_id: str, assignee: str | None) -> BusinessException:
    """Who works on it from now on. No change of state, but one of the exception, with its audit row (AUD-2)."""
    found = await get(unit, exception_id)
    if found.state not in UNSETTLED:
        raise Conflict(f"An exception that is {found.state} is given to nobody.", code="ILLEGAL_TRANSITION")
    if found.assignee == assignee:
        return found
    await move.restate(unit, "exception", exception_id, "assign", {"assignee": assignee})
    return await get(unit, exception_id)


class Known(Struct, frozen=True, kw_only=True):
    """What is open about an object, and what people settled about it: (code, rule key)."""

    open: frozenset[tuple[str, str]]
    settled: frozenset[tuple[str, str]]


NONE_KNOWN = Known(open=frozenset(), settled=frozenset())


async def known(unit: Unit, object_id: str) -> Known:
    """Both at once; most objects have neither."""
    sql = """select code, rule_key, state = any($3::text[]) as open from business_exception
        where tenant = $1 and object_id = $2 and (state = any($3::text[]) or resolved_by_person)"""
    rows = await unit.connection.fetch(sql, unit.tenant, object_id, list(UNSETTLED))
    pairs = {flag: frozenset((r["code"], r["rule_key"]) for r in rows if r["open"] is flag) for flag in (True, False)}
    return Known(open=pairs[True], settled=pairs[False])


async def clear(
    unit: Unit, object_id: str, code: str | None = None, note: str = "The cause is gone.", rule_key: str | None = None
) -> int:
    """Auto-resolve what is open about an object, of one code or rule key when named; answers how many."""
    found = await open_of(unit, object_id)
    found = tuple(e for e in found if code in (None, e.code) and rule_key in (None, e.rule_key))
    for exception in found:
        await change(unit.unconditional(), exception.id, "auto_resolve", note)
    return len(found)


async def breach(unit: Unit, limit: int = 200) -> int:
    """Tell once of each exception whose due time passed (exception.sla_breached)."""
    sql = f"""update business_exception set breached_at = $2, version = version + 1, updated_at = $2
        where (tenant, id) in (select tenant, id from business_exception
          where tenant = $1 and breached_at is null and due_at < $2 and state = any($3::text[])
          order by due_at limit $4 for update skip locked)
        returning {COLUMNS}"""  # noqa: S608
    rows = await unit.connection.fetch(sql, unit.tenant, unit.now, list(UNSETTLED), limit)
    for row in rows:
        found = from_row(row)
        await publish(unit.connection, unit.call, _event(unit, found, events.ExceptionSlaBreached, found.version))
    return len(rows)


async def answer(unit: Unit, run_id: str, code: str) -> str | None:
    """What a person noted when they last settled an exception of a run: how a step that asked learns the decision."""
    sql = """select resolution from business_exception
        where tenant = $1 and run_id = $2 and code = $3 and resolved_by_person order by resolved_at desc limit 1"""
    found: str | None = await unit.connection.fetchval(sql, unit.tenant, run_id, code)
    return found


async def clear_run(unit: Unit, run_id: str) -> None:
    """Auto-resolve what is still open about the steps of a run that went through."""
    sql = "select id from business_exception where tenant = $1 and run_id = $2 and state = any($3::text[]) order by id"
    for row in await unit.connection.fetch(sql, unit.tenant, run_id, list(UNSETTLED)):
        await change(unit, row["id"], "auto_resolve", "The run went through.")
