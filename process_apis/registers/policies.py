"""Policies (`pol`): numbers that rules read, the most specific scope valid on the day (POL-1)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from contracts.problems import RuleViolated, Violation
from contracts.process.register_objects import NewPolicy, Policy, PolicyPage
from contracts.wire import convert, to_builtins
from process_apis.registers import bounds
from process_apis.registers.unit import Unit
from runtime.data.ids import new_id
from runtime.data.listing import CHANGED, CHANGED_SINCE, Column, Listing, Wanted, same

_SCOPES = ("contract", "customer", "legal_entity", "global")
_COLUMNS = "id, version, approved_by, body, updated_at"
LISTING = Listing(
    table="policy",
    columns=_COLUMNS,
    filters={**same("kind", "scope", "scope_ref"), "changed_since": CHANGED_SINCE},
    orders={"id": (), "effective_from": (Column("effective_from", "date"),), "updated_at": (CHANGED,)},
)
_INSERT = """
insert into policy (tenant, id, kind, scope, scope_ref, effective_from, effective_to, approved_by, body,
                    correlation_id, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""

# The defaults of the domain rules are the global policy until somebody sets another one.
DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "retro": {"limit_days": "60", "late_days": "14"},
    "rerate": {"window_days": "90", "tolerance": "1.00"},
    "write_down": {"limit": "5000.00", "limit_pct": "5"},
    "approval": {"billing_manager_limit": "250000.00"},
}


# Who may decide above the limit of a billing manager: finance control, known by the right to waive (section 0.2, FC).
CONTROLLER = "exceptions:waive"
_LARGEST = Decimal(10) ** 12


def violations(new: NewPolicy) -> list[Violation]:
    """What no rule could work with: numbers of no sensible size, broken days, an end before the beginning."""
    found = [
        Violation(pointer=f"#/values/{name}", code="GUARD_FAILED", detail=detail)
        for name, value in new.values.items()
        if (detail := _broken(name, value))
    ]
    reversed_ = bounds.before_its_start("effective_from", new.effective_from, "effective_to", new.effective_to)
    return found + [Violation(pointer=f"#/{field}", code="GUARD_FAILED", detail=detail) for field, detail in reversed_]


def _broken(name: str, value: Decimal) -> str | None:
    if not 0 <= value <= _LARGEST:
        return f"at least 0 and at most {_LARGEST:f}"
    whole = not name.endswith("_days") or value == value.to_integral_value()
    return None if whole else "is a whole number of days"


def _policy(row: Any) -> Policy:
    return convert({**row["body"], **{k: row[k] for k in ("id", "version", "approved_by", "updated_at")}}, Policy)


async def add(unit: Unit, new: NewPolicy) -> Policy:
    """Set a policy. Every scope but `global` names what it is for. Raises RuleViolated."""
    if broken := violations(new):
        raise RuleViolated("No rule could work with this policy.", errors=broken, code="GUARD_FAILED")
    if (new.scope == "global") != (new.scope_ref is None):
        raise RuleViolated("`scope_ref` is needed for every scope but global, and only there.", code="GUARD_FAILED")
    policy_id = new_id("pol", unit.now)
    await unit.connection.execute(
        _INSERT,
        unit.tenant,
        policy_id,
        new.kind,
        new.scope,
        new.scope_ref,
        new.effective_from,
        new.effective_to,
        unit.call.principal,
        to_builtins(new),
        unit.call.correlation_id,
        unit.now,
    )
    sql = f"select {_COLUMNS} from policy where tenant = $1 and id = $2"  # noqa: S608
    return _policy(await unit.connection.fetchrow(sql, unit.tenant, policy_id))


async def page(unit: Unit, wanted: Wanted) -> PolicyPage:
    """A page of them."""
    rows, more = await LISTING.page(unit.connection, unit.tenant, wanted)
    return PolicyPage(items=tuple(_policy(r) for r in rows), next_cursor=more, as_of=unit.now)


class Policies:
    """The policies of a tenant, read once per unit of work."""

    def __init__(self, rows: tuple[Policy, ...]) -> None:
        self._rows = rows

    @classmethod
    async def load(cls, unit: Unit, *kinds: str) -> "Policies":
        """All policies of some kinds."""
        sql = f"select {_COLUMNS} from policy where tenant = $1 and kind = any($2::text[]) order by id"  # noqa: S608
        return cls(tuple(_policy(r) for r in await unit.connection.fetch(sql, unit.tenant, list(kinds))))

    def value(self, kind: str, name: str, on: date, scopes: Mapping[str, str]) -> tuple[Decimal, str]:
        """A number and the policy version it comes from (`default` for the built-in one); later starts win ties."""
        valid = [p for p in self._rows if p.kind == kind and name in p.values and _valid(p, on)]
        for scope in _SCOPES:
            hits = [p for p in valid if p.scope == scope and p.scope_ref == scopes.get(scope)]
            if hits:
                best = max(hits, key=lambda p: (p.effective_from, p.id))
                return Decimal(best.values[name]), f"{best.id}:{best.version}"
        return Decimal(DEFAULTS[kind][name]), "default"


def _valid(policy: Policy, on: date) -> bool:
    return policy.effective_from <= on and (policy.effective_to is None or on <= policy.effective_to)
