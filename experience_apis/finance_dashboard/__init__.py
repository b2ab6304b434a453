"""The finance view: the billing queue with figures, one item with its checks, freshness."""
