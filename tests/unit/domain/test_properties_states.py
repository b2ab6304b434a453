"""Every machine of section 3 is closed: its commands lead to states it has, its final states are left by none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.states import MACHINES, StateCommand, apply, apply_command, commands_in, find_transition

_NAMES = sorted(MACHINES)
_SEQUENCES = st.lists(st.integers(0, 30), max_size=25)
_RESULTS = ("ready", "ready_with_warnings", "blocked")


def states(name: str) -> set[str]:
    machine = MACHINES[name]
    return {machine.initial} | {
        state for row in machine.transitions for state in (*row.from_states, *([row.to] if row.to else []))
    }


@pytest.mark.parametrize("name", _NAMES)
def test_every_state_can_be_reached(name: str) -> None:
    reached, waiting = set[str](), [MACHINES[name].initial]
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            rows = [row for row in MACHINES[name].transitions if state in row.from_states]
            waiting += [row.to or state for row in rows]
    assert reached == states(name)


@pytest.mark.parametrize("name", _NAMES)
def test_a_command_in_a_state_means_one_thing(name: str) -> None:
    for state in states(name):
        rows = [row for row in MACHINES[name].transitions if state in row.from_states]
        meant = [(row.command, row.to if row.command == "evaluate" else None) for row in rows]
        assert len(meant) == len(set(meant))


@pytest.mark.parametrize(
    ("name", "final"),
    [
        ("opportunity", {"closed_won", "closed_lost"}),
        ("contract", {"closed", "cancelled"}),
        ("change_order", {"applied", "rejected", "cancelled"}),
        ("project", {"closed", "cancelled"}),
        ("time_entry", {"superseded", "voided"}),
        ("expense", {"superseded", "voided"}),
        ("milestone", {"cancelled"}),
        ("billable_transaction", {"excluded", "written_off", "reversed"}),
        ("queue_item", {"billed", "skipped"}),
        ("invoice", {"credited", "cancelled"}),
        ("demand", {"cancelled"}),
        ("rate_card", {"superseded", "expired", "withdrawn"}),
        ("period", set()),
    ],
)
def test_final_states_are_final(name: str, final: set[str]) -> None:
    """A dispute that is settled leaves an invoice where it is, so what only that command leaves is final too."""
    left = {
        state
        for row in MACHINES[name].transitions
        if row.to not in (None, *row.from_states)
        for state in row.from_states
    }
    assert states(name) - left == final


@given(name=st.sampled_from(_NAMES), picks=_SEQUENCES, result=st.sampled_from(_RESULTS), guards_ok=st.booleans())
def test_any_walk_stays_inside_and_refusals_change_nothing(
    name: str, picks: list[int], result: str, guards_ok: bool
) -> None:
    state, everything = MACHINES[name].initial, sorted({row.command for row in MACHINES[name].transitions})
    for pick in picks:
        command, guards = everything[pick % len(everything)], guards_ok or pick % 2 == 0
        found = apply(name, state, command, guards_ok=guards, result=result)
        row = find_transition(name, state, command, result)
        assert (row is None) == (found.error == "ILLEGAL_TRANSITION")
        assert (command in commands_in(name, state)) or row is None
        if found.error is not None:
            assert (found.state, found.events) == (None, None)
            assert row is None or not guards
            continue
        assert found.state in states(name)
        assert found.events is not None
        assert len(found.events) <= 1
        state = found.state or state


@given(name=st.sampled_from(_NAMES), code=st.sampled_from((None, "INVOICE_LOCKED")), pick=st.integers(0, 100))
def test_a_false_guard_answers_with_its_code(name: str, code: str | None, pick: int) -> None:
    rows = [row for row in MACHINES[name].transitions if row.command != "evaluate"]
    row = rows[pick % len(rows)]
    command = StateCommand(object=name, state=row.from_states[0], command=row.command, guards_ok=False, guard_code=code)
    assert apply_command(command).error == (code or "GUARD_FAILED")
