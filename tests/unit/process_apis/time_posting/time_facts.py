"""An approved day of work that nothing is wrong with, to be changed by the tests: 8 h at 150.00 EUR."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from contracts.canon.ledger import LegalEntity
from contracts.canon.project import ProjectTask
from contracts.canon.timesheet import TimeEntry
from contracts.canon.worker import CostRate, Worker
from contracts.process.register_objects import Contract, ContractLine, RegisteredProject
from domain.periods import AccountingPeriod
from domain.rate_search import RateLine, ScopeRef
from process_apis.time_posting import pricing
from process_apis.time_posting.verdict import Facts

DAY = date(2026, 10, 14)
NOW = datetime(2026, 10, 16, 9, tzinfo=UTC)

ENTRY = TimeEntry(
    ref="certinia:time:t1-2026-10-14",
    worker_ref="certinia:worker:w1",
    worker_number="E1",
    project_ref="certinia:project:p1",
    task_code="BUILD",
    worked_on=DAY,
    hours=Decimal("8.0000"),
    role_code="DEV",
    description="Connector",
    status="approved",
    approved_at=NOW,
    changed_at=NOW,
)
PROJECT = RegisteredProject(
    id="prj_1",
    customer_id="cus_1",
    legal_entity_id="DE01",
    code="PRJ-1",
    name="Interfaces",
    country="DE",
    currency="EUR",
    start=date(2026, 1, 1),
    status="active",
    version=1,
    updated_at=NOW,
)
TASK = ProjectTask(
    ref="certinia:task:t1",
    project_ref="certinia:project:p1",
    code="BUILD",
    name="Build",
    chargeable=True,
    start_on=date(2026, 1, 1),
    open=True,
    changed_at=NOW,
)
ENTITY = LegalEntity(ref="erp:subsidiary:2", code="DE01", name="GmbH", country="DE", functional_currency="EUR")
LINE = ContractLine(
    id="ctl_1",
    contract_id="ctr_1",
    billing_method="time_and_materials",
    project_id="prj_1",
    cost_center_id="CC-1",
)
CONTRACT = Contract(
    id="ctr_1",
    customer_id="cus_1",
    legal_entity_id="DE01",
    name="Interfaces 2026",
    currency="EUR",
    start=date(2026, 1, 1),
    payment_terms="NET30",
    lines=(LINE,),
    state="active",
    contract_version=1,
    version=1,
    updated_at=NOW,
)
WORKER = Worker(
    ref="workday:worker:1",
    number="E1",
    name="Ada Lang",
    worker_type="employee",
    entity_code="DE01",
    cost_center_code="CC-1",
    location_code="DE-MUC",
    role_code="DEV",
    calendar_code="DE",
    start_on=date(2020, 1, 1),
    cost_rates=(CostRate(rate=Decimal("71.3500"), currency="EUR", valid_from=date(2026, 1, 1)),),
)
STANDARD = RateLine(
    id="rtl_1",
    scope="standard",
    scope_ref=ScopeRef(legal_entity_id="DE01"),
    role_code="DEV",
    rate=Decimal("150.0000"),
    currency="EUR",
    effective_from=date(2026, 1, 1),
)
OCTOBER = AccountingPeriod(start=date(2026, 10, 1), end=date(2026, 10, 31), state="open")


def facts(**changed: Any) -> Facts:
    """`entry`, `task`, `contract`, `line`, `entity` and `worker` take the fields that differ; the rest are fields of the facts."""
    entity = replace(ENTITY, **changed.pop("entity", {}))
    line = replace(LINE, **changed.pop("line", {}))
    contract = replace(CONTRACT, **{"lines": (line,), **changed.pop("contract", {})})
    entry, worker = replace(ENTRY, **changed.pop("entry", {})), replace(WORKER, **changed.pop("worker", {}))
    known: dict[str, Any] = {
        "entry_id": "tme_1",
        "version": 1,
        "entry": entry,
        "project": replace(PROJECT, **changed.pop("project", {})),
        "task": replace(TASK, **changed.pop("task", {})),
        "contracts": (contract,),
        "worker": worker,
        "assigned": True,
        "entity": entity,
        "book": pricing.price_book(
            contract, line, entity, ("cus_1",), pricing.Prices(changed.pop("rate_lines", (STANDARD,)))
        ),
        "periods": (OCTOBER,),
        "cost_center": "CC-1",
        "hours_on_day": entry.hours,
    }
    return Facts(**{**known, **changed})
