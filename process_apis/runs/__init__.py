"""Runs of all workflows: looking at them and steering them."""
