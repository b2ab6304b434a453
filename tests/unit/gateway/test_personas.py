"""Who may do what in the sandbox keeps duties apart (SOD-1, section 0.2)."""

from gateway.personas import PERSONAS

HELD = {p.id: p for p in PERSONAS if p.tenant is None}


def holders(scope: str) -> set[str]:
    return {name for name, persona in HELD.items() if persona.scopes([scope])}


def test_only_finance_control_waives() -> None:
    assert holders("exceptions:waive") == {"finance-controller"}


def test_nobody_sees_cost_rates_without_being_given_them() -> None:
    known = ["hcm:read", "registers:read"]
    assert not any("hcm:cost" in persona.scopes(known) for persona in PERSONAS)


def test_who_only_drafts_neither_approves_nor_posts() -> None:
    analyst = HELD["billing-analyst"].scopes(["invoices:draft", "invoices:approve", "invoices:post"])
    assert analyst == ("invoices:draft",)
