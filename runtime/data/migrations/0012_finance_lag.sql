-- Days from approval to invoice as sums too: `lag`, how many transactions were invoiced on a day (UTC) so many days after their
-- approval (`label`, one decimal), from which medians are read without reading transactions.

drop index finance_transaction_invoiced;
drop index finance_sum_by_kind;
create index finance_sum_by_kind on finance_sum (tenant, kind, day);

create function finance_lag_days(approved_at timestamptz, invoiced_at timestamptz) returns text language sql stable as $$
    select round(extract(epoch from $2 - $1) / 86400, 1)::text
$$;

create or replace function finance_transaction_summed() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        insert into finance_sum
        select tenant, 'transaction', state, currency, '', part, null, true, true, -count(*), -sum(amount), -sum(hours)
        from gone group by tenant, state, currency, part
        union all
        select tenant, 'lag', 'invoiced', '', '', finance_lag_days(approved_at, invoiced_at),
               (invoiced_at at time zone 'UTC')::date, true, true, -count(*), 0, 0
        from gone where invoiced_at is not null and approved_at is not null group by 1, 6, 7;
    end if;
    if tg_op <> 'DELETE' then
        insert into finance_sum
        select tenant, 'transaction', state, currency, '', part, null, true, true, count(*), sum(amount), sum(hours)
        from come group by tenant, state, currency, part
        union all
        select tenant, 'lag', 'invoiced', '', '', finance_lag_days(approved_at, invoiced_at),
               (invoiced_at at time zone 'UTC')::date, true, true, count(*), 0, 0
        from come where invoiced_at is not null and approved_at is not null group by 1, 6, 7;
    end if;
    return null;
end $$;

insert into finance_sum
select tenant, 'lag', 'invoiced', '', '', finance_lag_days(approved_at, invoiced_at),
       (invoiced_at at time zone 'UTC')::date, true, true, count(*), 0, 0, true
from finance_transaction where invoiced_at is not null and approved_at is not null group by 1, 6, 7;
