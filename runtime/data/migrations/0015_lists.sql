-- Lists can be asked for in several orders, and for what changed since an instant: every order has an index, and every filter that
-- picks few of many rows.

create index customer_by_status on customer (tenant, status, id);
create index customer_by_name on customer (tenant, (lower(name) collate "C"), id);
create index customer_changed on customer (tenant, updated_at, id);

create index project_by_status on project (tenant, status, id);
create index project_by_customer on project (tenant, customer_id, id);
create index project_by_code on project (tenant, (code collate "C"), id);
create index project_by_name on project (tenant, (lower(body->>'name') collate "C"), id);
create index project_changed on project (tenant, updated_at, id);

create index contract_by_state on contract (tenant, state, id);
create index contract_by_customer on contract (tenant, customer_id, id);
create index contract_by_entity on contract (tenant, legal_entity_id, id);
create index contract_by_start on contract (tenant, ((body->>'start') collate "C"), id);
create index contract_by_end on contract (tenant, (coalesce(body->>'end', 'open') collate "C"), id);
create index contract_changed on contract (tenant, updated_at, id);

create index rate_card_by_state on rate_card (tenant, state, id);
create index rate_card_by_start on rate_card (tenant, effective_from, id);
create index rate_card_changed on rate_card (tenant, updated_at, id);

create index policy_by_scope on policy (tenant, scope, scope_ref);
create index policy_by_start on policy (tenant, effective_from, id);
create index policy_changed on policy (tenant, updated_at, id);

create index cost_center_map_by_entity on cost_center_map (tenant, legal_entity_id, kind);
create index cost_center_map_by_start on cost_center_map (tenant, effective_from, cost_center, legal_entity_id, kind);

create index transaction_by_project on billable_transaction (tenant, project_id, id);
create index transaction_by_source_ref on billable_transaction (tenant, source_ref);
create index transaction_by_day on billable_transaction (tenant, service_date, id);
create index transaction_changed on billable_transaction (tenant, updated_at, id);

alter table bill_group
    add column rank smallint generated always as (
        case state when 'ready' then 1 when 'ready_with_warnings' then 2 when 'blocked' then 3 when 'collecting' then 4
                   when 'drafted' then 5 when 'billed' then 6 else 7 end) stored,
    add column shown boolean generated always as (
        transaction_count > 0 or evaluated_at is null or state in ('drafted', 'billed')) stored;
create index bill_group_by_rank on bill_group (tenant, rank, period_end, (-net_amount), id) where shown;
create index bill_group_by_amount on bill_group (tenant, net_amount, id) where shown;
create index bill_group_by_end on bill_group (tenant, period_end, id) where shown;
create index bill_group_changed on bill_group (tenant, updated_at, id) where shown;
create index bill_group_by_customer on bill_group (tenant, customer_id, id);
create index bill_group_by_project on bill_group using gin ((body->'project_ids'));

create index invoice_by_customer on invoice (tenant, customer_id, id);
create index invoice_by_contract on invoice (tenant, contract_id, id);
create index invoice_by_entity on invoice (tenant, legal_entity_id, id);
create index invoice_by_number on invoice (tenant, erp_number) where erp_number is not null;
create index invoice_by_date on invoice (tenant, ((body->>'invoice_date') collate "C"), id);
create index invoice_by_due_date on invoice (tenant, ((body->>'due_date') collate "C"), id);
create index invoice_by_gross on invoice (tenant, gross, id);
create index invoice_changed on invoice (tenant, updated_at, id);

create index exception_by_due on business_exception (tenant, due_at, id);
create index exception_by_risk on business_exception (tenant, (coalesce(amount_at_risk, 0)), id);
create index exception_changed on business_exception (tenant, updated_at, id);

create index run_changed on run (tenant, updated_at, id);
create index audit_by_time on audit (tenant, at, position);
