"""Exceptions: what is mine, what is late; grouped by reason and owner, taken, checked again, settled."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from litestar import get, post
from litestar.params import FromPath
from markupsafe import Markup
from msgspec import Meta, Struct
from msgspec.structs import asdict, replace

from contracts.experience.finance_dashboard import FinanceDashboard, Freshness
from contracts.problems import Problem
from contracts.process.exception_objects import BusinessException, ExceptionGroup
from contracts.process.registers import Registers
from experience_apis.portal import charts, reasons, shell, tasks, words
from experience_apis.portal.exception_actions import DESK, about, amount, checkable
from experience_apis.portal.visit import Page, Visit, Visiting

PAGE = 50
_SHORT = Annotated[str, Meta(max_length=60)]
Shown = Literal["all", "mine", "late"]


class View(Struct, frozen=True, kw_only=True):
    """What of the work list is shown."""

    view: Shown = "all"
    code: _SHORT | None = None
    owner: _SHORT | None = None
    cursor: Annotated[str, Meta(max_length=500)] | None = None

    def href(self, **changes: Any) -> str:
        """The address of this view with changes; what is as usual is left out."""
        wanted, usual = asdict(replace(self, **changes)), asdict(View())
        pairs = {name: value for name, value in wanted.items() if value != usual[name]}
        return f"{DESK.path}?{urlencode(pairs)}" if pairs else DESK.path


class Row(Struct, frozen=True, kw_only=True):
    """An exception as a row."""

    item: BusinessException
    href: str
    about: str
    evidence: str
    amount: str
    due: reasons.Due


@get("/exceptions")
async def worklist(visit: Visiting) -> Page:
    """The work list."""
    view = visit.query(View)
    me = visit.visitor.persona.id
    found = await visit.call(
        Registers.list_exceptions,
        code=view.code,
        owner_role=view.owner,
        assignee=me if view.view == "mine" else None,
        unsettled=True,
        late=True if view.view == "late" else None,
        cursor=view.cursor,
        limit=PAGE,
    )
    groups = (await visit.call(Registers.list_exception_groups)).items
    own = (await visit.call(Registers.list_exception_groups, assignee=me)).items
    rows = [_row(item, visit) for item in found.items]
    return await shell.page(
        visit,
        "exceptions.html",
        block="queue",
        view=view,
        tabs=_tabs(view, groups, own),
        sections=_sections(rows),
        found=found,
        groups=[_group(one, view, _most(groups)) for one in sorted(groups, key=lambda one: (-one.count, one.code))],
        owners=sorted({one.owner_role for one in groups}),
        actions=DESK.allowed(visit, bulk=True),
        strip=await _strip(visit),
    )


@get("/exceptions/preview")
async def preview(visit: Visiting) -> Page:
    """What an action would do."""
    return await tasks.preview(visit, DESK)


@post("/exceptions/actions/{name:str}")
async def perform(visit: Visiting, name: FromPath[str]) -> Page:
    """Do it, exception by exception."""
    return await tasks.perform(visit, DESK, name)


@get("/exceptions/{exception_id:str}")
async def one(visit: Visiting, exception_id: FromPath[str]) -> Page:
    """One exception: what is wrong, the evidence, who fixes it, by when, and how."""
    found = await visit.call(Registers.get_exception, exception_id)
    settled = found.state in ("resolved", "waived")
    systems = await _systems(visit)
    shown = [a for a in DESK.allowed(visit) if a.name != "check" or checkable(found)]
    return await shell.page(
        visit,
        "exception.html",
        block="sheet",
        row=_row(found, visit),
        actions=[] if settled else shown,
        settled=settled,
        facts=[(name, words.told(said, visit.now.date())) for name, said in _facts(found.facts)],
        links=_links(found),
        elsewhere=_elsewhere(found, systems),
    )


def _row(item: BusinessException, visit: Visit) -> Row:
    return Row(
        item=item,
        href=f"{DESK.path}/{item.id}",
        about=about(item),
        evidence=words.told(_evidence(item), visit.now.date()),
        amount=amount(item),
        due=reasons.deadline(item.due_at, visit.now),
    )


def _sections(rows: list[Row]) -> list[dict[str, Any]]:
    """Rows by reason and owner, in the order in which the first of each is due."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row.item.code, row.item.owner_role), []).append(row)
    return [
        {"title": reasons.title(code), "owner": reasons.role(owner), "meaning": inside[0].item.meaning, "rows": inside}
        for (code, owner), inside in found.items()
    ]


