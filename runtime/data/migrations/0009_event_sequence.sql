-- In which transaction an event was published: readers of the log go by (xact, position) and stop where a transaction is
-- still open, so that none is passed over.
alter table outbox add column xact xid8 not null default pg_current_xact_id();
create index outbox_by_xact on outbox (tenant, xact, position);
