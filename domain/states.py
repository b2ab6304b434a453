"""One engine for every state machine (section 3): may a command move an object, where to, with which events."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal

import msgspec
from msgspec import Struct

from domain.terms import Input, Result
from domain.transitions import TABLE

ILLEGAL_TRANSITION = "ILLEGAL_TRANSITION"
GUARD_FAILED = "GUARD_FAILED"

_READY = frozenset({"ready", "ready_with_warnings"})


class Transition(Struct, frozen=True, kw_only=True):
    """One row of the table; `to` is None when the state stays."""

    from_states: tuple[str, ...]
    command: str
    to: str | None
    event: str | None
    guard: str | None
    guard_code: str | None


class Machine(Struct, frozen=True, kw_only=True):
    """The life of one kind of object."""

    initial: str
    transitions: tuple[Transition, ...]


def _read(table: str) -> Iterator[tuple[str, Machine]]:
    for block in table.strip().split("\n\n"):
        head, *rows = block.splitlines()
        name, initial = head.split(" starts ")
        yield name, Machine(initial=initial, transitions=tuple(_transition(row) for row in rows))


def _transition(row: str) -> Transition:
    states, command, to, *rest = row.strip().split(" | ")
    event, guard, code = ([None if cell == "-" else cell for cell in rest] + [None] * 3)[:3]
    return Transition(
        from_states=tuple(states.split(", ")),
        command=command,
        to=None if to == "=" else to,
        event=event,
        guard=guard,
        guard_code=code,
    )


def _for_expenses(machine: Machine) -> Machine:
    """Expense items live like time entries, with events of their own."""
    renamed = [
        msgspec.structs.replace(row, event=row.event.replace("time.", "expense.") if row.event else None)
        for row in machine.transitions
    ]
    return Machine(initial=machine.initial, transitions=tuple(renamed))


_MACHINES = dict(_read(TABLE))
MACHINES: Mapping[str, Machine] = MappingProxyType(_MACHINES | {"expense": _for_expenses(_MACHINES["time_entry"])})


class StateCommand(Input, frozen=True, kw_only=True):
    """A command on an object; `guard_code` is the code the guard names, `result` the readiness status of `evaluate`."""

    object: str
    state: str
    command: str
    guards_ok: bool | None = None
    guard_code: str | None = None
    result: Literal["ready", "ready_with_warnings", "blocked"] | None = None

    def __post_init__(self) -> None:
        if self.object not in MACHINES:
            raise ValueError(f"`object` is one of {', '.join(sorted(MACHINES))}")


class StateChange(Result, frozen=True, kw_only=True):
    """The new state and the events it emits, or the error that left everything as it was."""

    state: str | None = None
    events: tuple[str, ...] | None = None
    error: str | None = None


def find_transition(object: str, state: str, command: str, result: str | None = None) -> Transition | None:
    """The row for a command in a state; `result` picks among the rows of a queue item's `evaluate`."""
    machine = MACHINES.get(object)
    rows = (
        [row for row in machine.transitions if row.command == command and state in row.from_states] if machine else []
    )
    if command == "evaluate":
        rows = [row for row in rows if row.to == result]
    return rows[0] if rows else None


def commands_in(object: str, state: str) -> tuple[str, ...]:
    """The commands an object accepts in a state, in table order."""
    machine = MACHINES.get(object)
    rows = machine.transitions if machine else ()
    return tuple(dict.fromkeys(row.command for row in rows if state in row.from_states))


def apply(
    object: str,
    state: str,
    command: str,
    guards_ok: bool = True,
    guard_code: str | None = None,
    result: str | None = None,
) -> StateChange:
    """Move an object (ST-1, ST-2): without a row ILLEGAL_TRANSITION, with a false guard its code or GUARD_FAILED."""
    row = find_transition(object, state, command, result)
    if row is None and command not in commands_in(object, state):
        return StateChange(error=ILLEGAL_TRANSITION)
    if row is None or not guards_ok:
        return StateChange(error=guard_code or GUARD_FAILED)
    return StateChange(state=row.to or state, events=_events(row, state))


def _events(row: Transition, state: str) -> tuple[str, ...]:
    """A group that was not ready cannot become unready."""
    if row.event is None or (row.event == "invoice.unready" and state not in _READY):
        return ()
    return (row.event,)


def apply_command(command: StateCommand) -> StateChange:
    """`apply` for the calculator interface."""
    guards_ok = command.guards_ok is not False
    return apply(command.object, command.state, command.command, guards_ok, command.guard_code, command.result)
