"""The draft that facts come to: tax codes, discount before retainer, functional amounts."""

from datetime import date
from decimal import Decimal

from contracts.canon.party import Address
from contracts.process.register_objects import RetainerBalance, VolumeTier
from process_apis.invoice_readiness.findings import judge
from tests.unit.process_apis.invoice_readiness.billing_facts import debtor, facts, transaction


def test_foreign_business_pays_by_reverse_charge_or_out_of_scope() -> None:
    for country, code in (("FR", "DE-RC"), ("CH", "DE-EX"), ("DE", "DE-S19")):
        address = Address(street="x", city="y", country=country)
        (line,) = judge(facts(debtor=debtor(address=address))).assembly.lines
        assert line.tax_code == code


def test_a_draft_has_lines_then_discount_then_retainer() -> None:
    tiers = (VolumeTier(from_=Decimal(0), pct=Decimal(0)), VolumeTier(from_=Decimal(1000), pct=Decimal(10)))
    retainer = RetainerBalance(
        id="ret_1",
        state="posted",
        available=Decimal("5000.00"),
        tax_code="DE-S19",
        posted_on=date(2026, 1, 1),
    )
    assembly = judge(facts(terms={"volume_tiers": tiers, "retainer": retainer})).assembly
    assert [(line.id, line.kind, line.amount) for line in assembly.lines] == [
        ("1", "time", Decimal("1200.00")),
        ("2", "discount", Decimal("-20.00")),
        ("3", "retainer", Decimal("-1180.00")),
    ]
    assert (assembly.totals.net, assembly.totals.gross, assembly.drawn) == (
        Decimal("0.00"),
        Decimal("0.00"),
        Decimal("1180.00"),
    )


def test_the_functional_amounts_convert_at_the_invoice_date() -> None:
    usd = transaction(currency="USD")
    functional = judge(facts(terms={"currency": "USD"}, transactions=(usd,))).assembly.functional
    assert functional is not None
    assert (functional.currency, functional.fx_rate) == ("EUR", Decimal("0.9000000000"))
    assert (functional.gross, functional.tax, functional.net) == (
        Decimal("1285.20"),
        Decimal("205.20"),
        Decimal("1080.00"),
    )
