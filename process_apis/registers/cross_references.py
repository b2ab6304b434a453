"""Cross references that people state (ID-2): which record of a connected system a customer or a project is."""

from collections.abc import Collection
from typing import Literal

from contracts.problems import Conflict, RuleViolated
from contracts.process.register_objects import CrossReference
from process_apis.registers import move
from process_apis.registers.unit import Unit
from runtime.data.links import canonical, kind_in, relink

_PREFIXES = {"customer": "cus_", "project": "prj_"}


async def put(
    unit: Unit,
    kind: Literal["customer", "project"],
    object_id: str,
    stated: CrossReference,
    systems: Collection[str],
) -> bool:
    """Link an object that is there to a record: a project in the place of the one it was in that system, a customer beside its
    accounts with other legal entities. False when it was linked before.

    Raises RuleViolated for a system that is not connected or another kind of record, Conflict for a record that is another
    object's.
    """
    await _check_record(unit, kind, stated.ref, systems)
    if await canonical(unit.connection, unit.tenant, stated.ref) == object_id:
        return False
    await move.restate(unit, kind, object_id, "link", {}, reason=stated.note, facts={"ref": stated.ref})
    beside = kind == "customer"
    if not await relink(unit.connection, unit.tenant, object_id, stated.ref, stated.number, unit.now, beside=beside):
        owner = await canonical(unit.connection, unit.tenant, stated.ref)
        raise Conflict(f"{stated.ref} is {owner} already; a record is one {kind} only.")
    return True


async def _check_record(unit: Unit, kind: str, ref: str, systems: Collection[str]) -> None:
    system, record, _ = ref.split(":", 2)
    if system not in systems:
        known = ", ".join(sorted(systems)) or "none"
        raise RuleViolated(f"No system {system} is connected; connected are {known}.", code="GUARD_FAILED")
    usual = await kind_in(unit.connection, unit.tenant, system, _PREFIXES[kind])
    if usual not in (None, record):
        detail = f"A {kind} of ours is a {usual} in {system}, not a {record}: `{system}:{usual}:...`."
        raise RuleViolated(detail, code="GUARD_FAILED")
