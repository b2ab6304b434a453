-- Figures of the queue are sums over all items: read from an index, not from rows that hold whole items.
create index finance_item_figures on finance_item (tenant, state, currency)
    include (net_amount, hours, transaction_count, evaluated, since);
