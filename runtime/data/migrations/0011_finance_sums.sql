-- Figures of the queue are sums over all its items. They are kept beside the rows as changes: whoever changes rows appends
-- what went and what came, so that nobody waits for anybody, and the worker folds the changes together now and then. Pages
-- of the queue are read from an index in each of its orders.

alter table finance_item
    add column legal_entity text generated always as (coalesce(body->>'legal_entity_id', '')) stored,
    add column client text generated always as (lower(body->>'customer_name')) stored,
    add column named text generated always as (lower((body->>'customer_name') || chr(10) || (body->>'contract_name'))) stored,
    add column invoice text generated always as (body->>'invoice_id') stored,
    add column projects jsonb generated always as (body->'project_ids') stored,
    add column rank smallint generated always as (
        case state when 'ready' then 1 when 'ready_with_warnings' then 2 when 'blocked' then 3 when 'collecting' then 4
                   when 'drafted' then 5 when 'billed' then 6 else 7 end) stored,
    add column queue_view text generated always as (
        case state when 'ready' then 'ready' when 'ready_with_warnings' then 'ready' when 'blocked' then 'blocked'
                   when 'drafted' then 'posting' when 'billed' then 'posted' else '' end) stored,
    add column filled boolean generated always as (transaction_count > 0) stored,
    -- A group that lost all its items before it was billed is not shown.
    add column shown boolean generated always as (
        transaction_count > 0 or not evaluated or state in ('drafted', 'billed')) stored;

drop index finance_item_by_state;
drop index finance_item_figures;
create index finance_item_by_rank on finance_item (tenant, rank, period_end, (-net_amount), (key collate "C")) where shown;
create index finance_item_by_amount on finance_item (tenant, queue_view, (-net_amount), (key collate "C")) where shown;
create index finance_item_by_hours on finance_item (tenant, queue_view, (-hours), (key collate "C")) where shown;
create index finance_item_by_client on finance_item (tenant, queue_view, (client collate "C"), (key collate "C")) where shown;
create index finance_item_by_age on finance_item (tenant, queue_view, since, (key collate "C")) where shown;
create index finance_item_words on finance_item (tenant, id) include (named, invoice, projects);

create index finance_transaction_queued on finance_transaction (tenant, changed_at) where state = 'queued';
drop index finance_transaction_invoiced;
create index finance_transaction_invoiced on finance_transaction (tenant, invoiced_at) include (approved_at)
    where invoiced_at is not null;

-- `kind` says what is summed: `item` by entity and end of period; `reason`, items by entity and what blocks them (`label`);
-- `age`, their approved value by day of approval; `transaction` by part (`label`).
create table finance_sum (
    tenant text not null,
    kind text not null,
    state text not null,
    currency text not null,
    legal_entity text not null,
    label text not null,
    day date,
    filled boolean not null,
    shown boolean not null,
    count bigint not null,
    amount numeric not null,
    hours numeric not null,
    folded boolean not null default false
);
create index finance_sum_by_kind on finance_sum (tenant, kind);
create index finance_sum_unfolded on finance_sum (tenant) where not folded;

-- What one item counts for.
create function finance_item_parts(
    entity text, period_end date, net_amount numeric, net_hours numeric, failed text[], unbilled jsonb
) returns table (kind text, legal_entity text, label text, day date, count bigint, amount numeric, hours numeric)
language sql stable as $$
    select 'item', $1, '', $2, 1::bigint, $3, $4
    union all
    select distinct 'reason', $1, code, null::date, 1::bigint, $3, $4 from unnest($5) as code
    union all
    select 'age', '', '', (u->>'on')::date, 1::bigint, (u->>'amount')::numeric, 0 from jsonb_array_elements($6) as u
$$;

create function finance_item_summed() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        insert into finance_sum
        select i.tenant, p.kind, i.state, i.currency, p.legal_entity, p.label, p.day, i.filled, i.shown,
               -sum(p.count), -sum(p.amount), -sum(p.hours)
        from gone i, finance_item_parts(i.legal_entity, i.period_end, i.net_amount, i.hours, i.failed, i.unbilled) p
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9;
    end if;
    if tg_op <> 'DELETE' then
        insert into finance_sum
        select i.tenant, p.kind, i.state, i.currency, p.legal_entity, p.label, p.day, i.filled, i.shown,
               sum(p.count), sum(p.amount), sum(p.hours)
        from come i, finance_item_parts(i.legal_entity, i.period_end, i.net_amount, i.hours, i.failed, i.unbilled) p
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9;
    end if;
    return null;
end $$;
create trigger finance_item_came after insert on finance_item
    referencing new table as come for each statement execute function finance_item_summed();
create trigger finance_item_changed after update on finance_item
    referencing old table as gone new table as come for each statement execute function finance_item_summed();
create trigger finance_item_went after delete on finance_item
    referencing old table as gone for each statement execute function finance_item_summed();

create function finance_transaction_summed() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        insert into finance_sum
        select tenant, 'transaction', state, currency, '', part, null, true, true, -count(*), -sum(amount), -sum(hours)
        from gone group by tenant, state, currency, part;
    end if;
    if tg_op <> 'DELETE' then
        insert into finance_sum
        select tenant, 'transaction', state, currency, '', part, null, true, true, count(*), sum(amount), sum(hours)
        from come group by tenant, state, currency, part;
    end if;
    return null;
end $$;
create trigger finance_transaction_came after insert on finance_transaction
    referencing new table as come for each statement execute function finance_transaction_summed();
create trigger finance_transaction_changed after update on finance_transaction
    referencing old table as gone new table as come for each statement execute function finance_transaction_summed();
create trigger finance_transaction_went after delete on finance_transaction
    referencing old table as gone for each statement execute function finance_transaction_summed();

-- What is there already.
insert into finance_sum
select i.tenant, p.kind, i.state, i.currency, p.legal_entity, p.label, p.day, i.filled, i.shown,
       sum(p.count), sum(p.amount), sum(p.hours), true
from finance_item i, finance_item_parts(i.legal_entity, i.period_end, i.net_amount, i.hours, i.failed, i.unbilled) p
group by 1, 2, 3, 4, 5, 6, 7, 8, 9;
insert into finance_sum
select tenant, 'transaction', state, currency, '', part, null, true, true, count(*), sum(amount), sum(hours), true
from finance_transaction group by tenant, state, currency, part;
