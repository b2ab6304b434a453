-- What the hub itself owns, one table per object of domain rules 2.2. `body` holds the object's terms as JSON; columns
-- hold what queries filter, join or sum. Every table begins with the tenant; every query filters by it.

create table customer (
    tenant text not null,
    id text not null,
    version integer not null default 1,
    status text not null,
    name text not null,
    country text not null,
    tax_id text,
    body jsonb not null,
    correlation_id text not null,
    updated_at timestamptz not null,
    primary key (tenant, id)
);
create index customer_by_tax_id on customer (tenant, tax_id) where tax_id is not null;

create table project (
    tenant text not null,
    id text not null,
    version integer not null default 1,
    status text not null,
    code text not null,
    customer_id text not null,
    legal_entity_id text not null,
    body jsonb not null,
    correlation_id text not null,
    updated_at timestamptz not null,
    primary key (tenant, id),
    unique (tenant, legal_entity_id, code)
);

create table contract (
    tenant text not null,
    id text not null,
    version integer not null default 1,
    contract_version integer not null default 1,
    state text not null,
    customer_id text not null,
    legal_entity_id text not null,
    currency text not null,
    opportunity_id text,
    body jsonb not null,
    correlation_id text not null,
    updated_at timestamptz not null,
    primary key (tenant, id)
);
create index contract_by_deal on contract (tenant, opportunity_id) where opportunity_id is not null;

create table contract_line (
    tenant text not null,
    id text not null,
    contract_id text not null,
    project_id text not null,
    position integer not null,
    body jsonb not null,
    primary key (tenant, id),
    foreign key (tenant, contract_id) references contract (tenant, id)
);
create index contract_line_by_project on contract_line (tenant, project_id);
create index contract_line_by_contract on contract_line (tenant, contract_id);

create table rate_card (
    tenant text not null,
    id text not null,
    version integer not null default 1,
    card_version integer not null,
    state text not null,
    scope text not null,
    scope_key text not null,
    author text not null,
    effective_from date not null,
    effective_to date,
    body jsonb not null,
    correlation_id text not null,
    updated_at timestamptz not null,
    primary key (tenant, id)
);
create index rate_card_by_scope on rate_card (tenant, scope, scope_key);

create table policy (
    tenant text not null,
    id text not null,
    version integer not null default 1,
    kind text not null,
    scope text not null,
    scope_ref text,
    effective_from date not null,
    effective_to date,
    approved_by text not null,
    body jsonb not null,
    correlation_id text not null,
    updated_at timestamptz not null,
    primary key (tenant, id)
);
create index policy_by_kind on policy (tenant, kind);

-- Where the cost of a resource's cost center on a project's entity is booked (CCM-1).
create table cost_center_map (
    tenant text not null,
    cost_center text not null,
    legal_entity_id text not null,
    kind text not null,
    effective_from date not null,
    effective_to date,
    version integer not null default 1,
    body jsonb not null,
    correlation_id text not null,
    updated_at timestamptz not null,
    primary key (tenant, cost_center, legal_entity_id, kind, effective_from)
);

-- Replicas of what other systems own, refreshed by sweeps: periods, tax codes, rates, entities, workers, ERP customers.
create table replica (
    tenant text not null,
    kind text not null,
    key text not null,
    instance text not null,
    body jsonb not null,
    changed_at timestamptz not null,
    primary key (tenant, kind, key)
);

-- When each connected system was last read, per feed.
create table feed (
    tenant text not null,
    instance text not null,
    feed text not null,
    read_at timestamptz not null,
    primary key (tenant, instance, feed)
);

-- Time entries as their tools state them; version counts changes of content (ID-3).
create table time_entry (
    tenant text not null,
    id text not null,
    version integer not null default 1,
    source_ref text not null,
    fingerprint text not null,
    project_id text,
    worker_number text,
    worked_on date not null,
    hours numeric(9, 4) not null,
    status text not null,
    billable boolean not null,
    body jsonb not null,
    correlation_id text not null,
    updated_at timestamptz not null,
    primary key (tenant, id),
    unique (tenant, source_ref)
);
create index time_entry_by_project on time_entry (tenant, project_id, worked_on);
create index time_entry_by_worker on time_entry (tenant, worker_number, worked_on);