def _tabs(view: View, groups: tuple[ExceptionGroup, ...], own: tuple[ExceptionGroup, ...]) -> list[dict[str, Any]]:
    counts = {
        "all": sum(one.count for one in groups),
        "mine": sum(one.count for one in own),
        "late": sum(one.late for one in groups),
    }
    labels: Mapping[Shown, str] = {"all": "All", "mine": "Mine", "late": "Late"}
    return [
        {"label": label, "href": View(view=name).href(), "count": counts[name], "current": view.view == name}
        for name, label in labels.items()
    ]


def _most(groups: tuple[ExceptionGroup, ...]) -> int:
    return max((one.count for one in groups), default=1)


def _group(group: ExceptionGroup, view: View, most: int) -> dict[str, Any]:
    worth = " + ".join(words.short_money(one.amount, one.currency) for one in group.at_risk)
    late = f"{group.late} late" if group.late else ""
    fixed = f"fixed by {reasons.group(group.owner_role)}"
    return {
        "title": reasons.title(group.code),
        "href": View(code=group.code).href(),
        "current": view.code == group.code,
        "count": words.count(group.count, "item"),
        "bar": Markup(charts.bar(charts.share(group.count, most))),  # noqa: S704
        "note": ", ".join(part for part in (worth and f"{worth} at risk", late, fixed) if part),
    }


def _evidence(item: BusinessException) -> str:
    """The sentence that was told, else what the code means."""
    detail = item.facts.get("detail")
    return str(detail) if detail else f"{item.meaning[:1].upper()}{item.meaning[1:]}."


def _facts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Evidence as pairs of words; lists in a line each."""
    shown = {
        name: value for name, value in facts.items() if name not in ("detail", "object_id") and value not in (None, "")
    }
    return [(words.title(name), _said(value)) for name, value in shown.items()]


def _said(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(_said(part) for part in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{words.title(name)} {_said(part)}" for name, part in value.items())
    return str(value)


def _links(item: BusinessException) -> list[tuple[str, str]]:
    """Where to look next, on pages of ours."""
    found = []
    if item.object_id.startswith("bg_"):
        found.append(("Open the billing item", f"/portal/billing/items/{item.object_id}"))
    if item.run_id is not None:
        found.append(("Open the held run", f"/portal/held/{item.run_id}"))
    if item.code == "EVENT_DEAD_LETTERED":
        found.append(("Open held work", "/portal/held"))
    return found


def _elsewhere(item: BusinessException, systems: tuple[Freshness, ...]) -> list[tuple[str, str]]:
    """Records that the evidence names, in the systems that own them, where it is known how to get there."""
    known = {one.system: one for one in systems}
    found = []
    for name, value in item.facts.items():
        system, _, rest = str(value).partition(":")
        kind, _, record = rest.partition(":")
        owner = known.get(system)
        if name.endswith("_ref") and record and owner is not None and owner.record_url is not None:
            address = owner.record_url.replace("{id}", quote(record, safe="")).replace("{kind}", quote(kind, safe=""))
            found.append((f"Open the {words.title(name.removesuffix('_ref')).lower()} in {owner.name}", address))
    return found


async def _strip(visit: Visit) -> list[dict[str, Any]]:
    """Freshness of what the page is made of."""
    return shell.freshness(await _systems(visit), "psa", "time", "hcm", "erp")


async def _systems(visit: Visit) -> tuple[Freshness, ...]:
    """The connected systems, for those who may see them."""
    if not visit.may(FinanceDashboard.freshness):
        return ()
    try:
        return (await visit.call(FinanceDashboard.freshness)).items
    except Problem:
        return ()


HANDLERS = (worklist, preview, perform, one)
