"""Held work: what waits for a person's decision, and what that decision does."""
