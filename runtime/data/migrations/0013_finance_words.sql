-- What is looked for, and what straight-through billing asks of an item, are read from one index. It holds bounded values only:
-- an entry of an index has to fit a third of a page. Projects, of which an item may have many, have an index of their own.

drop index finance_item_words;
drop index finance_item_by_client;
alter table finance_item drop column client, drop column named;
alter table finance_item
    add column client text generated always as (lower(left(body->>'customer_name', 200))) stored,
    add column named text generated always as (
        lower(left(body->>'customer_name', 200) || chr(10) || left(body->>'contract_name', 200))) stored,
    add column waived boolean generated always as (coalesce(jsonb_array_length(body->'waivers'), 0) > 0) stored;
create index finance_item_by_client on finance_item (tenant, queue_view, (client collate "C"), (key collate "C")) where shown;
create index finance_item_words on finance_item (tenant, id) include (named, invoice, period_end, waived);
create index finance_item_projects on finance_item using gin (projects);
