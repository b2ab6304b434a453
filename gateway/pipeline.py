"""One pipeline, one order, and the runner. Phases: `on_request` in order; `on_record` in reverse, before the transaction with the
operation's rows ends; `on_response` of policies that were entered, in reverse; `on_finish` of all, always, which cannot change the reply.

`on_request` is a plain function that returns something to await only where it has to wait: most requests meet nobody who does.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import replace

from contracts.problems import Internal, NotFound, PreconditionFailed, Problem, StoreAway
from gateway import waiting
from gateway.exchange import Exchange
from gateway.policies import audit, auth, correlation, idempotency, quota, throttle, validation, version
from runtime import metrics
from runtime.at_once import in_task
from runtime.data.database import Connection
from runtime.data.outages import guarded
from runtime.data.records import Record
from runtime.http.arguments import query_pairs
from runtime.http.replies import Reply, problem_reply
from runtime.telemetry import bound, log
from runtime.work.unit import unit_of_work

if TYPE_CHECKING:
    from gateway.config import Policies

ORDER: tuple[ModuleType, ...] = (correlation, auth, version, throttle, quota, validation, idempotency, audit)

Enter = Callable[[Exchange, Any], Awaitable[None] | None]
Phase = Callable[[Exchange, Any], None]
RecordPhase = Callable[[Exchange, Record, Any], None]


class Step(Struct, frozen=True):
    """One policy on one route, with its settings there."""

    name: str
    open: bool
    config: Any
    on_request: Enter | None
    on_response: Phase | None
    on_finish: Phase | None
    on_record: RecordPhase | None


class Plan(Struct, frozen=True):
    """The pipeline of one route, or of an address where no route is. `responses` say which place their policy is entered at."""

    requests: tuple[Step, ...]
    responses: tuple[tuple[int, Step], ...]
    records: tuple[Step, ...]
    finishes: tuple[Step, ...]


def _step(policy: ModuleType, config: Any) -> Step:
    phases = (getattr(policy, phase, None) for phase in ("on_request", "on_response", "on_finish", "on_record"))
    return Step(policy.__name__.rpartition(".")[2], policy.WHEN_STORE_IS_AWAY == "open", config, *phases)


def _plan(steps: tuple[Step, ...]) -> Plan:
    requests = tuple(s for s in steps if s.on_request)
    return Plan(
        requests=requests,
        responses=tuple((place, s) for place, s in reversed(tuple(enumerate(requests))) if s.on_response),
        records=tuple(s for s in reversed(steps) if s.on_record),
        finishes=tuple(s for s in steps if s.on_finish),
    )


def plan(settings: "Policies", group: str, lifecycle: version.Config | None) -> Plan:
    """The pipeline of a route in `group`."""
    limit, budget = settings.throttle.get(group), settings.quota.get(group)
    configs: dict[ModuleType, Any] = {
        correlation: settings.correlation,
        auth: settings.auth.limit(),
        version: lifecycle,
        throttle: limit and limit.limit(),
        quota: budget,
        validation: settings.validation,
        idempotency: settings.idempotency,
        audit: settings.audit,
    }
    return _plan(tuple(_step(policy, configs[policy]) for policy in ORDER if configs[policy] is not None))


NOWHERE = _plan((_step(correlation, correlation.Config()), _step(audit, audit.Config())))


async def handle(x: Exchange) -> Reply:
    """Run an exchange through the pipeline of its route. Always answers."""
    route = x.at()
    steps, entered = route.plan, 0
    try:
        for step in steps.requests:
            entered += 1
            try:
                waits = step.on_request(x, step.config)  # type: ignore[misc]
                if waits is not None:
                    await in_task()
                    await waits
            except StoreAway as away:
                if not step.open:
                    raise
                metrics.POLICY_OPEN.add((step.name,))
                log.warning("policy.open", policy=step.name, why=away.detail)
            if x.reply is not None:
                break
        if x.reply is None and route.answers_at_once:
            x.reply = _compute(x)
        elif x.reply is None:
            await _perform(x)
    except Exception as error:
        _fail(x, error)
    _respond(x, steps, entered)
    return finish(x, steps)


def refuse(x: Exchange, problem: Problem) -> Reply:
    """Answer where no route was found, or the request could not even be read."""
    if not x.request_id:
        correlation.on_request(x, correlation.Config())
    _fail(x, problem)
    return finish(x, NOWHERE)


def finish(x: Exchange, steps: Plan) -> Reply:
    """The last phase; returns the reply."""
    for step in steps.finishes:
        step.on_finish(x, step.config)  # type: ignore[misc]
    assert x.reply is not None
    return x.reply


def _respond(x: Exchange, steps: Plan, entered: int) -> None:
    try:
        for place, step in steps.responses:
            if place < entered:
                step.on_response(x, step.config)  # type: ignore[misc]
    except Exception as error:
        _fail(x, error)


async def _perform(x: Exchange) -> None:
    """Run the operation in a task, then wait as the caller prefers."""
    await in_task()
    with bound(correlation_id=x.correlation_id, request_id=x.request_id, tenant=x.known().tenant):
        if x.at().effects:
            await _with_effects(x)
        else:
            x.reply = await _operate(x)
        await waiting.wait_as_preferred(x)


async def _with_effects(x: Exchange) -> None:
    """The operation, ended by a transaction that holds its reply, its audit row and, if it writes here, its rows."""
    try:
        await (_in_one_unit(x) if x.at().served.unit else _then_record(x))
    except Exception as error:
        x.recorded = False
        _fail(x, error)
        await _record_alone(x)


async def _in_one_unit(x: Exchange) -> None:
    async with x.services.turns:
        with guarded("database"):
            async with unit_of_work(x.services.database) as connection:
                x.reply = await _operate(x)
                await _record(x, connection)


async def _then_record(x: Exchange) -> None:
    x.reply = await _operate(x)
    await _record_alone(x)


async def _record_alone(x: Exchange) -> None:
    with guarded("database"):
        async with unit_of_work(x.services.database) as connection:
            await _record(x, connection)


async def _record(x: Exchange, connection: Connection) -> None:
    record = Record()
    for step in x.at().plan.records:
        step.on_record(x, record, step.config)  # type: ignore[misc]
    await record.write(connection)
    x.recorded = True


def _compute(x: Exchange) -> Reply:
    """Call the bound function where nothing waits and nothing is written."""
    compute = x.at().served.compute
    assert compute is not None
    try:
        return _answer(x, compute(x.call(_deadline(x)), x.arguments))
    except NotFound as absent:
        _check_precondition(x, absent)
        raise


async def _operate(x: Exchange) -> Reply:
    """Call the bound function."""
    try:
        return _answer(x, await x.at().served.invoke(x.call(_deadline(x)), x.arguments))
    except NotFound as absent:
        _check_precondition(x, absent)
        raise


def _check_precondition(x: Exchange, absent: NotFound) -> None:
    """`If-Match: *` on what is absent is a failed precondition (RFC 9110 13.1.1)."""
    if (x.header(b"if-match") or "").strip() == "*":
        raise PreconditionFailed(f"{absent.detail} If-Match: * needs it to be there.") from absent


def _deadline(x: Exchange) -> datetime:
    return x.now + timedelta(seconds=x.services.deadline_s)


def _answer(x: Exchange, result: Any) -> Reply:
    """The result on the wire; what a page says of the next one is sealed."""
    cursor = getattr(result, "next_cursor", None)
    if cursor is not None:
        result = replace(result, next_cursor=x.services.cursors.sealed(x, cursor))
    return x.at().replier.reply(
        result,
        target=x.target,
        params=x.params,
        next_page=lambda cursor: _next_page(x, cursor),
        fields=x.fields,
    )


def _next_page(x: Exchange, cursor: str) -> str:
    """The same target with another cursor."""
    pairs = [(name, value) for name, value in query_pairs(x.query) if name != "cursor"]
    return f"{x.target}?{urlencode([*pairs, ('cursor', cursor)])}"


def _fail(x: Exchange, error: Exception) -> None:
    """What was raised becomes the reply; what is no Problem is logged here, once, and told as Internal."""
    if not isinstance(error, Problem):
        log.exception("request.failed", target=x.target, correlation_id=x.correlation_id, exc_info=error)
        detail = f"Ledgerway failed; the request was fine. Quote {x.correlation_id}."
        error = Internal(detail, correlation_id=x.correlation_id)
    x.problem = error
    x.reply = problem_reply(error, correlation_id=x.correlation_id, instance=f"/portal/requests/{x.request_id}")
