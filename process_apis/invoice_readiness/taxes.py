"""Which tax code each line of a draft carries (5.10), by the ERP's tax setup of the entity. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from msgspec import Struct

from contracts.canon.ledger import TaxCode
from contracts.money import ZERO
from contracts.process.register_objects import ContractLine
from contracts.process.time_posting import Transaction
from domain import tax
from domain.periods import within
from process_apis.invoice_readiness.rules import Facts
from process_apis.registers.taxation import ZONES, has_valid_tax_id


class LineTax(Struct, frozen=True, kw_only=True):
    """The tax of one contract line and kind of work. `code` of the catalogue when there is none; `because` says why."""

    tax_code: str | None = None
    rate_pct: Decimal = ZERO
    code: str | None = None
    because: str = ""


Taxes = Mapping[tuple[str, str], LineTax]


def taxes_of(facts: Facts) -> Taxes:
    """The tax of every contract line and kind there is to bill; of all lines while there is nothing to bill yet."""
    lines = {line.id: line for contract in facts.contracts for line in contract.lines}
    wanted = {(t.contract_line_id or "", t.kind) for t in facts.billable} or {(line_id, "time") for line_id in lines}
    return {key: tax_of(facts, lines.get(key[0]), key[1]) for key in sorted(wanted)}


def undetermined(taxes: Taxes) -> tuple[str, ...]:
    """The codes of what has no tax treatment, each once."""
    return tuple(dict.fromkeys(found.code for found in taxes.values() if found.code))


def line_tax(taxes: Taxes, transaction: Transaction) -> LineTax:
    """The tax of a transaction's line."""
    return taxes.get((transaction.contract_line_id or "", transaction.kind), LineTax(code="TAX_NOT_DETERMINED"))


def tax_of(facts: Facts, line: ContractLine | None, kind: str) -> LineTax:
    """Determine the treatment, then the entity's tax code for it; the tax date is the invoice date (TAX-7)."""
    if facts.entity is None:
        return LineTax(code="TAX_NOT_DETERMINED", because="The ERP's copy of the legal entity is missing.")
    codes = _usable(facts, line)
    answer = tax.determine_tax(_question(facts, line, kind, codes))
    if answer.code is not None:
        return LineTax(code=answer.code, because=_REASONS[answer.code])
    wanted = answer.legend if answer.treatment == "standard" else _code_for(codes, answer.treatment, facts)
    if wanted is None:
        what = str(answer.treatment).replace("_", " ")
        return LineTax(
            code="TAX_NOT_DETERMINED", because=f"The ERP has no tax code for {what} in {facts.entity.country}."
        )
    return LineTax(tax_code=wanted, rate_pct=answer.rate_pct or ZERO)


_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "TAX_NOT_DETERMINED": "The country of supply is not known.",
        "TAX_ID_MISSING": "A business in another country of the tax zone needs a valid tax id for reverse charge; keep it on its "
        "record in the ERP.",
        "TAX_CERT_EXPIRED": "The customer's exemption certificate is not valid on the invoice date.",
        "TAX_RATE_MISSING": "The ERP has no standard rate that is valid on the invoice date.",
    }
)


def _usable(facts: Facts, line: ContractLine | None) -> tuple[TaxCode, ...]:
    """Codes valid on the invoice date; only the one the contract line names, if it names one for the standard rate."""
    valid = tuple(c for c in facts.tax_codes if within(facts.invoice_date, c.valid_from, c.valid_to))
    named = tuple(c for c in valid if line is not None and c.code == line.tax_code_rule and c.treatment == "standard")
    return named + tuple(c for c in valid if not named or c.treatment != "standard")


def _question(facts: Facts, line: ContractLine | None, kind: str, codes: tuple[TaxCode, ...]) -> tax.TaxQuestion:
    home = facts.entity.country if facts.entity else facts.customer.country
    debtor, register = facts.debtor, facts.customer
    countries = {p.id: p.country for p in facts.projects}
    return tax.TaxQuestion(
        supplier=tax.Supplier(country=home, registrations=(home,)),
        customer=tax.TaxCustomer(
            country=(debtor.address.country if debtor else None) or register.country,
            status=debtor.tax_status if debtor else register.tax_status,
            tax_id_valid=has_valid_tax_id(register, debtor),
        ),
        supply=tax.Supply(
            rule=line.service_place_rule if line else "general",
            country=countries.get(line.project_id) if line else None,
        ),
        line_kind=kind,
        tax_date=facts.invoice_date,
        tax_rates=tuple(
            tax.TaxRate(
                country=c.country,
                rate_pct=c.rate_pct,
                tax_code=c.code,
                valid_from=c.valid_from,
                valid_to=c.valid_to,
            )
            for c in codes
            if c.treatment == "standard"
        ),
        zones=dict(ZONES),
    )


def _code_for(codes: tuple[TaxCode, ...], treatment: str | None, facts: Facts) -> str | None:
    home = facts.entity.country if facts.entity else None
    found = sorted(c.code for c in codes if c.treatment == treatment and c.country == home)
    return found[0] if found else None
