-- Which keys wait for a retry: asked for every batch of the relay, so it must not read the whole backlog.
create index outbox_postponed on outbox (tenant, partitionkey, position) where relayed_at is null and retry_at is not null;
