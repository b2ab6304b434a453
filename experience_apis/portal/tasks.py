"""Work on lists that is not billing: an action on one or several tasks, looked at first, then done and told task by task."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from contracts.canon.ref import LARGEST_BULK
from contracts.problems import NotFound, Problem
from experience_apis.portal import shell
from experience_apis.portal.visit import Method, Page, Visit

_LONGEST = 500


class Task(Struct, frozen=True, kw_only=True):
    """Something on a list as previews and outcomes show it. `effect` is what the action would do to it."""

    id: str
    title: str
    note: str = ""
    amount: str = ""
    effect: str = ""
    refused: str = ""


Options = Callable[[Visit], list[tuple[str, str]]]


class Ask(Struct, frozen=True, kw_only=True):
    """What an action needs to be told: free words, or one of the `options`, as values with their names."""

    label: str
    hint: str
    kind: str = "textarea"
    missing: str = "Give a reason in a few words."
    most: int = _LONGEST
    options: Options | None = None


class Action(Struct, frozen=True, kw_only=True):
    """`one` and `many` are the words of its button, `#` the count; `act` does it to one task and says what came of it;
    `together`, where there is one, does it to all of them or to none."""

    name: str
    method: Method[..., Any]
    one: str
    many: str
    verb: str
    consequence: str
    act: Callable[[Visit, str, str], Awaitable[str]]
    together: Callable[[Visit, list[str], str], Awaitable[str]] | None = None
    ask: Ask | None = None
    bulk: bool = True

    def label(self, count: int) -> str:
        """`Replay 3 items`."""
        return self.one if count == 1 else self.many.replace("#", str(count))


class Desk(Struct, frozen=True, kw_only=True):
    """A list with its actions. `find` reads a task as an action would meet it. Raises Problem."""

    name: str
    path: str
    actions: Mapping[str, Action]
    find: Callable[[Visit, str, Action], Awaitable[Task]]

    def allowed(self, visit: Visit, *, bulk: bool = False) -> list[Action]:
        """The actions a visitor may take."""
        return [one for one in self.actions.values() if visit.may(one.method) and (one.bulk or not bulk)]

    def action(self, name: str) -> Action:
        """Raises NotFound."""
        if name not in self.actions:
            raise NotFound(f"There is no action {name[:60]} here.")
        return self.actions[name]


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of an action on a task."""

    task: Task
    done: bool
    said: str
    slug: str = ""


async def preview(visit: Visit, desk: Desk) -> Page:
    """What an action would do to the selected tasks; nothing is changed."""
    chosen = visit.request.query_params
    return await _preview(visit, desk, desk.action(chosen.get("action", "")), chosen.getall("item", []))


async def perform(visit: Visit, desk: Desk, name: str) -> Page:
    """Do it; sending the form again changes nothing."""
    action, told = desk.action(name), visit.text("told")
    items = _distinct(visit.texts("item"))
    wrong = _wrong(visit, action, told)
    if wrong or not items:
        return await _preview(visit, desk, action, items, wrong, 422)
    outcomes = await _outcomes(visit, desk, action, items, told)
    failed = [one for one in outcomes if not one.done]
    done = len(outcomes) - len(failed)
    return await shell.page(
        visit,
        "tasks_outcome.html",
        200 if done else 422,
        block="sheet",
        desk=desk,
        action=action,
        outcomes=outcomes,
        failed=failed,
        done=done,
        told=told,
    )


async def _preview(
    visit: Visit, desk: Desk, action: Action, items: list[str], wrong: dict[str, str] | None = None, status: int = 200
) -> Page:
    found = [await _found(visit, desk, action, item) for item in _distinct(items)]
    return await shell.page(
        visit,
        "tasks_preview.html",
        status,
        block="sheet",
        desk=desk,
        action=action,
        possible=[one for one in found if not one.refused],
        refused=[one for one in found if one.refused],
        told=visit.text("told"),
        options=action.ask.options(visit) if action.ask is not None and action.ask.options is not None else (),
        wrong=wrong or {},
    )


async def _found(visit: Visit, desk: Desk, action: Action, item: str) -> Task:
    try:
        return await desk.find(visit, item, action)
    except Problem as problem:
        return Task(id=item, title=item, refused=problem.detail)


async def _outcomes(visit: Visit, desk: Desk, action: Action, items: list[str], told: str) -> list[Outcome]:
    """What came of each; of what is done together, the same of all."""
    found = [await _found(visit, desk, action, item) for item in items]
    if action.together is None:
        return [await _outcome(task, action.act(visit, task.id, told)) for task in found]
    first = await _outcome(found[0], action.together(visit, items, told))
    return [replace(first, task=task) for task in found]


async def _outcome(task: Task, doing: Awaitable[str]) -> Outcome:
    try:
        return Outcome(task=task, done=True, said=await doing)
    except Problem as problem:
        return Outcome(task=task, done=False, said=problem.detail, slug=problem.slug)


def _distinct(items: list[str]) -> list[str]:
    return list(dict.fromkeys(items))[:LARGEST_BULK]


def _wrong(visit: Visit, action: Action, told: str) -> dict[str, str]:
    if action.ask is None:
        return {}
    options = action.ask.options
    if not told or (options is not None and told not in dict(options(visit))):
        return {"told": action.ask.missing}
    if len(told) > action.ask.most:
        return {"told": f"{action.ask.label} has {len(told)} characters; use {action.ask.most} at most."}
    return {}
