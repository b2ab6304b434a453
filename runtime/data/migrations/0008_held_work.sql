-- Dead letters are named, know what they are about and where in the log it stands, and stay when they are discarded: what
-- was given up must not come back with the replay of another reader's letter.

alter table dead_letter add column id text not null
    generated always as ('dl_' || md5(subscriber || chr(31) || event_id)) stored;
alter table dead_letter add column what text;
alter table dead_letter add column occurred_at timestamptz;
alter table dead_letter add column correlation_id text not null default '';
alter table dead_letter add column discarded_at timestamptz;
create unique index dead_letter_by_id on dead_letter (tenant, id);
create index step_for_a_person on step (tenant, run_id) where state = 'waiting' and waiting_for->>'kind' = 'person';
