-- What the worker looks for every few seconds must not read whole tables: lines on their way to the ledger, entries in
-- exception, overage above caps, bookings and milestones of a project.
create index transaction_on_its_way on billable_transaction (tenant, posting_run_id)
    where erp_ref is null and posting_run_id is not null and state in ('rated', 'excluded');
create index transaction_in_exception on billable_transaction (tenant, updated_at) where state = 'exception';
create index transaction_overage on billable_transaction (tenant, contract_id) where state = 'held' and part = 'overage';
create index replica_by_project on replica (tenant, kind, (body->>'project_ref'));
