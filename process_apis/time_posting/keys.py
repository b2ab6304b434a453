"""The external key of a transaction's line in the ERP: the same in every run and retry (WF-3)."""

from contracts.process.time_posting import Transaction


def posting_key(transaction: Transaction) -> str:
    """`txn_...:1`; a reversal adds `:r`."""
    return f"{transaction.id}:{transaction.rating_version}"
