"""The controls at the end of a soak (domain rules 4m), over what stands in the registers, the event log and the vendors' stores.

Variances are those of `domain.reconciliation`; the values are gathered here from rows, line by line as the controls name them.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct

from contracts.money import ZERO
from domain.reconciliation import Control, compare
from experience_apis import app as experience
from process_apis import app as process
from runtime.data.database import Database
from runtime.services import Services
from tests.support.conservation import conservation

_WIP = ("rated", "held", "queued", "drafted")
_PLACE = {
    "invoiced": "billed", "rated": "unbilled", "queued": "unbilled", "drafted": "unbilled", "held": "held",
    "written_off": "written_off", "excluded": "non_billable", "exception": "in_exception", "pending": "in_flight",
    "validated": "in_flight",
}  # fmt: skip
_PLACES = tuple(dict.fromkeys(_PLACE.values()))
_ENTRIES = """
select e.id, e.hours, to_char(e.worked_on, 'YYYY-MM') as month,
  (select min(t.contract_line_id) from billable_transaction t where t.tenant = $1 and t.source_id = e.id and t.state <> 'reversed') as line
from time_entry e where e.tenant = $1 and e.status = 'approved'
"""
_HOURS = """
select coalesce(contract_line_id, 'none') as line, to_char(service_date, 'YYYY-MM') as month, state, sum(hours) as hours
from billable_transaction where tenant = $1 and kind in ('time', 'adjustment') and state <> 'reversed' group by 1, 2, 3
"""
_EVENTS = """
select o.type, o.subject, o.data->>'amount' as amount, o.data->>'currency' as currency, c.legal_entity_id as entity
from outbox o left join contract c on c.tenant = $1 and c.id = o.data->>'contract_id'
where o.tenant = $1 and starts_with(o.type, 'transaction.') order by o.subject, o.objectversion
"""
_CLOSING = """
select c.legal_entity_id as entity, t.currency, sum(t.amount) as amount from billable_transaction t
join contract c on c.tenant = $1 and c.id = t.contract_id where t.tenant = $1 and t.state = any($2::text[]) group by 1, 2
"""
_PUBLISHED = """
select o.type, to_char(o.occurred_at, 'YYYY-MM-DD HH24') as hour, count(*) as published,
  count(*) filter (where d.event_id is not null) as processed,
  count(*) filter (where d.event_id is null and l.event_id is not null) as dead_lettered,
  count(*) filter (where d.event_id is null and l.event_id is null and o.relayed_at is null) as in_flight
from outbox o
left join delivered d on d.tenant = o.tenant and d.subscriber = $2 and d.event_id = o.id
left join dead_letter l on l.tenant = o.tenant and l.subscriber = $2 and l.event_id = o.id
where o.tenant = $1 and o.type = any($3::text[]) group by 1, 2
"""
_POSTED = "select id, draft_version, gross, currency, erp_ref from invoice where tenant = $1 and erp_ref is not null"
_TAKEN = "select id, rating_version, state, erp_ref, posting_key from billable_transaction where tenant = $1 and erp_ref is not null"

Store = Mapping[str, Mapping[str, Any]]


class Finding(Struct, frozen=True):
    """A control that does not hold, and where."""

    control: str
    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.control} {self.where}: {self.detail}"


class Outcome(Struct, frozen=True):
    """What was compared, and what does not hold."""

    compared: dict[str, int]
    findings: tuple[Finding, ...]


async def examine(database: Database, services: Services, tenant: str, state_dir: Path) -> Outcome:
    """All controls."""
    erp, psa = store(state_dir / "sandbox/netsuite/netsuite.jsonl"), store(state_dir / "sandbox/salesforce/org.jsonl")
    compared: dict[str, int] = defaultdict(int)
    found = [Finding("TXN-1", "ledger of hours", fault) for fault in await conservation(database, tenant)]
    for control, where, currency, values in [
        *await hours(database, tenant),
        *await invoices(database, tenant, erp),
        *await wip(database, tenant),
        *await events(database, tenant, services),
    ]:
        compared[control] += 1
        outcome = compare(control, currency, values)
        if outcome.status != "matched":
            detail = f"variance {outcome.variance} of { ({k: str(v) for k, v in values.items()}) }"
            found.append(Finding(control, where, detail))
    found += await twice(database, tenant, erp, psa)
    return Outcome(dict(compared), tuple(found))


Compared = tuple[Control, str, str | None, dict[str, Decimal]]


async def hours(database: Database, tenant: str) -> list[Compared]:
    """REC-01 by contract line and month; an entry that has no live transaction stands under `none`."""
    sides: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(("approved", *_PLACES), ZERO))
    for row in await database.fetch(_ENTRIES, tenant):
        sides[row["line"] or "none", row["month"]]["approved"] += row["hours"]
    for row in await database.fetch(_HOURS, tenant):
        sides[row["line"], row["month"]][_PLACE[row["state"]]] += row["hours"]
    return [("REC-01", f"{line} {month}", None, values) for (line, month), values in sorted(sides.items())]


async def invoices(database: Database, tenant: str, erp: Store) -> list[Compared]:
    """REC-05: every posted invoice against the ERP's record."""
    records = erp.get("invoice", {})
    return [
        ("REC-05", row["id"], row["currency"], {"canonical_gross": row["gross"], "erp_gross": _total(records, row["erp_ref"])})
        for row in await database.fetch(_POSTED, tenant)
    ]  # fmt: skip


