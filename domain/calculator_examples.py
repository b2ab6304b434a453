"""A question for each calculator, taken from the worked examples: what descriptions, help and `ledgerway calc` show."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct


class Example(Struct, frozen=True, kw_only=True):
    """A question as JSON, and the worked example or rule it shows."""

    rule: str
    question: dict[str, Any]


_TEXT = """
rate.time WE-14
{"entry": {"resource_id": "res_1", "project_id": "prj_1", "service_date": "2026-03-16", "quantity": "6.75", "unit": "hour",
 "time_types": ["standard"], "role_code": "CON", "seniority_code": "SEN", "location_code": "US", "billable": true},
 "contract": {"currency": "EUR"}, "contract_line": {"id": "ctl_1", "billing_method": "time_and_materials"},
 "legal_entity": {"id": "ent_1", "functional_currency": "EUR"}, "customer_path": ["cus_1"],
 "rate_lines": [{"id": "rtl_1", "scope": "standard", "role_code": "CON", "method": "amount", "rate": "195", "currency": "USD",
 "unit": "hour", "effective_from": "2026-01-01", "status": "active"}],
 "fx_quotes": [{"from": "USD", "to": "EUR", "date": "2026-03-16", "rate": "0.9217"}]}

cap.apply WE-22
{"currency": "EUR", "policy": "split", "limits": {"contract": "50000.00"}, "consumed": {"contract": "48760.00"},
 "items": [{"id": "txn_1", "kind": "time", "service_date": "2026-03-16", "approved_at": "2026-03-20T16:05:00Z", "hours": "8",
 "quantity": "8", "bill_rate": "215", "amount": "1720.00"}]}

rate.expense WE-26
{"expense": {"category": "flight", "expense_date": "2026-03-16", "amount_gross": "318.40", "currency": "GBP",
 "receipt_attached": true, "billable": true}, "rule": {"method": "markup_pct", "markup_pct": "8.5"},
 "contract": {"currency": "EUR"}, "legal_entity": {"functional_currency": "EUR"},
 "fx_quotes": [{"from": "GBP", "to": "EUR", "date": "2026-03-16", "rate": "1.1693"}]}

fx.rate WE-16
{"from": "GBP", "to": "CHF", "date": "2026-03-16", "pivot": "EUR", "quotes": [
 {"from": "EUR", "to": "GBP", "date": "2026-03-16", "rate": "0.8550"},
 {"from": "EUR", "to": "CHF", "date": "2026-03-16", "rate": "0.9420"}]}

tax.determine WE-38
{"supplier": {"country": "DE"}, "customer": {"country": "FR", "status": "business", "tax_id_valid": true},
 "supply": {"rule": "general"}, "line_kind": "time", "tax_date": "2026-05-31", "zones": {"DE": "EU", "FR": "EU"}}

invoice.group INV-2
{"contract": {"invoice_grouping": "per_contract"}, "transactions": [
 {"id": "txn_2", "legal_entity_id": "ent_1", "bill_to_id": "cus_1", "currency": "EUR", "payment_terms": "NET30",
 "po_number": "4500017", "billing_period": "2026-03", "contract_id": "ctr_1", "amount": "1350.00"},
 {"id": "txn_1", "legal_entity_id": "ent_1", "bill_to_id": "cus_1", "currency": "EUR", "payment_terms": "NET30",
 "po_number": "4500017", "billing_period": "2026-03", "contract_id": "ctr_1", "amount": "225.00"}]}

invoice.totals WE-33
{"currency": "USD", "lines": [{"id": "1", "amount": "1234.01", "tax_code": "S20", "tax_rate_pct": "20"}],
 "functional": {"currency": "EUR", "fx_rate": "1.1087"}}

retainer.apply WE-29
{"currency": "EUR", "period_end": "2026-03-31", "lines": [
 {"id": "1", "kind": "time", "amount": "6200.00", "tax_code": "S19"},
 {"id": "2", "kind": "expense", "amount": "410.00", "tax_code": "S19"},
 {"id": "3", "kind": "time", "amount": "900.00", "tax_code": "RC"}], "retainers": [
 {"id": "A", "state": "posted", "posted_on": "2026-01-15", "available": "2500.00", "tax_code": "S19"},
 {"id": "B", "state": "posted", "posted_on": "2026-02-15", "available": "5000.00", "tax_code": "S19"}]}

discount.volume WE-31
{"currency": "EUR", "prior_net": "92400.00", "lines": [
 {"id": "1", "kind": "time", "amount": "20000.40", "tax_code": "S19"},
 {"id": "2", "kind": "time", "amount": "11250.20", "tax_code": "S07"}],
 "tiers": [{"from": "0", "pct": "0"}, {"from": "100000", "pct": "5"}, {"from": "120000", "pct": "8"}]}

alloc.split WE-35
{"currency": "EUR", "amount": "9876.55", "weights": [{"key": "prj_a", "weight": "61.5"}, {"key": "prj_b", "weight": "70.25"},
 {"key": "prj_c", "weight": "28.25"}]}

