"""`ledgerway held`: what Ledgerway gave up on until a person decides: runs, events, deliveries."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import App, Parameter

from contracts.process.held_desk import HeldKind
from contracts.process.orders import HeldSort
from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.options import SORTING
from gateway.cli.session import Asked, Session

if TYPE_CHECKING:
    from contracts.process.held_desk import HeldDetail, HeldWork
    from gateway.cli.client import Client

app = App(name="held")
_ASKING = "integration-developer"
_MOST = 1000
_HEADS = ("HELD", "KIND", "WHAT", "WHERE", "PROBLEM", "AGE", "RISK", "ABOUT")
_Alike = Annotated[bool, Parameter(name="--alike")]
_DryRun = Annotated[bool, Parameter(name="--dry-run")]


@app.command(name="list")
async def list_(
    *,
    kind: HeldKind | None = None,
    sort: Annotated[HeldSort, SORTING] = "since",
    limit: int = 50,
    session: Asked,
) -> Exit:
    """List held work, the longest held first unless sorted otherwise.

    Example: `ledgerway held list --kind delivery`

    Parameters
    ----------
    kind
        Only runs, events or deliveries.
    sort
        By this member of an item; with - before it, as in --sort=-amount_at_risk, the largest or latest first.
    limit
        At most so many.
    """
    from contracts.process.held_desk import HeldDesk
    from gateway.cli.pages import collect

    async with session.product(_ASKING) as api:
        found = await collect(
            lambda cursor, size: api.call(HeldDesk.list_held, kind=kind, sort=sort, cursor=cursor, limit=size), limit
        )
    session.show(found.raw, _table(found.items))
    found.hint(session)
    if found.items:
        session.suggest(f"Next: ledgerway held show {found.items[0].id}")
    return Exit.DONE


@app.command
async def show(held_id: str, /, *, session: Asked) -> Exit:
    """Show held work: the problem, the attempts, the payload with secrets struck out, and what a replay or a discard would do.

    Example: `ledgerway held show ID`

    Parameters
    ----------
    held_id
        The held work: `ledgerway held list`.
    """
    from contracts.process.held_desk import HeldDesk
    from gateway.cli.complaints import looking_at

    async with session.product(_ASKING) as api:
        with looking_at("ledgerway held list", "not-found"):
            found = await api.call(HeldDesk.get_held, held_id)
    session.show(found.raw, _whole(found.value))
    return Exit.DONE


@app.command
async def replay(
    held_id: str, /, *, reason: str, alike: _Alike = False, dry_run: _DryRun = False, session: Asked
) -> Exit:
    """Try held work again; what was done already is found and not done twice. Shows its effect first.

    Example: `ledgerway held replay ID --reason "NetSuite is back" --alike`

    Parameters
    ----------
    held_id
        The held work.
    reason
        Why, for the record.
    alike
        Also all that the same thing holds in the same place.
    dry_run
        Show the effect and change nothing.
    """
    from contracts.process.held_desk import HeldDesk

    return await _decide(session, HeldDesk.replay_held, "replay", held_id, reason, alike, dry_run)


@app.command
async def discard(
    held_id: str, /, *, reason: str, alike: _Alike = False, dry_run: _DryRun = False, session: Asked
) -> Exit:
    """Give held work up for good: a run undoes what it did, an event or delivery is not read again. Shows its effect first.

    Example: `ledgerway held discard ID --reason "Sent twice by the tool"`

    Parameters
    ----------
    held_id
        The held work.
    reason
        Why, for the record.
    alike
        Also all that the same thing holds in the same place.
    dry_run
        Show the effect and change nothing.
    """
    from contracts.process.held_desk import HeldDesk

    return await _decide(session, HeldDesk.discard_held, "discard", held_id, reason, alike, dry_run)


async def _decide(
    session: Session, how: Callable[..., Any], verb: str, held_id: str, reason: str, alike: bool, dry_run: bool
) -> Exit:
    from contracts.process.held_desk import HeldDesk
    from gateway.cli.complaints import looking_at
    from gateway.cli.tables import table

    async with session.product(_ASKING) as api:
        with looking_at("ledgerway held list", "not-found"):
            first = await api.call(HeldDesk.get_held, held_id)
        effect = getattr(first.value.effect, verb)
        if effect is None:
            raise Complaint(Exit.CONFLICT, f"{held_id} cannot be discarded: what it did cannot be undone.")
        ids = [held_id, *(await _alike(api, first.value) if alike else ())]
        session.talk(f"{len(ids)} held: {effect}")
        if dry_run:
            session.show(first.raw, "\n".join(ids))
            return Exit.DONE
        done = await _each(session, api, how, ids, reason)
    failed = [told for told in done if isinstance(told, Complaint)]
    if len(ids) == 1 and failed:
        raise failed[0]
    items = [msgspec.json.encode({"problem": t.problem}) if isinstance(t, Complaint) else t.raw for t in done]
    rows = [(i, t.detail if isinstance(t, Complaint) else t.value.decision) for i, t in zip(ids, done, strict=True)]
    session.show(msgspec.json.encode({"items": [msgspec.Raw(i) for i in items]}), table(("HELD", "DECISION"), rows))
    if not failed:
        return Exit.DONE
    return Exit.PARTLY if len(failed) < len(done) else failed[0].exit_code


async def _each(
    session: Session, api: "Client", how: Callable[..., Awaitable[Any]], ids: list[str], reason: str
) -> list[Any]:
    from contracts.process.run_desk import Steering
    from gateway.cli.progress import Progress

    done: list[Any] = []
    progress = Progress(session, len(ids))
    for held_id in ids:
        try:
            done.append(await api.call(how, held_id, Steering(reason=reason)))
        except Complaint as complaint:
            if complaint.exit_code == Exit.REFUSED:
                raise
            done.append(complaint)
        if len(ids) > 1:
            progress.count(len(done), held_id)
    progress.end()
    return done


async def _alike(api: "Client", like: "HeldDetail") -> list[str]:
    from contracts.process.held_desk import HeldDesk
    from gateway.cli.pages import collect

    found = await collect(
        lambda cursor, size: api.call(HeldDesk.list_held, alike=like.alike, cursor=cursor, limit=size), _MOST
    )
    return [one.id for one in found.items if one.id != like.id]


def _table(found: "tuple[HeldWork, ...]") -> str:
    from gateway.cli.tables import age, money, table

    rows = [
        (h.id, h.kind, h.what, h.where, h.code, age(h.since), money(h.amount_at_risk, h.currency), h.subject)
        for h in found
    ]
    return table(_HEADS, rows, right="AGE RISK")


def _whole(held: "HeldDetail") -> str:
    from gateway.cli.tables import day, fields, moment, money

    facts = fields(
        (
            ("Held", held.id),
            ("Kind", f"{held.kind}: {held.what}"),
            ("Where", held.where),
            ("About", held.subject),
            ("Problem", f"{held.detail} ({held.code})"),
            ("Attempts", held.attempts),
            ("Since", moment(held.since)),
            ("Exception", held.exception_id),
            ("Due", held.due_at and day(held.due_at.date())),
            ("At risk", money(held.amount_at_risk, held.currency)),
            *(("Done", f"{step.name} {step.external_ref or ''}".strip()) for step in held.effect.done),
            ("Replay", held.effect.replay),
            ("Discard", held.effect.discard or "not possible: what it did cannot be undone"),
            ("Correlation id", held.correlation_id),
        )
    )
    payload = msgspec.json.format(msgspec.json.encode(held.payload), indent=2).decode()
    then = f"Then: ledgerway held replay {held.id} --reason WHY"
    return f"{facts}\n\n{payload}\n\n{then}"
