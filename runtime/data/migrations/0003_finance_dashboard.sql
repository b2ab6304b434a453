-- The finance view: made of events alone, may be dropped and rebuilt. Instants are those of the events, never now().

create table finance_item (
    tenant text not null,
    id text not null,
    version integer not null,
    key text not null,
    state text not null,
    currency text not null,
    period_end date not null,
    net_amount numeric(20, 4) not null,
    hours numeric(12, 4) not null,
    transaction_count integer not null,
    evaluated boolean not null,
    failed text[] not null,
    drafted text[] not null,
    body jsonb not null,
    checks jsonb not null,
    changed_at timestamptz not null,
    primary key (tenant, id)
);
create index finance_item_by_state on finance_item (tenant, state);

create table finance_transaction (
    tenant text not null,
    id text not null,
    version integer not null,
    state text not null,
    part text not null,
    currency text not null,
    amount numeric(20, 4) not null,
    hours numeric(12, 4) not null,
    changed_at timestamptz not null,
    primary key (tenant, id)
);
create index finance_transaction_by_state on finance_transaction (tenant, state, currency);

create table finance_timeline (
    tenant text not null,
    event_id text not null,
    item_id text not null,
    version integer not null,
    at timestamptz not null,
    system text not null,
    what text not null,
    actor text,
    primary key (tenant, event_id)
);
create index finance_timeline_by_item on finance_timeline (tenant, item_id, at);
