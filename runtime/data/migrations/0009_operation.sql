-- Where in a trace the row was written: what is made of it stands below that (W3C Trace Context).
alter table run add column traceparent text;
alter table outbox add column traceparent text;
alter table inbox add column traceparent text;
-- What operators look at every few seconds must not read whole tables.
create index run_unfinished on run (state, workflow, updated_at) where state in ('running', 'waiting', 'compensating', 'failed');
create index exception_unresolved on business_exception (code, severity, due_at)
    where state in ('open', 'acknowledged', 'in_progress');
-- The database's own name: a state directory remembers which one it belongs to.
create table installation (
    id text primary key default gen_random_uuid()::text,
    made_at timestamptz not null default now()
);
insert into installation default values;