create table billable_transaction (
    tenant text not null,
    id text not null,
    version integer not null default 1,
    kind text not null,
    source_id text not null,
    source_version integer not null,
    source_ref text not null,
    part text not null,
    rating_version integer not null default 1,
    state text not null,
    contract_id text,
    contract_line_id text,
    project_id text,
    bill_to_id text,
    legal_entity_id text,
    service_date date not null,
    posting_date date,
    approved_at timestamptz,
    hours numeric(12, 4) not null,
    quantity numeric(12, 4) not null,
    bill_rate numeric(18, 4),
    amount numeric not null,
    currency text,
    cost_amount numeric,
    cost_currency text,
    erp_ref text,
    posting_key text,
    posting_run_id text,
    queued_at timestamptz,
    invoice_id text,
    bill_group_id text,
    codes text[] not null default '{}',
    body jsonb not null,
    correlation_id text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (tenant, id)
);
-- TXN-1: one live set per source version.
create unique index transaction_live on billable_transaction (tenant, source_id, source_version, part, rating_version)
    where state <> 'reversed';
create index transaction_by_source on billable_transaction (tenant, source_id);
create index transaction_by_contract on billable_transaction (tenant, contract_id, state);
create index transaction_by_line on billable_transaction (tenant, contract_line_id, service_date);
create index transaction_by_group on billable_transaction (tenant, bill_group_id);
create index transaction_by_invoice on billable_transaction (tenant, invoice_id) where invoice_id is not null;
create index transaction_to_post on billable_transaction (tenant, legal_entity_id)
    where posting_run_id is null and erp_ref is null and state in ('rated', 'excluded');

create table bill_group (
    tenant text not null,
    id text not null,
    version integer not null default 1,
    key text not null,
    state text not null,
    contract_id text not null,
    customer_id text not null,
    legal_entity_id text not null,
    currency text not null,
    period_start date not null,
    period_end date not null,
    readiness_version integer not null default 0,
    percent integer not null default 0,
    net_amount numeric not null default 0,
    hours numeric(12, 4) not null default 0,
    transaction_count integer not null default 0,
    failed text[] not null default '{}',
    warnings text[] not null default '{}',
    invoice_id text,
    dirty_since timestamptz,
    evaluated_at timestamptz,
    body jsonb not null,
    readiness jsonb,
    correlation_id text not null,
    updated_at timestamptz not null,
    primary key (tenant, id),
    unique (tenant, key)
);
create index bill_group_by_state on bill_group (tenant, state);
create index bill_group_by_contract on bill_group (tenant, contract_id, period_start);
create index bill_group_dirty on bill_group (dirty_since) where dirty_since is not null;

create table invoice (
    tenant text not null,
    id text not null,
    version integer not null default 1,
    draft_version integer not null default 1,
    state text not null,
    bill_group_id text not null,
    contract_id text not null,
    customer_id text not null,
    legal_entity_id text not null,
    currency text not null,
    net numeric not null,
    tax numeric not null,
    gross numeric not null,
    prepared_by text not null,
    approved_by text,
    erp_ref text,
    erp_number text,
    run_id text,
    body jsonb not null,
    correlation_id text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (tenant, id)
);
create index invoice_by_group on invoice (tenant, bill_group_id);
create index invoice_by_state on invoice (tenant, state, created_at);

create table business_exception (
    tenant text not null,
    id text not null,
    version integer not null default 1,
    code text not null,
    object_id text not null,
    rule_key text not null,
    state text not null,
    severity text not null,
    owner_role text not null,
    run_id text,
    step text,
    contract_id text,
    amount_at_risk numeric,
    currency text,
    created_at timestamptz not null,
    due_at timestamptz not null,
    breached_at timestamptz,
    resolved_at timestamptz,
    resolved_by_person boolean not null default false,
    resolution text,
    facts jsonb not null default '{}',
    correlation_id text not null,
    updated_at timestamptz not null,
    primary key (tenant, id)
);
-- EXC-1: one open exception per (code, object, rule key).
create unique index exception_open on business_exception (tenant, code, object_id, rule_key)
    where state in ('open', 'acknowledged', 'in_progress');
create index exception_by_state on business_exception (tenant, state, due_at);
create index exception_by_contract on business_exception (tenant, contract_id) where contract_id is not null;
create index exception_by_object on business_exception (tenant, object_id);

-- Audit of every state change of a register (ST-3, AUD-2): who, when, what before and after.
create table history (
    tenant text not null,
    position bigint generated always as identity primary key,
    object text not null,
    object_id text not null,
    version integer not null,
    command text not null,
    state_before text,
    state_after text not null,
    actor text not null,
    reason text,
    facts jsonb not null default '{}',
    correlation_id text not null,
    at timestamptz not null
);
create index history_by_object on history (tenant, object_id, position);
create trigger history_append_only before update or delete or truncate on history
    for each statement execute function append_only();
