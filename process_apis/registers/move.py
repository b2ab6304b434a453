"""The only way to change a state: the state table decides, then row, history row and event in one transaction (ST-3)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from contracts.events import Event
from contracts.problems import Conflict, NotFound, PreconditionFailed, RuleViolated
from domain import states
from process_apis.registers.unit import Unit
from runtime.work.outbox import publish

# Table and state column of what a register keeps: the objects of the state tables, and customers, whose state no command moves.
_TABLES: Mapping[str, tuple[str, str]] = {
    "customer": ("customer", "status"),
    "contract": ("contract", "state"),
    "project": ("project", "status"),
    "rate_card": ("rate_card", "state"),
    "billable_transaction": ("billable_transaction", "state"),
    "queue_item": ("bill_group", "state"),
    "invoice": ("invoice", "state"),
    "exception": ("business_exception", "state"),
}


# What people call an object whose kind has another name.
_NAMES = {"queue_item": "bill group", "billable_transaction": "transaction"}


class Moved(Struct, frozen=True, kw_only=True):
    """A state change that was made. `events` are the types the table names."""

    before: str
    after: str
    version: int
    events: tuple[str, ...]


EventMaker = Callable[[Moved], Event | None]


def decide(kind: str, state: str, command: str, refused: str | None = None, result: str | None = None) -> Moved:
    """What a command does to a state. Raises Conflict (ILLEGAL_TRANSITION) or RuleViolated (the guard's code)."""
    name = _NAMES.get(kind, kind.replace("_", " "))
    applied = states.apply(kind, state, command, refused is None, refused, result)
    if applied.error == "ILLEGAL_TRANSITION":
        raise Conflict(
            f"`{command}` does not apply: the {name} is {state.replace('_', ' ')}.", code="ILLEGAL_TRANSITION"
        )
    if applied.error is not None:
        raise RuleViolated(
            f"`{command}` is refused: a condition of it does not hold for the {name}.", code=applied.error
        )
    return Moved(before=state, after=str(applied.state), version=0, events=tuple(applied.events or ()))


def common(unit: Unit, object_id: str, moved: Moved, reason: str | None = None) -> dict[str, Any]:
    """The fields all events share (3.1)."""
    return {
        "object_id": object_id,
        "version": moved.version,
        "occurred_at": unit.now,
        "actor": unit.call.principal,
        "reason": reason,
    }


async def apply(
    unit: Unit,
    kind: str,
    object_id: str,
    command: str,
    *,
    refused: str | None = None,
    result: str | None = None,
    reason: str | None = None,
    facts: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
    event: EventMaker | None = None,
) -> Moved:
    """Change a state, and with it the columns in `values`; publish what `event` makes of it.

    `refused` is the code of a guard that does not hold. Raises NotFound, Conflict, RuleViolated, and PreconditionFailed when
    the caller named a version that is not the row's (ID-3).
    """
    table, column = _TABLES[kind]
    row = await _locked(unit, kind, object_id)
    decided = decide(kind, row["state"], command, refused, result)
    moved = Moved(before=decided.before, after=decided.after, version=row["version"] + 1, events=decided.events)
    await _write(unit, table, {column: moved.after, **(values or {})}, object_id, moved.version)
    await record(unit, kind, object_id, command, moved, reason, facts)
    made = event(moved) if event else None
    if made is not None:
        await publish(unit.connection, unit.call, made)
    return moved


async def restate(
    unit: Unit,
    kind: str,
    object_id: str,
    command: str,
    values: Mapping[str, Any],
    *,
    reason: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Moved:
    """Change columns, or what belongs to the row, and leave the state: a new version with its audit row, and no event. The audit
    row tells `facts`, else the columns. Raises as `apply` does."""
    row = await _locked(unit, kind, object_id)
    moved = Moved(before=row["state"], after=row["state"], version=row["version"] + 1, events=())
    await _write(unit, _TABLES[kind][0], values, object_id, moved.version)
    await record(unit, kind, object_id, command, moved, reason, values if facts is None else facts)
    return moved


async def _locked(unit: Unit, kind: str, object_id: str) -> Any:
    """State and version, locked. Raises NotFound, and PreconditionFailed for another version than the expected one."""
    table, column = _TABLES[kind]
    # house: sql table and column come from _TABLES
    lock = f"select {column} as state, version from {table} where tenant = $1 and id = $2 for update"  # noqa: S608
    row = await unit.connection.fetchrow(lock, unit.tenant, object_id)
    if row is None:
        raise NotFound(f"No {kind.replace('_', ' ')} {object_id}.")
    _check_version(unit, row["version"])
    return row


def _check_version(unit: Unit, version: int) -> None:
    if not unit.call.expects(version):
        raise PreconditionFailed(
            f"It changed meanwhile: it is at version {version}. Read it again.", code="VERSION_CONFLICT"
        )


async def _write(unit: Unit, table: str, values: Mapping[str, Any], object_id: str, version: int) -> None:
    columns = {"version": version, "updated_at": unit.now, **values}
    sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, start=3))
    # house: sql the table comes from _TABLES, the columns from our own registers
    sql = f"update {table} set {sets} where tenant = $1 and id = $2"  # noqa: S608
    await unit.connection.execute(sql, unit.tenant, object_id, *columns.values())


_HISTORY = """
insert into history (tenant, object, object_id, version, command, state_before, state_after, actor, reason, facts,
                     correlation_id, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""


async def record(
    unit: Unit,
    kind: str,
    object_id: str,
    command: str,
    moved: Moved,
    reason: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """The audit row of a change (AUD-2)."""
    await unit.connection.execute(
        _HISTORY,
        unit.tenant,
        kind,
        object_id,
        moved.version,
        command,
        moved.before,
        moved.after,
        unit.call.principal,
        reason,
        dict(facts or {}),
        unit.call.correlation_id,
        unit.now,
    )


class Step(Struct, frozen=True, kw_only=True):
    """One change among many: of which object, by which command, on whose behalf and under which trigger (ID-4)."""

    unit: Unit
    object_id: str
    command: str
    moved: Moved
    reason: str | None = None


_HISTORY_ALL = """
insert into history (tenant, object, object_id, version, command, state_before, state_after, actor, reason,
                     correlation_id, at)
select h.tenant, $1, h.object_id, h.version, h.command, h.before, h.after, h.actor, h.reason, h.correlation_id, h.at
from unnest($2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
            $11::timestamptz[]) with ordinality
  as h (tenant, object_id, version, command, before, after, actor, reason, correlation_id, at, place)
order by h.place
"""


async def record_all(kind: str, steps: Sequence[Step]) -> None:
    """The audit rows of several changes of one kind of object, in their order and in one statement (AUD-2)."""
    if steps:
        columns = map(list, zip(*map(_row, steps), strict=True))
        await steps[0].unit.connection.execute(_HISTORY_ALL, kind, *columns)


def _row(step: Step) -> tuple[Any, ...]:
    moved, call = step.moved, step.unit.call
    change = (step.object_id, moved.version, step.command, moved.before, moved.after)
    return (call.tenant, *change, call.principal, step.reason, call.correlation_id, step.unit.now)


async def actors(unit: Unit, kind: str, object_id: str, command: str) -> frozenset[str]:
    """Everybody who gave a command to an object: who proposes does not approve (SOD-1)."""
    sql = "select distinct actor from history where tenant = $1 and object = $2 and object_id = $3 and command = $4"
    return frozenset(r["actor"] for r in await unit.connection.fetch(sql, unit.tenant, kind, object_id, command))
