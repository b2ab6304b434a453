"""The rules of the house, one idea a file; `test_house_rules.py` runs them, `python -m tests.contract.house` shows them."""
