"""Which countries tax each other's businesses as one zone (TAX-5, TAX-6)."""

from collections.abc import Mapping
from types import MappingProxyType

# Member states of the VAT directive (Council Directive 2006/112/EC, Article 5); Northern Ireland counts for goods only.
_EUROPEAN_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"

ZONES: Mapping[str, str] = MappingProxyType(dict.fromkeys(_EUROPEAN_UNION.split(), "EU"))
