"""Held work: what needs a person, what a replay would do, replaying one or all alike, discarding with a reason."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from litestar import get, post
from litestar.params import FromPath
from msgspec import Meta, Struct
from msgspec.structs import asdict, replace

from contracts.problems import RuleViolated
from contracts.process.held_desk import HeldDesk, HeldKind, HeldWork
from contracts.process.run_desk import RunDesk, Steering
from contracts.wire import to_builtins
from experience_apis.portal import reasons, shell, tasks, words
from experience_apis.portal.tasks import Action, Ask, Desk, Task
from experience_apis.portal.visit import Page, Visit, Visiting

PAGE = 50
Tab = Literal["all", "run", "event", "delivery"]
_LABELS: Mapping[Tab, str] = {"all": "All", "run": "Runs", "event": "Events", "delivery": "Deliveries"}
_LARGEST_PAYLOAD = 4_000


class View(Struct, frozen=True, kw_only=True):
    """What of the held work is shown."""

    view: Tab = "all"
    alike: Annotated[str, Meta(max_length=60)] | None = None
    cursor: Annotated[str, Meta(max_length=500)] | None = None

    def href(self, **changes: Any) -> str:
        """The address of this view with changes; what is as usual is left out."""
        wanted, usual = asdict(replace(self, **changes)), asdict(View())
        pairs = {name: value for name, value in wanted.items() if value != usual[name]}
        return f"{DESK.path}?{urlencode(pairs)}" if pairs else DESK.path


async def _find(visit: Visit, held_id: str, action: Action) -> Task:
    held = await visit.call(HeldDesk.get_held, held_id)
    effect = held.effect.replay if action.name == "replay" else held.effect.discard
    return Task(
        id=held.id,
        title=named(held),
        note=held.detail,
        effect=effect or "",
        refused="" if effect else "It did something that cannot be undone. Replay it.",
    )


async def _replay(visit: Visit, held_id: str, told: str) -> str:
    await visit.call(HeldDesk.replay_held, held_id, Steering(reason=told))
    return "It is tried again now. When it fails again, it comes back here."


async def _discard(visit: Visit, held_id: str, told: str) -> str:
    if (await visit.call(HeldDesk.get_held, held_id)).effect.discard is None:
        raise RuleViolated("The run did something that cannot be undone. Replay it.", code="GUARD_FAILED")
    await visit.call(HeldDesk.discard_held, held_id, Steering(reason=told))
    return "Given up for good; your reason is in the record."


_ACTIONS = (
    Action(
        name="replay",
        method=HeldDesk.replay_held,
        one="Replay 1 item",
        many="Replay # items",
        verb="Replay",
        consequence="Each is tried again once. What was done already is found and not done twice.",
        act=_replay,
        ask=Ask(label="Why now", hint="What changed since it failed, for the record."),
    ),
    Action(
        name="discard",
        method=HeldDesk.discard_held,
        one="Discard 1 item",
        many="Discard # items",
        verb="Discard…",
        consequence="Each is given up for good. This cannot be taken back.",
        act=_discard,
        ask=Ask(label="Reason", hint="Why it is not needed any more, for the record."),
    ),
)
DESK = Desk(
    name="Held work",
    path="/portal/held",
    actions=MappingProxyType({action.name: action for action in _ACTIONS}),
    find=_find,
)


@get("/held")
async def held(visit: Visiting) -> Page:
    """What needs a person."""
    view = visit.query(View)
    kind: HeldKind | None = None if view.view == "all" else view.view
    found = await visit.call(HeldDesk.list_held, kind=kind, alike=view.alike, cursor=view.cursor, limit=PAGE)
    waiting = [
        run for run in (await visit.call(RunDesk.list_runs, status="waiting", limit=PAGE)).items if _retries(run)
    ]
    return await shell.page(
        visit,
        "held.html",
        block="queue",
        view=view,
        found=found,
        tabs=await _tabs(visit, view),
        sections=_sections(visit, found.items),
        actions=DESK.allowed(visit, bulk=True),
        waiting=waiting,
    )


async def _tabs(visit: Visit, view: View) -> list[dict[str, Any]]:
    counts: dict[str, int] = {one.kind: one.count for one in (await visit.call(HeldDesk.held_counts)).items}
    counts["all"] = visit.counts[DESK.path] = sum(counts.values())
    return [
        {"label": label, "href": View(view=name).href(), "count": counts.get(name, 0), "current": view.view == name}
        for name, label in _LABELS.items()
    ]


@get("/held/preview")
async def preview(visit: Visiting) -> Page:
    """What a decision would do."""
    return await tasks.preview(visit, DESK)


@post("/held/actions/{name:str}")
async def perform(visit: Visiting, name: FromPath[str]) -> Page:
    """Decide, item by item."""
    return await tasks.perform(visit, DESK, name)


@get("/held/{held_id:str}")
async def one(visit: Visiting, held_id: FromPath[str]) -> Page:
    """One: its problem, attempts, payload, and what either decision would do."""
    found = await visit.call(HeldDesk.get_held, held_id)
    text = json.dumps(to_builtins(found.payload), indent=2, ensure_ascii=False)
    return await shell.page(
        visit,
        "held_item.html",
        block="sheet",
        item=found,
        name=named(found),
        due=_due(visit, found),
        payload=text[:_LARGEST_PAYLOAD],
        cut=len(text) > _LARGEST_PAYLOAD,
        actions=[a for a in DESK.allowed(visit) if a.name != "discard" or found.effect.discard is not None],
    )


def named(item: HeldWork) -> str:
    """`Post invoice, step “ensure invoice posted”`."""
    what = words.title(item.what.replace(".", " "))
    if item.kind == "run":
        return f"{what}, step “{item.where}”" if item.where else what
    return f"{what} for {words.title(item.where).lower()}" if item.kind == "event" else f"{what} from {item.where}"


def _retries(run: Any) -> bool:
    return run.waiting_for is not None and run.waiting_for.kind == "retry"


def _due(visit: Visit, item: HeldWork) -> reasons.Due | None:
    return None if item.due_at is None else reasons.deadline(item.due_at, visit.now)


def _sections(visit: Visit, items: tuple[HeldWork, ...]) -> list[dict[str, Any]]:
    """Held work that is alike together, in the order in which the first of each is held."""
    found: dict[str, list[HeldWork]] = {}
    for item in items:
        found.setdefault(item.alike, []).append(item)
    return [
        {
            "title": named(alike[0]),
            "alike": View(alike=key).href(),
            "all": f"{DESK.path}/preview?{urlencode([('action', 'replay'), *(('item', i.id) for i in alike)])}",
            "code": alike[0].code,
            "rows": [{"item": item, "href": f"{DESK.path}/{item.id}", "due": _due(visit, item)} for item in alike],
        }
        for key, alike in found.items()
    ]


HANDLERS = (held, preview, perform, one)
