-- What the figures above the billing queue are made of: since when an item is in its state, what it holds by day of
-- approval, what was invoiced when, and what people had to mend. Still made of events alone.

alter table finance_item add column since timestamptz;
update finance_item set since = changed_at;
alter table finance_item alter column since set not null;
alter table finance_item add column unbilled jsonb not null default '[]';

alter table finance_transaction add column approved_at timestamptz;
alter table finance_transaction add column invoiced_at timestamptz;
create index finance_transaction_invoiced on finance_transaction (tenant, invoiced_at) where invoiced_at is not null;

create table finance_invoice (
    tenant text not null,
    id text not null,
    item_id text not null,
    currency text not null,
    net numeric(20, 4) not null,
    draft_version integer not null,
    subjects text[] not null,
    posted_at timestamptz not null,
    primary key (tenant, id)
);
create index finance_invoice_posted on finance_invoice (tenant, posted_at);

create table finance_exception (
    tenant text not null,
    event_id text not null,
    subject text not null,
    opened_at timestamptz not null,
    primary key (tenant, event_id)
);
create index finance_exception_by_subject on finance_exception (tenant, subject, opened_at);
