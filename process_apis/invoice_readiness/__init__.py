"""Controlled billing: readiness of bill groups, draft, approval, posting (domain rules 4f)."""