split.customers WE-34
{"currency": "EUR", "amount": "1000.01", "splits": [{"customer_id": "A", "pct": "50", "rounding": true},
 {"customer_id": "B", "pct": "30"}, {"customer_id": "C", "pct": "20"}]}

milestone.schedule WE-36
{"currency": "EUR", "line_value": "100000.01", "milestones": [{"id": "mls_1", "sequence": 1, "pct": "33.3333"},
 {"id": "mls_2", "sequence": 2, "pct": "33.3333"}, {"id": "mls_3", "sequence": 3, "pct": "33.3334"}]}

readiness.evaluate WE-53
{"invoice_date": "2026-03-31", "period": {"start": "2026-03-01", "end": "2026-03-31", "state": "open"},
 "contract": {"state": "active", "po_required": false, "sequential_billing": false, "partial_billing": false},
 "project": {"state": "active"}, "customer": {"active": true, "address_complete": true}, "po": null,
 "tax": {"status": "determined"}, "payment_terms": "NET30", "time": {"unapproved_billable_hours": "0", "missing_timesheets": 2},
 "transactions": [{"id": "txn_1", "state": "queued", "amount": "1350.00"}], "prior_invoice_open": true,
 "recon": {"variance_breached": false}, "net_amount": "1350.00"}

recon.evaluate WE-56
{"control": "REC-03", "currency": "EUR", "values": {"psa_revenue": "84000.00", "psa_cost": "61250.00",
 "erp_revenue": "83950.00", "erp_cost": "61239.50"}}

impact.plan WE-44
{"trigger": "rerate", "changed_on": "2026-04-10", "mode": "adjust_next_invoice", "currency": "EUR", "transactions": [
 {"id": "txn_1", "state": "invoiced", "service_date": "2026-03-20", "old_amount": "10.00", "new_amount": "10.60",
 "invoice_id": "inv_1", "invoice_state": "posted"},
 {"id": "txn_2", "state": "invoiced", "service_date": "2026-03-20", "old_amount": "10.00", "new_amount": "9.90",
 "invoice_id": "inv_1", "invoice_state": "posted"}]}

revrec.compute WE-48
{"method": "cost_to_cost", "currency": "EUR", "contract_value": "240000.00", "to_date": "61250",
 "estimate_to_complete": "113750", "previously_recognised": "52000.00"}

booking.check WE-57
{"days": [{"date": "2026-03-16", "capacity_hours": "8", "hard_hours": ["5", "4"], "soft_hours": []},
 {"date": "2026-03-17", "capacity_hours": "8", "hard_hours": ["7"], "soft_hours": []}]}

period.posting_date POST-1
{"service_date": "2026-01-31", "periods": [{"start": "2026-01-01", "end": "2026-01-31", "state": "closed"},
 {"start": "2026-02-01", "end": "2026-02-28", "state": "open"}]}

ledger.route COEX-2
{"entity": {"ledger_mode": "dual_run", "cutover_date": "2026-07-01"}, "document": {"posting_date": "2026-06-30"}}

vendor.release WE-52
{"mode": "proportional", "currency": "EUR", "vendor_amount": "9000.00", "already_released": "2000.00",
 "customer_gross": "23800.00", "customer_paid": "14280.00", "pm_confirmed": true}

adapter.map_time MAP-2
{"mapping": {"source_system": "time.acme", "id_field": "nr", "version_field": "rev", "duration_format": "hh:mm",
 "fields": {"resource_id": "person", "service_date": "day", "quantity": "worked", "time_types": "kind"},
 "value_maps": {"time_types": {"N": ["standard"], "OT": ["overtime"]}}},
 "record": {"nr": 4711, "rev": 2, "person": "res_1", "day": "2026-03-16", "worked": "7:30", "kind": "OT"}}

event.apply EVT-3
{"last_version": 1, "seen": [], "events": [{"id": "b", "key": "time.approved:tme_1:3", "version": 3},
 {"id": "a", "key": "time.approved:tme_1:2", "version": 2}]}

state.apply ST-1
{"object": "invoice", "state": "in_review", "command": "approve", "guards_ok": true}

alert.priority ALR-1
{"severity": "blocking", "hours_to_cutoff": "20", "amount_at_risk": "29500.00"}

sla.due ALR-3
{"created_at": "2026-03-20T16:00:00", "sla_hours": 4, "holidays": ["2026-03-23"]}

metric.compute MET-1
{"metric": "billable_utilization", "values": {"approved_billable_hours": "1187.5", "available_hours": "1520"}}
"""


def _read(text: str) -> dict[str, Example]:
    found: dict[str, Example] = {}
    for block in text.strip().split("\n\n"):
        head, question = block.split("\n", 1)
        name, rule = head.split()
        found[name] = Example(rule=rule, question=msgspec.json.decode(question))
    return found


EXAMPLES: Mapping[str, Example] = MappingProxyType(_read(_TEXT))
