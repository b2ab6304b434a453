"""Customers as a CRM and an ERP know them (Customer and Contact of domain rules 2.2)."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from contracts.canon.ref import Code, CountryCode, CurrencyCode, Page, Ref, Text

TaxStatus = Literal["business", "consumer"]


class Address(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A postal address; an empty part is missing, never guessed."""

    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: CountryCode | None = None

    @property
    def complete(self) -> bool:
        """True when an invoice can be sent there."""
        return bool(self.street and self.city and self.country)


class Contact(Struct, frozen=True, kw_only=True):
    """A person at the customer. Roles: buyer, billing, approver, legal."""

    ref: Ref
    name: Text
    email: str | None = None
    roles: tuple[str, ...] = ()
    active: bool = True


class Account(Struct, frozen=True, kw_only=True):
    """A customer in the CRM."""

    ref: Ref
    name: Text
    legal_name: Text
    country: CountryCode | None
    address: Address
    tax_status: TaxStatus = "business"
    tax_id: str | None = None
    currency: CurrencyCode | None = None
    parent_ref: Ref | None = None
    contacts: tuple[Contact, ...] = ()
    changed_at: datetime


class BillingCustomer(Struct, frozen=True, kw_only=True):
    """A customer in the ERP. `key` is the canonical id of the customer when Ledgerway wrote it. ERP wins for terms and holds (2.1)."""

    ref: Ref
    key: str | None
    number: str | None
    name: Text
    legal_name: Text
    entity_code: Code
    currency: CurrencyCode
    address: Address
    tax_status: TaxStatus = "business"
    tax_id: str | None = None
    payment_terms: str | None = None
    active: bool = True
    billing_hold: bool = False
    credit_hold: bool = False


class BillingCustomerPage(Page[BillingCustomer], frozen=True, kw_only=True):
    """A page of ERP customers."""


class NewBillingCustomer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer to create or update in the ERP, keyed by `key` (canonical customer id)."""

    key: Code
    name: Text
    legal_name: Text
    entity_code: Code
    currency: CurrencyCode
    address: Address
    tax_status: TaxStatus = "business"
    tax_id: str | None = None
    payment_terms: str | None = None
