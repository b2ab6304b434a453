"""Approved time on its way to the ERP: intake, validation, rating, caps, posting (domain rules 4c)."""
