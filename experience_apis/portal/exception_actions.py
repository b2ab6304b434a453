"""What people do with exceptions: take, give, check again, resolve, waive."""

from types import MappingProxyType

from contracts.problems import Conflict
from contracts.process.exception_objects import Assignment, BusinessException, Resolution
from contracts.process.invoice_readiness import InvoiceReadiness
from contracts.process.registers import Registers
from contracts.process.run_desk import RunDesk, Steering
from experience_apis.portal import reasons, words
from experience_apis.portal.tasks import Action, Ask, Desk, Task
from experience_apis.portal.visit import Visit

_KINDS = {
    "bg": "Billing item",
    "inv": "Invoice",
    "tme": "Time entry",
    "txn": "Transaction",
    "run": "Run",
    "prj": "Project",
    "ctr": "Contract",
    "cus": "Customer",
}


def about(item: BusinessException) -> str:
    """`Time entry tme_01J…`; what another system named keeps its name."""
    kind = _KINDS.get(item.object_id.partition("_")[0])
    return f"{kind} {item.object_id}" if kind else item.object_id


def amount(item: BusinessException) -> str:
    """What is at risk, or nothing."""
    if item.amount_at_risk is None or item.currency is None:
        return ""
    return words.money(item.amount_at_risk, item.currency)


def checkable(item: BusinessException) -> bool:
    """Whether looking again can be asked for; time entries are looked at again by themselves."""
    return item.run_id is not None or item.object_id.startswith(("bg_", "inv_"))


async def _find(visit: Visit, exception_id: str, action: Action) -> Task:
    item = await visit.call(Registers.get_exception, exception_id)
    refused = ""
    if item.state in ("resolved", "waived"):
        refused = f"It is {item.state} already."
    elif action.name == "check" and not checkable(item):
        refused = "Ledgerway looks at it again by itself, within seconds of a change that may cure it."
    title = f"{reasons.title(item.code)}: {about(item)}"
    return Task(id=item.id, title=title, note=_kept(visit, item), amount=amount(item), refused=refused)


def _kept(visit: Visit, item: BusinessException) -> str:
    return f"{visit.person(item.assignee)} has it." if item.assignee else "Nobody has it yet."


async def _take(visit: Visit, exception_id: str, _told: str) -> str:
    me = visit.visitor.persona.id
    await visit.call(Registers.assign_exception, exception_id, Assignment(assignee=me))
    return "It is yours."


async def _give(visit: Visit, exception_id: str, told: str) -> str:
    given = await visit.call(Registers.assign_exception, exception_id, Assignment(assignee=told))
    return f"{visit.person(given.assignee or told)} has it."


async def _check(visit: Visit, exception_id: str, _told: str) -> str:
    item = await visit.call(Registers.get_exception, exception_id)
    if item.run_id is not None:
        await visit.call(RunDesk.resume_run, item.run_id, Steering(reason=f"{item.code} checked again."))
        return f"Run {item.run_id} tries again."
    if item.object_id.startswith("inv_"):
        group_id = (await visit.call(InvoiceReadiness.get_invoice, item.object_id)).bill_group_id
    elif item.object_id.startswith("bg_"):
        group_id = item.object_id
    else:
        raise Conflict("Ledgerway looks at it again by itself, within seconds of a change that may cure it.")
    readiness = await visit.call(InvoiceReadiness.recheck, group_id)
    return f"Checked: {words.title(readiness.status).lower()}, {readiness.percent} % of checks passed."


async def _resolve(visit: Visit, exception_id: str, told: str) -> str:
    await visit.call(Registers.resolve_exception, exception_id, Resolution(note=told))
    return "Resolved. What waited for it goes on and looks again."


async def _waive(visit: Visit, exception_id: str, told: str) -> str:
    await visit.call(Registers.waive_exception, exception_id, Resolution(note=told))
    return "Waived."


_ACTIONS = (
    Action(
        name="take",
        method=Registers.assign_exception,
        one="Take 1 exception",
        many="Take # exceptions",
        verb="Take it",
        consequence="They are yours until you give them to somebody else. Nothing else changes.",
        act=_take,
    ),
    Action(
        name="give",
        method=Registers.assign_exception,
        one="Give 1 exception to somebody",
        many="Give # exceptions to somebody",
        verb="Give to…",
        consequence="They are theirs from now on. Nothing else changes.",
        act=_give,
        ask=Ask(
            label="To whom",
            hint="Everybody who can work on exceptions.",
            kind="select",
            missing="Choose somebody from the list.",
            options=lambda visit: visit.people(Registers.assign_exception),
        ),
    ),
    Action(
        name="check",
        method=InvoiceReadiness.recheck,
        one="Check 1 exception again",
        many="Check # exceptions again",
        verb="Check again",
        consequence="Ledgerway looks again now. What is cured resolves itself; what is not stays as it is.",
        act=_check,
    ),
    Action(
        name="resolve",
        method=Registers.resolve_exception,
        one="Resolve 1 exception",
        many="Resolve # exceptions",
        verb="Resolve…",
        consequence="What waited for them goes on and looks again. Your note stays in the record; it cannot be taken back.",
        act=_resolve,
        ask=Ask(
            label="What was done", hint="For the record, in a sentence.", missing="Say what was done in a few words."
        ),
    ),
    Action(
        name="waive",
        method=Registers.waive_exception,
        one="Waive 1 exception",
        many="Waive # exceptions",
        verb="Waive…",
        consequence="They are accepted as they are, under your name. It cannot be taken back.",
        act=_waive,
        ask=Ask(label="Reason", hint="Why this is acceptable."),
        bulk=False,
    ),
)
DESK = Desk(
    name="Exceptions",
    path="/portal/exceptions",
    actions=MappingProxyType({action.name: action for action in _ACTIONS}),
    find=_find,
)
