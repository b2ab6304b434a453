"""Sales Cloud records in Salesforce's names. Names ending in `__c` belong to the org: a connection's settings may map them.

Source: Object Reference for Salesforce (Opportunity, OpportunityLineItem, Account, Contact).
"""

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct, field

from system_apis.platforms.salesforce.statements import Children


class Named(Struct, frozen=True, kw_only=True):
    """A parent of which only the name is read."""

    name: str = field(name="Name")


class LineItem(Struct, frozen=True, kw_only=True):
    """OpportunityLineItem: a role sold; `quantity` in hours. Role__c is null on lines that are no role."""

    role: str | None = field(name="Role__c")
    seniority: str | None = field(name="Seniority__c")
    location: str | None = field(name="Location__c")
    starts_on: date | None = field(name="Start_Date__c")
    ends_on: date | None = field(name="End_Date__c")
    quantity: Decimal | None = field(name="Quantity")
    unit_price: Decimal | None = field(name="UnitPrice")


class PlannedMilestone(Struct, frozen=True, kw_only=True):
    """Deal_Milestone__c: the org's object for deliverables as sold."""

    sequence: Decimal = field(name="Sequence__c")
    name: str = field(name="Name")
    planned_on: date = field(name="Planned_Date__c")
    amount: Decimal = field(name="Amount__c")
    acceptance_required: bool = field(name="Acceptance_Required__c")


class Opportunity(Struct, frozen=True, kw_only=True):
    """Opportunity. Amounts in CurrencyIsoCode; Delivery_Countries__c is a multi-select (`DE;GB`)."""

    id: str = field(name="Id")
    name: str = field(name="Name")
    account_id: str = field(name="AccountId")
    stage: str = field(name="StageName")
    is_closed: bool = field(name="IsClosed")
    is_won: bool = field(name="IsWon")
    amount: Decimal | None = field(name="Amount")
    currency: str = field(name="CurrencyIsoCode")
    close_date: date = field(name="CloseDate")
    owner: Named | None = field(name="Owner")
    changed_at: datetime = field(name="SystemModstamp")
    entity: str | None = field(name="Legal_Entity__c")
    delivery_countries: str | None = field(name="Delivery_Countries__c")
    document: str | None = field(name="Contract_Document__c")
    signed_on: date | None = field(name="Contract_Signed_On__c")
    billing_method: str | None = field(name="Billing_Method__c")
    payment_terms: str | None = field(name="Payment_Terms__c")
    service_line: str | None = field(name="Service_Line__c")
    starts_on: date | None = field(name="Start_Date__c")
    ends_on: date | None = field(name="End_Date__c")
    po_required: bool = field(name="PO_Required__c")
    po_number: str | None = field(name="PO_Number__c")
    po_amount: Decimal | None = field(name="PO_Amount__c")
    nte_amount: Decimal | None = field(name="NTE_Amount__c")
    lines: Children[LineItem] | None = field(name="OpportunityLineItems")
    milestones: Children[PlannedMilestone] | None = field(name="Deal_Milestones__r")


class Contact(Struct, frozen=True, kw_only=True):
    """Contact; Billing_Roles__c is a multi-select of buyer, billing, approver, legal."""

    id: str = field(name="Id")
    name: str = field(name="Name")
    email: str | None = field(name="Email")
    roles: str | None = field(name="Roles__c")
    active: bool = field(name="Active__c")


class Account(Struct, frozen=True, kw_only=True):
    """Account with its contacts; BillingCountryCode is ISO 3166-1 alpha-2 (state and country picklists)."""

    id: str = field(name="Id")
    name: str = field(name="Name")
    parent_id: str | None = field(name="ParentId")
    street: str | None = field(name="BillingStreet")
    city: str | None = field(name="BillingCity")
    state: str | None = field(name="BillingState")
    postal_code: str | None = field(name="BillingPostalCode")
    country: str | None = field(name="BillingCountryCode")
    currency: str | None = field(name="CurrencyIsoCode")
    changed_at: datetime = field(name="SystemModstamp")
    legal_name: str | None = field(name="Legal_Name__c")
    tax_status: str | None = field(name="Tax_Status__c")
    tax_id: str | None = field(name="Tax_Id__c")
    contacts: Children[Contact] | None = field(name="Contacts")


class Annotation(Struct, frozen=True, kw_only=True):
    """What is written back on an Opportunity."""

    project: str = field(name="Ledgerway_Project__c")
    status: str = field(name="Ledgerway_Status__c")
    note: str = field(name="Ledgerway_Note__c")
