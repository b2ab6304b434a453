"""Vocabulary of the product: every struct, port, event and error, on paper."""
