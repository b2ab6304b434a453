-- What the backlogs held on each day: by how much the changes of a day (UTC) moved them. What was there on a day is the sum of
-- all days up to it. Appended where rows of the view change, and folded together by the worker like other sums.

create table finance_level (
    tenant text not null,
    day date not null,
    queue_view text not null,
    currency text not null,
    net numeric not null,
    unbilled numeric not null,
    folded boolean not null default false
);
create index finance_level_by_day on finance_level (tenant, day);
create index finance_level_unfolded on finance_level (tenant) where not folded;

create function finance_unbilled(unbilled jsonb) returns numeric language sql immutable as $$
    select coalesce(sum((u->>'amount')::numeric), 0) from jsonb_array_elements($1) as u
$$;

create function finance_item_levelled() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into finance_level
        select tenant, (changed_at at time zone 'UTC')::date, queue_view, currency, sum(net_amount), sum(finance_unbilled(unbilled))
        from come where filled and state not in ('billed', 'skipped') group by 1, 2, 3, 4;
    else
        insert into finance_level
        select c.tenant, (c.changed_at at time zone 'UTC')::date, p.queue_view, p.currency, sum(p.net), sum(p.unbilled)
        from come c join gone g on g.tenant = c.tenant and g.id = c.id
        cross join lateral (values
            (g.queue_view, g.currency, -g.net_amount, -finance_unbilled(g.unbilled), g.filled and g.state not in ('billed', 'skipped')),
            (c.queue_view, c.currency, c.net_amount, finance_unbilled(c.unbilled), c.filled and c.state not in ('billed', 'skipped'))
        ) as p (queue_view, currency, net, unbilled, there)
        where p.there group by 1, 2, 3, 4 having sum(p.net) <> 0 or sum(p.unbilled) <> 0;
    end if;
    return null;
end $$;
create trigger finance_item_level_came after insert on finance_item
    referencing new table as come for each statement execute function finance_item_levelled();
create trigger finance_item_level_changed after update on finance_item
    referencing old table as gone new table as come for each statement execute function finance_item_levelled();

-- What is there already.
insert into finance_level
select tenant, (changed_at at time zone 'UTC')::date, queue_view, currency, sum(net_amount), sum(finance_unbilled(unbilled)), true
from finance_item where filled and state not in ('billed', 'skipped') group by 1, 2, 3, 4;
