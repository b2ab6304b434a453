"""Sales Cloud's objects in the simulated org, with the columns this org added for services business (`__c`).

Source: Object Reference for the Salesforce Platform (standard fields); the added columns are the org's own configuration.
"""

from __future__ import annotations

from system_apis.platforms.salesforce.sandbox.schema import Field, SObject, many, reference

STAGES = {
    "Qualification": (10, False, False),
    "Proposal/Price Quote": (50, False, False),
    "Negotiation/Review": (80, False, False),
    "Closed Won": (100, True, True),
    "Closed Lost": (0, True, False),
}
"""Stage -> probability in percent, closed, won."""

BILLING_METHODS = ("Time and Materials", "Fixed Price", "Milestone", "Retainer", "Recurring")

_PERSON = (
    Field(name="Name", length=121, writable=False),
    Field(name="FirstName", length=40),
    Field(name="LastName", length=80, required=True),
    Field(name="Email", type="email", length=80),
    Field(name="Title", length=128),
    Field(name="Phone", type="phone", length=40),
)
_HUB_ID = Field(name="Ledgerway_Id__c", label="Ledgerway Id", unique=True, external_id=True)

USER = SObject(
    name="User",
    prefix="005",
    owned=False,
    fields=(
        *_PERSON,
        Field(name="Username", length=80, required=True, unique=True),
        Field(name="EmployeeNumber", length=20),
        Field(name="IsActive", type="boolean", default=True),
    ),
)
ORGANIZATION = SObject(
    name="Organization",
    prefix="00D",
    owned=False,
    fields=(
        Field(name="Name", length=80, writable=False),
        *many("string", "InstanceName", "OrganizationType", "TimeZoneSidKey", "DefaultLocaleSidKey", writable=False),
        Field(name="IsSandbox", type="boolean", writable=False),
    ),
)
ACCOUNT = SObject(
    name="Account",
    prefix="001",
    fields=(
        Field(name="Name", length=255, required=True),
        *many("string", "AccountNumber", "Type", "Industry", "BillingCity", "BillingState", length=80),
        Field(name="BillingStreet", length=255),
        *many("string", "BillingPostalCode", "BillingCountryCode", length=20),
        Field(name="BillingCountry", length=80),
        Field(name="Phone", type="phone", length=40),
        Field(name="Website", type="url"),
        Field(name="Description", type="textarea", length=32000),
        reference("ParentId", "Account", children="ChildAccounts"),
        Field(name="Legal_Name__c", label="Legal Name"),
        Field(name="Tax_Id__c", label="Tax Id", length=40),
        Field(name="Tax_Status__c", type="picklist", picklist=("Business", "Consumer"), default="Business"),
        Field(name="Active__c", type="boolean", default=True),
        Field(name="PO_Required__c", type="boolean"),
        Field(name="Legal_Entity__c", length=20),
        _HUB_ID,
    ),
)
CONTACT = SObject(
    name="Contact",
    prefix="003",
    fields=(
        *_PERSON,
        reference("AccountId", "Account", children="Contacts"),
        Field(name="Roles__c", label="Roles (buyer, billing, approver, legal), separated by semicolons"),
        Field(name="Active__c", type="boolean", default=True),
    ),
)
OPPORTUNITY = SObject(
    name="Opportunity",
    prefix="006",
    fields=(
        Field(name="Name", length=120, required=True),
        reference("AccountId", "Account", children="Opportunities"),
        Field(name="StageName", type="picklist", required=True, picklist=tuple(STAGES)),
        *many("boolean", "IsClosed", "IsWon", "HasOpportunityLineItem", writable=False),
        Field(name="Amount", type="currency"),
        Field(name="CloseDate", type="date", required=True),
        Field(name="Type", length=40),
        Field(name="Probability", type="percent", scale=0),
        Field(name="NextStep"),
        Field(name="Description", type="textarea", length=32000),
        reference("Pricebook2Id", "Pricebook2"),
        Field(name="Legal_Entity__c", length=20),
        Field(name="Delivery_Countries__c", label="Delivery Countries, separated by semicolons"),
        Field(name="Contract_Document__c"),
        *many("date", "Contract_Signed_On__c", "Start_Date__c", "End_Date__c", "PO_Expires_On__c"),
        Field(name="Billing_Method__c", type="picklist", picklist=BILLING_METHODS),
        *many("string", "Billing_Cycle__c", "Payment_Terms__c", "Service_Line__c", "Project_Template__c", length=40),
        *many("currency", "NTE_Amount__c", "PO_Amount__c"),
        Field(name="PO_Required__c", type="boolean"),
        Field(name="PO_Number__c", length=50),
        *many("string", "Ledgerway_Project__c", "Ledgerway_Status__c", length=80),
        Field(name="Ledgerway_Note__c", type="textarea", length=32000),
        Field(name="Deal_Number__c", length=40, unique=True, external_id=True),
        _HUB_ID,
    ),
)
LINE_ITEM = SObject(
    name="OpportunityLineItem",
    prefix="00k",
    owned=False,
    fields=(
        Field(name="Name", writable=False, length=376),
        reference("OpportunityId", "Opportunity", children="OpportunityLineItems", required=True),
        reference("PricebookEntryId", "PricebookEntry"),
        reference("Product2Id", "Product2"),
        Field(name="ProductCode", writable=False),
        Field(name="Quantity", type="double", required=True),
        *many("currency", "UnitPrice", "TotalPrice"),
        Field(name="ServiceDate", type="date"),
        Field(name="Description"),
        Field(name="SortOrder", type="int"),
        *many("string", "Role__c", "Seniority__c", "Location__c", length=20),
        *many("date", "Start_Date__c", "End_Date__c"),
    ),
)
DEAL_MILESTONE = SObject(
    name="Deal_Milestone__c",
    prefix="a01",
    owned=False,
    fields=(
        reference("Opportunity__c", "Opportunity", children="Deal_Milestones__r", required=True),
        Field(name="Sequence__c", type="double", scale=0, required=True),
        Field(name="Planned_Date__c", type="date", required=True),
        Field(name="Amount__c", type="currency", required=True),
        Field(name="Acceptance_Required__c", type="boolean", default=True),
    ),
)
CONTACT_ROLE = SObject(
    name="OpportunityContactRole",
    prefix="00K",
    owned=False,
    fields=(
        Field(name="Name", writable=False),
        reference("OpportunityId", "Opportunity", children="OpportunityContactRoles", required=True),
        reference("ContactId", "Contact", required=True),
        Field(name="Role", length=40),
        Field(name="IsPrimary", type="boolean"),
    ),
)
PRODUCT = SObject(
    name="Product2",
    prefix="01t",
    owned=False,
    fields=(
        Field(name="Name", length=255, required=True),
        *many("string", "ProductCode", "Family"),
        Field(name="IsActive", type="boolean", default=True),
    ),
)
PRICEBOOK = SObject(
    name="Pricebook2",
    prefix="01s",
    owned=False,
    fields=(Field(name="IsStandard", type="boolean", writable=False), Field(name="IsActive", type="boolean")),
)
PRICEBOOK_ENTRY = SObject(
    name="PricebookEntry",
    prefix="01u",
    owned=False,
    fields=(
        Field(name="Name", writable=False),
        reference("Pricebook2Id", "Pricebook2", required=True),
        reference("Product2Id", "Product2", required=True),
        Field(name="UnitPrice", type="currency", required=True),
        Field(name="IsActive", type="boolean"),
    ),
)
OBJECTS = (
    USER,
    ORGANIZATION,
    ACCOUNT,
    CONTACT,
    OPPORTUNITY,
    LINE_ITEM,
    DEAL_MILESTONE,
    CONTACT_ROLE,
    PRODUCT,
    PRICEBOOK,
    PRICEBOOK_ENTRY,
)
