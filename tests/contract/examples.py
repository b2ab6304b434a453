"""A call of every port operation that succeeds on the seed of every vendor, and some that the vendor refuses.

An example makes the operation's arguments from a Subject and a key; with the same key it asks for the same thing again.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from contracts.canon.billing import NewCreditNote, SendRequest
from contracts.canon.deal import DealAnnotation
from contracts.canon.ledger import JournalLine, NewJournal, PostingKeys, PostingLines, Reversal, Reversals
from contracts.canon.project import NewMilestones, ProjectStatusChange, Task, Tasks
from contracts.canon.timesheet import PostedTime, PostedTimes
from tests.contract.subject import Subject
from tests.contract.suites import billing, erp, planning, psa

Arguments = dict[str, Any]
Example = Callable[[Subject, str], Awaitable[Arguments]]

EXAMPLES: dict[str, Example] = {}
REFUSED: dict[str, Example] = {}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def _example(operation: str, table: dict[str, Example] = EXAMPLES) -> Callable[[Example], Example]:
    def add(make: Example) -> Example:
        table[operation] = make
        return make

    return add


def _plainly(operation: str, make: Callable[[Any], Arguments] = lambda facts: {}) -> None:
    async def example(s: Subject, key: str) -> Arguments:
        return make(s.facts)

    EXAMPLES[operation] = example


_plainly("crm.get_deal", lambda facts: {"deal_ref": facts.deal})
_plainly("crm.list_won_deals", lambda facts: {"changed_since": LONG_AGO, "limit": 3})
_plainly("crm.get_account", lambda facts: {"account_ref": facts.account})
_plainly(
    "crm.annotate_deal",
    lambda facts: {"deal_ref": facts.sold, "body": DealAnnotation(project_code="P/1 %", status="ready", note="„ja“")},
)
_plainly("psa.list_templates", lambda facts: {"limit": 2})
_plainly("psa.find_projects", lambda facts: {"deal_ref": facts.deal})
_plainly("psa.list_projects", lambda facts: {"changed_since": LONG_AGO, "limit": 4})
_plainly("psa.list_tasks", lambda facts: {"changed_since": LONG_AGO, "limit": 3})
_plainly("psa.list_milestones", lambda facts: {"limit": 3})
_plainly("time.list_time", lambda facts: {"changed_since": LONG_AGO, "limit": 5})
_plainly("planning.list_assignments", lambda facts: {"changed_since": LONG_AGO, "limit": 7})
_plainly("erp.list_entities")
_plainly("erp.list_periods", lambda facts: {"entity_code": facts.entity, "limit": 3})
_plainly("erp.list_dimensions", lambda facts: {"limit": 4})
_plainly("erp.list_tax_codes")
_plainly("erp.list_fx_quotes", lambda facts: {"since": facts.open_day, "limit": 2})
_plainly("erp.list_balances", lambda facts: {"entity_code": facts.entity})
_plainly("hcm.get_worker", lambda facts: {"worker_ref": facts.worker})
_plainly("hcm.list_workers", lambda facts: {"limit": 3})
_plainly("hcm.list_absences", lambda facts: {"worker_ref": facts.on_leave, "since": facts.leave[0][0]})
_plainly("hcm.list_calendars")
_plainly("billing.find_customers", lambda facts: {"tax_id": facts.tax_id, "entity_code": facts.entity})
_plainly("billing.get_customer", lambda facts: {"customer_ref": facts.customer})
_plainly("billing.list_open_items", lambda facts: {"limit": 3})
_plainly("billing.list_receipts", lambda facts: {"changed_since": LONG_AGO, "limit": 4})


@_example("psa.create_project")
async def _project(s: Subject, key: str) -> Arguments:
    return {"body": psa._new(s, key)}


async def _project_ref(s: Subject, key: str) -> str:
    return (await psa._create(s, key)).ref


@_example("psa.set_project_status")
async def _status(s: Subject, key: str) -> Arguments:
    return {"project_ref": await _project_ref(s, key), "body": ProjectStatusChange(status="active")}


@_example("psa.put_tasks")
async def _tasks(s: Subject, key: str) -> Arguments:
    tasks = Tasks(items=(Task(code="NEW-1", name="Träume & Räume", chargeable=False),))
    return {"project_ref": await _project_ref(s, key), "body": tasks}


@_example("psa.put_milestones")
async def _milestones(s: Subject, key: str) -> Arguments:
    milestones = NewMilestones(items=(psa._milestone(f"{key}-m", 1, "1000.10"),))
    return {"project_ref": await _project_ref(s, key), "body": milestones}


@_example("time.mark_posted")
async def _marks(s: Subject, key: str) -> Arguments:
    page = await s.adapter.list_time(s.call, limit=50)
    ref = next(entry.ref for entry in page.items if entry.status == "approved")
    return {"body": PostedTimes(items=(PostedTime(ref=ref, posting_ref=f"ledger:posting:{key}"),))}


@_example("planning.put_demand")
async def _demand(s: Subject, key: str) -> Arguments:
    return {"body": planning._demand(s, key)}


@_example("planning.find_demands")
async def _demands(s: Subject, key: str) -> Arguments:
    await planning._publish(s, key)
    return {"key": key, "project_ref": s.facts.project}


@_example("planning.cancel_demand")
async def _cancelled(s: Subject, key: str) -> Arguments:
    return {"demand_ref": (await planning._publish(s, key)).ref}


@_example("planning.put_assignment")
async def _assignment(s: Subject, key: str) -> Arguments:
    return {"body": planning._booking(s, key)}


@_example("erp.put_project_shell")
async def _shell(s: Subject, key: str) -> Arguments:
    return {"body": erp._shell(s, key)}


@_example("erp.find_project_shells")
async def _shells(s: Subject, key: str) -> Arguments:
    await erp.write(s, key)
    return {"key": key}


@_example("erp.deactivate_project_shell")
async def _inactive_shell(s: Subject, key: str) -> Arguments:
    return {"shell_ref": await erp.write(s, key)}


@_example("erp.post_lines")
async def _lines(s: Subject, key: str) -> Arguments:
    line = replace(await erp._line(s, key), project_shell_ref=await erp.write(s, f"{key}-s"))
    return {"body": PostingLines(items=(line, replace(line, key=f"{key}-late", posting_date=s.facts.closed_day)))}


@_example("erp.find_postings")
async def _postings(s: Subject, key: str) -> Arguments:
    await s.adapter.post_lines(s.call, **await _lines(s, key))
    return {"body": PostingKeys(entity_code=s.facts.entity, keys=(key, f"{key}-late"))}


@_example("erp.reverse_lines")
async def _reversals(s: Subject, key: str) -> Arguments:
    await s.adapter.post_lines(s.call, **await _lines(s, key))
    reversal = Reversal(key=f"{key}-r", original_key=key, posting_date=s.facts.open_day)
    return {"body": Reversals(entity_code=s.facts.entity, items=(reversal,))}


@_example("erp.post_journal")
async def _journal(s: Subject, key: str, amounts: tuple[str, str] = ("5.10", "-5.10")) -> Arguments:
    lines = (
        JournalLine(account=account, amount=Decimal(amount))
        for account, amount in zip(s.facts.journal_accounts, amounts, strict=True)
    )
    head = {"key": key, "entity_code": s.facts.entity, "currency": s.facts.currency}
    return {"body": NewJournal(**head, posting_date=s.facts.open_day, lines=tuple(lines))}


@_example("erp.post_journal", REFUSED)
async def _lopsided_journal(s: Subject, key: str) -> Arguments:
    return await _journal(s, key, ("5.10", "5.10"))


@_example("billing.put_customer")
async def _customer(s: Subject, key: str) -> Arguments:
    return {"body": billing._customer(s, key)}


@_example("billing.put_customer", REFUSED)
async def _customer_on_unknown_terms(s: Subject, key: str) -> Arguments:
    return {"body": replace(billing._customer(s, key), payment_terms="NET-NEVER")}


@_example("billing.deactivate_customer")
async def _inactive_customer(s: Subject, key: str) -> Arguments:
    return {"customer_ref": await billing.write(s, key)}


@_example("billing.post_invoice")
async def _invoice(s: Subject, key: str) -> Arguments:
    return {"body": replace(billing._draft(s), key=key, invoice_id=f"inv_{key}")}


@_example("billing.post_invoice", REFUSED)
async def _invoice_of_a_closed_period(s: Subject, key: str) -> Arguments:
    return {"body": replace((await _invoice(s, key))["body"], invoice_date=s.facts.closed_entity_date)}


@_example("billing.find_invoices")
async def _invoices(s: Subject, key: str) -> Arguments:
    await s.adapter.post_invoice(s.call, **await _invoice(s, key))
    return {"key": key}


@_example("billing.get_invoice")
async def _posted(s: Subject, key: str) -> Arguments:
    return {"invoice_ref": (await s.adapter.post_invoice(s.call, **await _invoice(s, key))).ref}


@_example("billing.send_invoice")
async def _sent(s: Subject, key: str) -> Arguments:
    return {**await _posted(s, key), "body": SendRequest()}


@_example("billing.post_credit_note")
async def _credit(s: Subject, key: str) -> Arguments:
    draft = (await _invoice(s, key))["body"]
    line = replace(draft.lines[0], amount=Decimal("-33.33"), quantity=Decimal("-3.0000"))
    day = draft.invoice_date
    return {
        "body": NewCreditNote(
            key=f"{key}-c", **await _posted(s, key), credit_date=day, reason="Wrong rate", lines=(line,)
        )
    }
