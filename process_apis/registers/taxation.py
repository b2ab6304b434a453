"""What decides about tax besides the ERP's codes: zones of countries (TAX-5), and whose tax id counts (TAX-6). Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.canon.party import BillingCustomer
from contracts.process.register_objects import Customer

# Member states of the VAT directive (Council Directive 2006/112/EC, Article 5); Northern Ireland counts for goods only.
_EUROPEAN_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"

ZONES: Mapping[str, str] = MappingProxyType(dict.fromkeys(_EUROPEAN_UNION.split(), "EU"))


def has_valid_tax_id(customer: Customer, billed: BillingCustomer | None) -> bool:
    """Tax ids are the ERP's (2.1): one it keeps on the record of the customer counts as validated."""
    return customer.tax_id_valid or bool(billed and billed.tax_id)
