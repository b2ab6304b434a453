-- What runtime/ and gateway/ keep. Every table begins with the tenant; every query filters by it.

-- (tenant, port, instance) -> vendor, address, secret reference. scope: legal entity codes, empty = the default one.
create table connection (
    tenant text not null,
    port text not null,
    instance text not null,
    vendor text not null,
    scope text[] not null default '{}',
    base_url text not null,
    secret text,
    settings jsonb not null default '{}',
    mode text not null default 'sandbox' check (mode in ('sandbox', 'live')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant, port, instance)
);

-- A durable run of a workflow; key is what makes starting it twice one run.
create table run (
    tenant text not null,
    id text not null,
    workflow text not null,
    workflow_version integer,
    key text not null,
    state text not null default 'running',
    waiting_for jsonb,
    cancellable boolean not null default true,
    cancel_reason text,
    parent_id text,
    input jsonb not null,
    result jsonb,
    error jsonb,
    principal text not null,
    correlation_id text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version integer not null default 1,
    primary key (tenant, id),
    unique (tenant, workflow, key)
);
create index run_by_state on run (tenant, state, updated_at);
create index run_by_correlation on run (tenant, correlation_id);

create table step (
    tenant text not null,
    run_id text not null,
    position bigint generated always as identity,
    name text not null,
    kind text not null default 'step',
    attempt integer not null default 1,
    state text not null,
    waiting_for jsonb,
    retry_at timestamptz,
    exception_id text,
    resumed boolean not null default false,
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    error jsonb,
    request_hash text,
    external_ref text,
    primary key (tenant, run_id, name),
    foreign key (tenant, run_id) references run (tenant, id) on delete cascade
);

-- What others tell a run; taken by one of its waits, which a repeat of that wait finds again.
create table signal (
    tenant text not null,
    run_id text not null,
    position bigint generated always as identity,
    name text not null,
    key text not null,
    payload jsonb,
    taken_by text,
    at timestamptz not null default now(),
    primary key (tenant, run_id, name, key),
    foreign key (tenant, run_id) references run (tenant, id) on delete cascade
);

-- Executor names that ever ran; swept_at says that another slot took over what this one left.
create table slot (
    name text primary key,
    claimed_at timestamptz not null default now(),
    left_at timestamptz,
    swept_at timestamptz
);

-- The event log: rows are published in the transaction of the change they tell (ST-3) and kept by month.
create table outbox (
    tenant text not null,
    position bigint generated always as identity,
    id text not null,
    type text not null,
    source text not null,
    subject text not null,
    partitionkey text not null,
    correlation_id text not null,
    causation_id text,
    legal_entity text,
    objectversion bigint,
    occurred_at timestamptz not null,
    data jsonb not null,
    relayed_at timestamptz,
    attempts integer not null default 0,
    retry_at timestamptz,
    primary key (occurred_at, position)
) partition by range (occurred_at);
create table outbox_default partition of outbox default;
create index outbox_unrelayed on outbox (position) where relayed_at is null;
create index outbox_by_type on outbox (tenant, type, position);
create index outbox_by_subject on outbox (tenant, subject, position);
create index outbox_by_correlation on outbox (tenant, correlation_id);

-- A partitioned table cannot hold (tenant, id) unique without its partition column: this one does.
create table outbox_id (
    tenant text not null,
    id text not null,
    primary key (tenant, id)
);

-- A repeated event id changes nothing: the row is skipped, so a step that runs twice publishes once.
create function outbox_once() returns trigger language plpgsql as $$
begin
    insert into outbox_id (tenant, id) values (new.tenant, new.id) on conflict do nothing;
    if found then return new; end if;
    return null;
end $$;
create trigger outbox_once before insert on outbox for each row execute function outbox_once();

-- Wakes the relay at commit; notices of one transaction are one.
create function outbox_wake() returns trigger language plpgsql as $$
begin
    perform pg_notify('outbox', '');
    return null;
end $$;
create trigger outbox_wake after insert on outbox for each statement execute function outbox_wake();

-- Makes the partitions of the given instant's month and of the months after it; a month whose rows already went to
-- the default partition stays there.
create function outbox_months(first timestamptz, months integer default 3) returns void language plpgsql as $$
declare
    opens timestamptz;
    closes timestamptz;
    partition_name text;
begin
    for ahead in 0 .. months - 1 loop
        opens := (date_trunc('month', first at time zone 'UTC') + make_interval(months => ahead)) at time zone 'UTC';
        closes := ((opens at time zone 'UTC') + interval '1 month') at time zone 'UTC';
        partition_name := 'outbox_' || to_char(opens at time zone 'UTC', 'YYYY_MM');
        continue when to_regclass(partition_name) is not null;
        continue when exists (select from outbox_default where occurred_at >= opens and occurred_at < closes);
        execute format('create table %I partition of outbox for values from (%L) to (%L)', partition_name, opens, closes);
    end loop;
