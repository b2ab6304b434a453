-- Who works on an exception; empty while nobody does. The work list reads what is not settled.

alter table business_exception add column assignee text;
create index exception_unsettled on business_exception (tenant, due_at)
    where state in ('open', 'acknowledged', 'in_progress');
