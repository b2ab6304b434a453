"""A billable transaction as a row, and the event of each of its changes. No decision is made here."""

from typing import Any

from contracts import events
from contracts.money import NO_CURRENCY, round_money
from contracts.process.time_posting import Transaction
from contracts.wire import convert
from process_apis.registers import move
from process_apis.registers.unit import Unit

COLUMNS = """id, version, kind, source_id, source_version, source_ref, part, rating_version, state, contract_id,
    contract_line_id, project_id, bill_to_id, legal_entity_id, service_date, posting_date, approved_at, hours, quantity,
    amount, currency, erp_ref, invoice_id, bill_group_id, codes, body, correlation_id, updated_at"""
INSERT = """
insert into billable_transaction (tenant, id, version, kind, source_id, source_version, source_ref, part, rating_version,
  state, contract_id, contract_line_id, project_id, bill_to_id, legal_entity_id, service_date, posting_date, approved_at,
  hours, quantity, bill_rate, amount, currency, codes, body, correlation_id, cost_amount, cost_currency, created_at,
  updated_at)
select tenant, id, version, kind, source_id, source_version, source_ref, part, rating_version, state, contract_id,
  contract_line_id, project_id, bill_to_id, legal_entity_id, service_date, posting_date, approved_at, hours, quantity,
  bill_rate, amount, currency, string_to_array(codes, ' '), body, correlation_id, cost_amount,
  cost_currency, at, at
from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::integer[], $7::text[], $8::text[],
  $9::integer[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::date[], $17::date[],
  $18::timestamptz[], $19::numeric[], $20::numeric[], $21::numeric[], $22::numeric[], $23::text[], $24::text[],
  $25::jsonb[], $26::text[], $27::numeric[], $28::text[], $29::timestamptz[]) with ordinality
  as t (tenant, id, version, kind, source_id, source_version, source_ref, part, rating_version, state, contract_id,
  contract_line_id, project_id, bill_to_id, legal_entity_id, service_date, posting_date, approved_at, hours, quantity,
  bill_rate, amount, currency, codes, body, correlation_id, cost_amount, cost_currency, at, place)
order by place
on conflict (tenant, source_id, source_version, part, rating_version) where state <> 'reversed' do nothing
returning id
"""
_BODY = (
    "worker_number", "worker_name", "role_code", "task_code", "description", "unit", "rating", "tax_code",
    "cost_center_id", "po_number", "replaces_id", "reversal_of",
    "write_off",
)  # fmt: skip
_EVENTS: dict[str, type[events.TransactionEvent]] = {
    kind.type: kind
    for kind in (
        events.TransactionValidated,
        events.TransactionRated,
        events.TransactionHeld,
        events.TransactionReleased,
        events.TransactionExcluded,
        events.TransactionExceptionRaised,
        events.TransactionReversed,
        events.TransactionWrittenOff,
        events.TransactionPosted,
        events.TransactionInvoiced,
    )
}


def from_row(row: Any) -> Transaction:
    """A row with COLUMNS as canon."""
    values = dict(row)
    if values["currency"] is not None:
        values["amount"] = round_money(values["amount"], values["currency"])
    return convert({**values.pop("body"), **values}, Transaction)


def values_of(new: Transaction, version: int) -> tuple[Any, ...]:
    """What INSERT takes of each after the tenant and before cost and instant."""
    return (
        new.id,
        version,
        new.kind,
        new.source_id,
        new.source_version,
        new.source_ref,
        new.part,
        new.rating_version,
        new.state,
        new.contract_id,
        new.contract_line_id,
        new.project_id,
        new.bill_to_id,
        new.legal_entity_id,
        new.service_date,
        new.posting_date,
        new.approved_at,
        new.hours,
        new.quantity,
        new.rating.bill_rate,
        new.amount,
        new.currency,
        " ".join(new.codes),
        {name: getattr(new, name) for name in _BODY},
        new.correlation_id,
    )


def event_of(unit: Unit, found: Transaction, moved: move.Moved, reason: str | None = None) -> events.Event | None:
    """What a change of a transaction tells, None when the table of states names no event for it."""
    kind = _EVENTS.get(moved.events[0]) if moved.events else None
    if kind is None:
        return None
    return kind(
        **move.common(unit, found.id, moved, reason),
        contract_id=found.contract_id or "",
        contract_line_id=found.contract_line_id or "",
        project_id=found.project_id or "",
        rating_version=found.rating_version,
        state=moved.after,
        part=found.part,
        kind=found.kind,
        hours=found.hours,
        amount=found.amount,
        currency=found.currency or NO_CURRENCY,
        service_date=found.service_date,
        approved_at=found.approved_at,
        codes=found.codes,
        erp_ref=found.erp_ref,
        invoice_id=found.invoice_id,
    )