end $$;
do $$ begin perform outbox_months(now()); end $$;

-- At-least-once delivery, exactly-once effect: a subscriber marks the event in the transaction of its effect.
create table delivered (
    tenant text not null,
    subscriber text not null,
    event_id text not null,
    at timestamptz not null default now(),
    primary key (tenant, subscriber, event_id)
);

create table dead_letter (
    tenant text not null,
    subscriber text not null,
    event_id text not null,
    attempts integer not null,
    error jsonb not null,
    at timestamptz not null default now(),
    primary key (tenant, subscriber, event_id)
);

-- One row per webhook delivery or swept change.
create table inbox (
    tenant text not null,
    position bigint generated always as identity,
    connection text not null,
    delivery_id text not null,
    kind text not null,
    payload jsonb not null,
    received_at timestamptz not null default now(),
    processed_at timestamptz,
    attempts integer not null default 0,
    retry_at timestamptz,
    error jsonb,
    primary key (tenant, connection, delivery_id)
);
create index inbox_unprocessed on inbox (position) where processed_at is null;
create function inbox_wake() returns trigger language plpgsql as $$
begin
    perform pg_notify('inbox', '');
    return null;
end $$;
create trigger inbox_wake after insert on inbox for each statement execute function inbox_wake();

-- How far a change feed was read.
create table cursor (
    tenant text not null,
    feed text not null,
    position jsonb not null,
    swept_at timestamptz not null,
    primary key (tenant, feed)
);

-- Cross references (ID-2).
create table link (
    tenant text not null,
    canonical_id text not null,
    system text not null,
    object text not null,
    external_id text not null,
    external_number text,
    is_primary boolean not null default true,
    valid_from timestamptz not null default now(),
    valid_to timestamptz
);
create unique index link_external on link (tenant, system, object, external_id) where valid_to is null;
create unique index link_primary on link (tenant, canonical_id, system, object) where valid_to is null and is_primary;
create index link_history on link (tenant, canonical_id);

-- Idempotency-Key: a row is the intent while leased, the reply once committed.
create table idempotency (
    tenant text not null,
    client text not null,
    method text not null,
    route text not null,
    key text not null,
    fingerprint bytea not null,
    state text not null default 'pending' check (state in ('pending', 'done')),
    lease_until timestamptz,
    status integer,
    headers jsonb,
    body bytea,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    primary key (tenant, client, method, route, key)
);
create index idempotency_expiry on idempotency (expires_at);

-- Who did what, with which outcome; never the payload. Append-only; the sealer chains hashes over batches.
create table audit (
    tenant text not null,
    position bigint generated always as identity primary key,
    id text not null,
    at timestamptz not null default now(),
    client text,
    principal text,
    operation text,
    method text,
    path text,
    status integer,
    problem text,
    correlation_id text,
    request_id text,
    object text,
    facts jsonb not null default '{}',
    unique (tenant, id)
);
create index audit_by_tenant on audit (tenant, position);
create index audit_by_correlation on audit (tenant, correlation_id);

-- One batch of the chain: `leaves` are the SHA-256 of the rows at `positions`, 32 bytes each, in that order;
-- hash = SHA-256(previous_hash, positions, leaves). Positions need not be dense: a row may commit after a later one was sealed.
create table audit_seal (
    tenant text not null,
    number bigint not null,
    positions bigint[] not null,
    leaves bytea not null,
    previous_hash bytea not null,
    hash bytea not null,
    sealed_at timestamptz not null default now(),
    primary key (tenant, number)
);
create index audit_seal_by_time on audit_seal (tenant, sealed_at);

create function append_only() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger audit_append_only before update or delete or truncate on audit
    for each statement execute function append_only();
create trigger audit_seal_append_only before update or delete or truncate on audit_seal
    for each statement execute function append_only();

-- Quota spent, per calendar month; what a lost counter starts from.
create table usage (
    tenant text not null,
    client text not null,
    month date not null,
    policy text not null,
    count bigint not null default 0,
    updated_at timestamptz not null default now(),
    primary key (tenant, client, month, policy)
);

-- API keys: keyed hash only; the prefix is what people may see.
create table api_key (
    tenant text not null,
    id text not null,
    prefix text not null,
    hash bytea not null unique,
    client text not null,
    scopes text[] not null default '{}',
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    primary key (tenant, id)
);
create index api_key_by_prefix on api_key (prefix);
