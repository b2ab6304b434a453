"""Many rows out of few: copies that differ in what lists are ordered by, with equal values among them, and nulls."""

from runtime.data.database import Database

_COLUMNS = """
select string_agg(quote_ident(column_name), ', ' order by ordinal_position) from information_schema.columns
where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER' and is_identity = 'NO'
"""
_COPIES = """
insert into {table} ({columns})
select {columns} from (
  select (jsonb_populate_record(null::{table}, to_jsonb(t) || jsonb_build_object('correlation_id', 'copy', {changes}))).*
  from (select *, row_number() over () as row from {table}
        where tenant = $1 and correlation_id <> 'copy' order by 1, 2 limit {few}) t,
       generate_series($2::int, $3::int) as g) as copies
"""
_ID = "'id', t.id || '-' || lpad(g::text, 6, '0')"
_DAY = "date '2026-11-01' - (g * 7 + row) % 23 * interval '1 day'"
_CHANGED = f"'updated_at', {_DAY}"
_STARTS = f"'effective_from', ({_DAY})::date"
_NAME = "chr((65 + g % 2 * 32 + g % 7)::int) || t.name"
_AMOUNT = "((g * 37 + row * 11) % 19 * 100)::numeric"
_BODY_DATES = (
    "'body', t.body || jsonb_build_object('{0}', ({2})::date, '{1}', case when g % 3 > 0 then ({2})::date end)"
)
_CHANGES = {
    "customer": (_ID, _CHANGED, "'name', " + _NAME, f"'body', t.body || jsonb_build_object('name', {_NAME})"),
    "project": (
        _ID,
        _CHANGED,
        "'code', t.code || '-' || g",
        "'body', t.body || jsonb_build_object('code', t.code || '-' || g)",
    ),
    "contract": (_ID, _CHANGED, _BODY_DATES.format("start", "end", _DAY)),
    "rate_card": (_ID, _CHANGED, _STARTS, f"'body', t.body || jsonb_build_object({_STARTS})"),
    "policy": (_ID, _CHANGED, _STARTS, f"'body', t.body || jsonb_build_object({_STARTS})"),
    "cost_center_map": (
        "'cost_center', t.cost_center || '-' || lpad(g::text, 6, '0')",
        _STARTS,
        f"'body', t.body || jsonb_build_object('cost_center', t.cost_center || '-' || lpad(g::text, 6, '0'), {_STARTS})",
    ),
    "business_exception": (
        _ID,
        _CHANGED,
        "'rule_key', t.id || g",
        f"'due_at', {_DAY}",
        f"'amount_at_risk', case when g % 2 > 0 then {_AMOUNT} end",
        "'currency', 'EUR'",
    ),
    "billable_transaction": (_ID, _CHANGED, "'source_id', t.id || g", f"'service_date', ({_DAY})::date"),
    "bill_group": (
        _ID,
        _CHANGED,
        "'key', t.key || '/' || g",
        f"'period_end', ({_DAY})::date",
        f"'net_amount', {_AMOUNT}",
    ),
    "invoice": (
        _ID,
        _CHANGED,
        f"'gross', {_AMOUNT}",
        f"'body', t.body || jsonb_build_object('invoice_date', ({_DAY})::date, 'due_date', ({_DAY})::date + 30)",
    ),
    "run": (_ID, _CHANGED, "'key', t.key || '/' || g"),
    "dead_letter": ("'event_id', t.event_id || '/' || g", f"'at', {_DAY}"),
    "audit": (_ID, f"'at', {_DAY}"),
}


TABLES = tuple(_CHANGES)


async def multiply(database: Database, tenant: str, first: int, last: int, *tables: str, few: int = 5) -> None:
    """Copies `first` to `last` of a few rows of these tables."""
    for table in tables:
        columns = await database.fetchval(_COLUMNS, table)
        statement = _COPIES.format(table=table, columns=columns, changes=", ".join(_CHANGES[table]), few=few)
        await database.execute(statement, tenant, first, last)
        await database.execute(f"analyze {table}")
