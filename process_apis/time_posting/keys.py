"""Keys: of a transaction's line in the ERP, the same in every run and retry (WF-3), and of what the ERP said about it."""

from contracts.process.time_posting import Transaction

# Rule keys of exceptions that only the ERP's acceptance clears begin so.
POSTING = "posting/"


def posting_key(transaction: Transaction) -> str:
    """`txn_...:1`; a reversal adds `:r`."""
    return f"{transaction.id}:{transaction.rating_version}"


def refusal_key(transaction: Transaction) -> str:
    """One open refusal for each part of an entry, whichever of its transactions was refused."""
    return POSTING + transaction.part
