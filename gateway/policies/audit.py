"""Who did what, with which outcome, never the payload: writes in the transaction of their effect, the rest a moment later."""

from typing import Any

from msgspec import Struct

from gateway.exchange import Exchange
from runtime.data.records import Record
from runtime.data.trail import NOBODY, AuditRow

WHEN_STORE_IS_AWAY = "closed"  # a write that cannot be audited does not happen; a read is served and written later


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing to set: what can be switched off is no audit."""


def on_record(x: Exchange, record: Record, config: Config) -> None:
    """The row of a write, committed with its reply."""
    record.row = row_of(x)


def on_finish(x: Exchange, config: Config) -> None:
    """The row of everything else: reads, replays, refusals."""
    if not x.recorded:
        x.services.trail.append(row_of(x))


def row_of(x: Exchange) -> AuditRow:
    """What is remembered of an exchange."""
    who = x.identity
    return AuditRow(
        tenant=NOBODY if who is None else who.tenant,
        id=f"aud_{x.request_id[4:]}",
        at=x.services.clock.now(),
        client=None if who is None else who.client,
        principal=None if who is None else who.principal,
        operation=None if x.route is None else x.route.id,
        method=x.method,
        path=x.target[:500],
        status=500 if x.reply is None else x.reply.status,
        problem=None if x.problem is None else x.problem.slug,
        correlation_id=x.correlation_id,
        request_id=x.request_id,
        object=_object(x),
        facts=_facts(x),
    )


def _object(x: Exchange) -> str | None:
    """What was made, else what was named in the path."""
    for name, value in () if x.reply is None else x.reply.headers:
        if name == "location":
            return value.rpartition("/")[2][:200]
    return None if not x.params else [*x.params.values()][-1][:200]


def _facts(x: Exchange) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if x.key_scope is not None and ("idempotent-replayed", "true") in x.headers:
        facts["replayed"] = True
    if x.problem is not None and x.problem.code is not None:
        facts["code"] = x.problem.code
    if x.problem is None and x.key_scope is not None:
        facts["idempotency_key"] = x.key_scope.key
    return facts