def _total(records: Mapping[str, Any], ref: str) -> Decimal:
    """What the ERP says the invoice comes to; nothing when it has none."""
    return Decimal(records.get(ref.rsplit(":", 1)[1], {}).get("total", 0))


async def wip(database: Database, tenant: str) -> list[Compared]:
    """REC-06 since the installation began: the event log's ins and outs against what the register holds."""
    flows: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(
        lambda: dict.fromkeys(("opening", "additions", "invoiced", "written_off", "adjustments", "closing"), ZERO)
    )
    inside: set[str] = set()
    for row in await database.fetch(_EVENTS, tenant):
        flow, amount = flows[row["entity"] or "none", row["currency"]], Decimal(row["amount"])
        state, subject = row["type"].removeprefix("transaction."), row["subject"]
        if state in ("rated", "held", "released", "posted"):
            flow["additions"] += ZERO if subject in inside else amount
            inside.add(subject)
        elif subject in inside:
            inside.remove(subject)
            flow[state if state in ("invoiced", "written_off") else "adjustments"] += (
                amount if state in ("invoiced", "written_off") else -amount
            )
    for row in await database.fetch(_CLOSING, tenant, list(_WIP)):
        flows[row["entity"], row["currency"]]["closing"] += row["amount"]
    return [
        ("REC-06", f"{entity} {currency}", currency, v) for (entity, currency), v in flows.items() if entity != "none"
    ]


async def events(database: Database, tenant: str, services: Services) -> list[Compared]:
    """REC-07 by topic and hour, for each subscriber."""
    found: list[Compared] = []
    for one in (*process.processes(services), *experience.views(services)):
        if one.subscriptions:
            types = [event.type for event in one.subscriptions]
            for row in await database.fetch(_PUBLISHED, tenant, one.name, types):
                counted = {k: Decimal(row[k]) for k in ("published", "processed", "dead_lettered", "in_flight")}
                where = f"{one.name} {row['type']} {row['hour']}"
                found.append(("REC-07", where, None, counted | {"duplicates": ZERO}))
    return found


async def twice(database: Database, tenant: str, erp: Store, psa: Store) -> list[Finding]:
    """What a vendor has twice, or has and we do not know of, or lacks and we think it has."""
    lines = {
        row["externalId"]: i
        for i, row in erp.get("timeBill", {}).items()
        if str(row.get("externalId", "")).startswith("txn_")
    }
    wanted = set[str]()
    for row in await database.fetch(_TAKEN, tenant):
        key = row["posting_key"] or f"{row['id']}:{row['rating_version']}"
        wanted |= {key, f"{key}:r"} if row["state"] == "reversed" else {key}
    ours = {f"post:{row['id']}:{row['draft_version']}" for row in await database.fetch(_POSTED, tenant)}
    bills = [str(row.get("externalId")) for row in erp.get("invoice", {}).values()]
    return [
        *(_once("timeBill", "externalId", erp.get("timeBill", {}))),
        *(_once("invoice", "externalId", erp.get("invoice", {}))),
        *(_once("job", "externalId", erp.get("job", {}))),
        *(_once("pse__Proj__c", "Ext_Id__c", psa.get("pse__Proj__c", {}))),
        *(_once("pse__Resource_Request__c", "Ext_Id__c", psa.get("pse__Resource_Request__c", {}))),
        *(Finding("ERP", "timeBill", f"unknown here: {key}") for key in sorted(lines.keys() - wanted)),
        *(Finding("ERP", "timeBill", f"missing there: {key}") for key in sorted(wanted - lines.keys())),
        *(Finding("ERP", "invoice", f"unknown here: {key}") for key in sorted({b for b in bills if b.startswith("post:")} - ours)),
        *(Finding("ERP", "invoice", f"missing there: {key}") for key in sorted(ours - set(bills))),
    ]  # fmt: skip


def _once(table: str, column: str, rows: Mapping[str, Any]) -> Iterator[Finding]:
    seen: dict[str, int] = defaultdict(int)
    for row in rows.values():
        if row.get(column):
            seen[row[column]] += 1
    yield from (Finding("twice", table, f"{key} stands {n} times") for key, n in seen.items() if n > 1)


def store(journal: Path) -> Store:
    """The tables of a simulator as its journal has them."""
    tables: dict[str, dict[str, Any]] = defaultdict(dict)
    for line in journal.read_bytes().splitlines():
        for table, row_id, row in json.loads(line, parse_float=Decimal):
            if row is None:
                tables[table].pop(row_id, None)
            else:
                tables[table][row_id] = row
    return tables


def summed(found: Iterable[Finding]) -> str:
    """One line each."""
    return "\n".join(f"  {one}" for one in found)
