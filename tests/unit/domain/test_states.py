"""state.apply and event.apply, the state tables and the exception catalogue."""

from typing import Any

import pytest

from domain.exceptions import CATALOGUE, OWNER_ROLES, entry, severity_of
from domain.states import MACHINES, commands_in, find_transition


def move(calculate: Any, object: str, state: str, command: str, **more: Any) -> dict[str, Any]:
    question = {"guards_ok": True, "guard_code": None} | more
    return calculate("state.apply", object=object, state=state, command=command, **question)


@pytest.mark.parametrize(
    ("object", "state", "command", "to", "events"),
    [
        ("opportunity", "open", "win", "closed_won", ["deal.closed_won"]),
        ("contract", "suspended", "terminate", "terminated", ["contract.terminated"]),
        ("contract", "draft", "submit", "in_review", []),
        ("project", "provisioning", "provisioned", "ready", ["project.created"]),
        ("time_entry", "correction_requested", "grant", "superseded", ["time.corrected"]),
        ("expense", "submitted", "approve", "approved", ["expense.approved"]),
        ("milestone", "completed", "bill", "billed", ["milestone.billed"]),
        ("billable_transaction", "rated", "post", "queued", ["transaction.posted"]),
        ("invoice", "sent", "dispute", "sent", ["invoice.disputed"]),
        ("invoice", "credited", "resolve_dispute", "credited", ["invoice.dispute_resolved"]),
        ("period", "closed", "reopen", "soft_closed", ["period.reopened"]),
        ("period", "soft_closed", "reopen", "open", ["period.opened"]),
        ("workflow", "waiting", "resume", "running", []),
        ("adapter", "suspended", "go_live", "live", ["adapter.live"]),
    ],
)
def test_moves(calculate: Any, object: str, state: str, command: str, to: str, events: list[str]) -> None:
    assert move(calculate, object, state, command) == {"state": to, "events": events}


@pytest.mark.parametrize(
    ("state", "result", "events"),
    [
        ("ready", "blocked", ["invoice.unready"]),
        ("collecting", "blocked", []),
        ("blocked", "ready_with_warnings", ["invoice.ready"]),
    ],
)
def test_evaluation_of_a_bill_group(calculate: Any, state: str, result: str, events: list[str]) -> None:
    answer = move(calculate, "queue_item", state, "evaluate", result=result)
    assert answer == {"state": result, "events": events}


@pytest.mark.parametrize(
    ("object", "state", "command"),
    [
        ("invoice", "posted", "cancel"),
        ("invoice", "draft", "dispute"),
        ("queue_item", "drafted", "evaluate"),
        ("time_entry", "voided", "edit"),
    ],
)
def test_illegal(calculate: Any, object: str, state: str, command: str) -> None:  # ST-1, also with a false guard
    assert move(calculate, object, state, command) == {"error": "ILLEGAL_TRANSITION"}
    assert move(calculate, object, state, command, guards_ok=False) == {"error": "ILLEGAL_TRANSITION"}


def test_false_guards(calculate: Any) -> None:  # ST-2
    assert move(calculate, "project", "ready", "activate", guards_ok=False) == {"error": "GUARD_FAILED"}
    locked = move(calculate, "time_entry", "approved", "void", guards_ok=False, guard_code="ALREADY_INVOICED")
    assert locked == {"error": "ALREADY_INVOICED"}
    assert move(calculate, "queue_item", "ready", "evaluate") == {"error": "GUARD_FAILED"}  # no readiness given


def test_the_table_names_guards_and_codes() -> None:
    row = find_transition("time_entry", "approved", "request_correction")
    assert row is not None
    assert (row.guard, row.guard_code) == ("no locked invoice", "INVOICE_LOCKED")
    assert commands_in("invoice", "draft") == ("submit", "cancel")


def test_every_state_can_be_reached() -> None:
    for name, machine in MACHINES.items():
        reached = {machine.initial}
        for _ in machine.transitions:
            reached |= {row.to for row in machine.transitions if row.to and reached & set(row.from_states)}
        assert {state for row in machine.transitions for state in row.from_states} <= reached, name


def arrivals(calculate: Any, *events: tuple[str, int] | tuple[str, int, bool], last: int = 0, seen: Any = ()) -> Any:
    rows = [
        {"id": one[0], "key": f"k{one[0]}", "version": one[1], "full_state": len(one) > 2 and one[2]} for one in events
    ]
    answer = calculate("event.apply", last_version=last, seen=seen, events=rows)
    return [(row["id"], row["result"]) for row in answer["log"]], answer["last_version"], answer["parked"]


def test_a_gap_parks_and_drains(calculate: Any) -> None:  # EVT-3
    log, last, parked = arrivals(calculate, ("c", 3), ("d", 5), ("b", 2), ("a", 1))
    assert log == [
        ("c", "parked"),
        ("d", "parked"),
        ("b", "parked"),
        ("a", "applied"),
        ("b", "applied"),
        ("c", "applied"),
    ]
    assert (last, parked) == (3, ["d"])


def test_full_state_overtakes(calculate: Any) -> None:
    log, last, parked = arrivals(calculate, ("c", 4), ("b", 3), ("x", 3, True), ("y", 2, True))
    assert log == [
        ("c", "parked"),
        ("b", "parked"),
        ("x", "applied"),
        ("b", "stale"),
        ("c", "applied"),
        ("y", "stale"),
    ]
    assert (last, parked) == (4, [])


def test_seen_keys_are_duplicates_even_when_parked_or_stale(calculate: Any) -> None:  # EVT-1
    log, last, _ = arrivals(calculate, ("a", 1), ("p", 9), ("p", 9), ("s", 4), ("s", 4), last=4, seen=["ka"])
    assert log == [("a", "duplicate"), ("p", "parked"), ("p", "duplicate"), ("s", "stale"), ("s", "duplicate")]
    assert last == 4


def test_two_successors_of_one_version(calculate: Any) -> None:
    log, _, _ = arrivals(calculate, ("b", 2), ("c", 2), ("a", 1))
    assert log[2:] == [("a", "applied"), ("b", "applied"), ("c", "stale")]


def test_catalogue() -> None:
    assert all(one.owner_role in OWNER_ROLES and one.sla_hours > 0 for one in CATALOGUE.values())
    overbooked = entry("OVERBOOK_BLOCK")
    assert (overbooked.severity, overbooked.owner_role, overbooked.sla_hours) == ("blocking", "RM", 4)
    assert entry("RATE_MISSING").resumes == ("4c.4", "4a.4")
    assert entry("CAP_SOFT_EXCEEDED").auto_resolves_when is None
    assert entry("PO_MISSING").resumes == ("4f",)
    with pytest.raises(KeyError):
        entry("NO_SUCH_CODE")


def test_conditional_severities() -> None:
    assert severity_of("RECON_VARIANCE", control="REC-03") == "warning"
    assert severity_of("RECON_VARIANCE", control="REC-05") == "blocking"
    assert severity_of("MDM_CONFLICT", critical=False) == "warning"
