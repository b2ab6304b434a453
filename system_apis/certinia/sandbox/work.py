"""The package's people, planning, time and expense side. Columns without `pse__` are the org's own configuration.

Source: PSA technical reference, Schema (Assignment, Schedule, Resource Request, Timecard Header, Timecard, Time Date, Expense).
"""

from __future__ import annotations

from system_apis.platforms.salesforce.sandbox.schema import Field, SObject, many, reference

from .projects import BILLING_FLAGS, EXT_ID, ORGANISATION

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TIMECARD_STATUSES = ("Saved", "Submitted", "Approved", "Rejected")
REQUEST_STATUSES = ("Draft", "Ready to Staff", "Hold", "Tentative", "Assigned", "Canceled")
ASSIGNMENT_STATUSES = ("Tentative", "Scheduled", "Completed", "Canceled")

HOURS = tuple(f"pse__{day}_Hours__c" for day in DAYS)
NOTES = tuple(f"pse__{day}_Notes__c" for day in DAYS)
PLACES = tuple(f"pse__{kind}_{day[:3]}__c" for kind in ("Location", "Project_Location") for day in DAYS)
TIME_TYPES = tuple(f"{day}_Time_Type__c" for day in DAYS)
POSTINGS = tuple(f"{day}_Posting__c" for day in DAYS)
CODES = many("string", "Role_Code__c", "Seniority_Code__c", "Location_Code__c", length=20)

RESOURCE_COLUMNS = (
    *many("boolean", "pse__Is_Resource__c", "pse__Is_Resource_Active__c"),
    reference("pse__Salesforce_User__c", "User"),
    Field(name="pse__Default_Cost_Rate__c", type="currency"),
    *ORGANISATION,
    *many("string", "pse__Resource_Role__c", "pse__Work_Calendar__c", length=80),
    Field(name="pse__API_Resource_Correlation_Id__c", length=80, unique=True, external_id=True),
    Field(name="Employee_Number__c", length=20, unique=True, external_id=True),
    *many("string", "Seniority_Code__c", "Location_Code__c", length=20),
)
_CLOSED = many("boolean", "pse__Closed_for_Time_Entry__c", "pse__Closed_for_Expense_Entry__c")
_RATES = (
    *many("currency", "pse__Bill_Rate__c", "pse__Cost_Rate_Amount__c", scale=4),
    Field(name="pse__Daily_Bill_Rate__c", type="boolean"),
)
_WEEK = many("double", *HOURS)
_RESOURCE = reference("pse__Resource__c", "Contact", required=True)

RESOURCE_REQUEST = SObject(
    name="pse__Resource_Request__c",
    prefix="a6R",
    auto_name="RR-{0:06d}",
    fields=(
        reference("pse__Project__c", "pse__Proj__c", children="pse__Resource_Requests__r"),
        reference("pse__Opportunity__c", "Opportunity"),
        reference("pse__Account__c", "Account"),
        Field(name="pse__Resource_Role__c", length=80),
        *many("date", "pse__Start_Date__c", "pse__End_Date__c", required=True),
        Field(name="pse__SOW_Hours__c", type="double", required=True),
        Field(name="pse__Percent_Allocated__c", type="percent"),
        Field(name="pse__Status__c", type="picklist", picklist=REQUEST_STATUSES, default="Draft"),
        reference("pse__Resource__c", "Contact"),
        reference("pse__Staffer_Resource__c", "Contact"),
        *many("boolean", "pse__Resource_Held__c", "pse__Request_Billable_Amount__c"),
        reference("pse__Milestone__c", "pse__Milestone__c"),
        *many("currency", "pse__Requested_Bill_Rate__c", "pse__Suggested_Bill_Rate__c"),
        reference("pse__Assignment__c", "pse__Assignment__c"),
        *ORGANISATION,
        *many("string", "Seniority_Code__c", "Location_Code__c", length=20),
        EXT_ID,
    ),
)
SCHEDULE = SObject(
    name="pse__Schedule__c",
    prefix="a6S",
    auto_name="SCH-{0:06d}",
    fields=(*many("date", "pse__Start_Date__c", "pse__End_Date__c", required=True), *_WEEK, EXT_ID),
)
ASSIGNMENT = SObject(
    name="pse__Assignment__c",
    prefix="a6Z",
    auto_name="ASG-{0:06d}",
    owned=False,
    fields=(
        reference("pse__Project__c", "pse__Proj__c", children="pse__Assignments__r", required=True),
        _RESOURCE,
        Field(name="pse__Role__c", length=80),
        reference("pse__Milestone__c", "pse__Milestone__c"),
        reference("pse__Schedule__c", "pse__Schedule__c", required=True),
        *many("date", "pse__Start_Date__c", "pse__End_Date__c", writable=False),
        Field(name="pse__Status__c", type="picklist", picklist=ASSIGNMENT_STATUSES, default="Scheduled"),
        Field(name="pse__Is_Billable__c", type="boolean", default=True),
        *_RATES,
        Field(name="pse__Planned_Hours__c", type="double"),
        Field(name="pse__Scheduled_Hours__c", type="double", writable=False),
        Field(name="pse__Percent_Allocated__c", type="percent"),
        reference("pse__Resource_Request__c", "pse__Resource_Request__c"),
        *_CLOSED,
        *many("boolean", "pse__Exclude_from_Planners__c", "pse__Exclude_from_Billing__c"),
        *many("string", "pse__API_Assignment_Correlation_Id__c", "pse__ERP_Absence_Correlation_Id__c"),
        Field(name="Open_up_Assignment_for_Time_entry__c", type="boolean"),
        reference("pse__Project_Task__c", "pse__Project_Task__c"),
        Field(name="Seniority_Code__c", length=20),
        EXT_ID,
    ),
)
_TIMECARD = (
    _RESOURCE,
    reference("pse__Project__c", "pse__Proj__c"),
    reference("pse__Assignment__c", "pse__Assignment__c"),
    reference("pse__Milestone__c", "pse__Milestone__c"),
    reference("pse__Project_Task__c", "pse__Project_Task__c"),
    *many("date", "pse__Start_Date__c", "pse__End_Date__c", required=True),
    *_WEEK,
    *many("string", *NOTES),
    *many(
        "string", *TIME_TYPES, label="standard, overtime, weekend, holiday, travel, standby; several with semicolons"
    ),
    *CODES,
    Field(name="pse__Total_Hours__c", type="double", writable=False),
    *many("currency", "pse__Total_Billable_Amount__c", "pse__Total_Cost__c", writable=False),
    *_RATES,
    Field(name="pse__Billable__c", type="boolean"),
    Field(name="pse__Status__c", type="picklist", picklist=TIMECARD_STATUSES, default="Saved"),
    *many("boolean", "pse__Submitted__c", "pse__Approved__c"),
    reference("pse__Approver__c", "User"),
    Field(name="Approved_On__c", type="datetime"),
    *BILLING_FLAGS,
)
HEADER = SObject(
    name="pse__Timecard_Header__c",
    prefix="a8D",
    auto_name="TCH-{at:%m-%d-%Y}-{0:06d}",
    fields=(
        *_TIMECARD,
        Field(name="pse__Timecard_Notes__c"),
        *many("string", *PLACES),
        Field(name="PROJECT_ID__c", label="Project ID", length=80, writable=False),
        *many("boolean", "pse__Time_Credited__c", "pse__Time_Excluded__c", "pse__Disable_Approval_Auto_Submit__c"),
        Field(name="pse__Audit_Notes__c", type="textarea", length=32000),
        *many("string", *POSTINGS, label="what the day's hours became in the ledger"),
        EXT_ID,
    ),
)
SPLIT = SObject(
    name="pse__Timecard__c",
    prefix="a8T",
    auto_name="TC-{at:%m-%d-%Y}-{0:06d}",
    owned=False,
    fields=(
        reference("pse__Timecard_Header__c", "pse__Timecard_Header__c", children="pse__Timecards__r", required=True),
        *_TIMECARD,
        reference("pse__Time_Period__c", "pse__Time_Period__c"),
        reference("pse__Billing_Event_Item__c", "pse__Billing_Event_Item__c"),
    ),
)
TIME_DATE = SObject(
    name="pse__Time_Date__c",
    prefix="a8Y",
    auto_name="TD-{0:07d}",
    owned=False,
    fields=(
        reference("pse__Timecard__c", "pse__Timecard__c", children="pse__Time_Dates__r", required=True),
        Field(name="pse__Date__c", type="date", required=True),
        Field(name="pse__Hours__c", type="double"),
        Field(name="pse__Day_Of_Week__c", length=20),
        Field(name="Notes__c"),
        Field(name="Time_Type__c"),
        Field(name="Posting__c"),
    ),
)
TIME_PERIOD = SObject(
    name="pse__Time_Period__c",
    prefix="a8P",
    fields=(
        *many("date", "pse__Start_Date__c", "pse__End_Date__c", required=True),
        Field(name="pse__Type__c", length=40),
        Field(name="pse__Closed_for_Time_Entry__c", type="boolean"),
    ),
)
EXPENSE_TYPES = (
    "Airfare",
    "Auto Mileage",
    "Business Meals",
    "Car Rental",
    "Gasoline",
    "Lodging (Room and Tax)",
    "Personal Meals",
    "Phone",
    "Miscellaneous",
)
EXPENSE_REPORT = SObject(
    name="pse__Expense_Report__c",
    prefix="a8R",
    fields=(
        _RESOURCE,
        reference("pse__Project__c", "pse__Proj__c"),
        Field(name="pse__Status__c", type="picklist", picklist=("Draft", *TIMECARD_STATUSES[1:]), default="Draft"),
        *many("boolean", "pse__Submitted__c", "pse__Approved__c", "pse__Include_In_Financials__c"),
        reference("pse__Approver__c", "User"),
        Field(name="Approved_On__c", type="datetime"),
        EXT_ID,
    ),
)
EXPENSE = SObject(
    name="pse__Expense__c",
    prefix="a8E",
    auto_name="EX-{0:06d}",
    owned=False,
    fields=(
        reference("pse__Expense_Report__c", "pse__Expense_Report__c", children="pse__Expenses__r", required=True),
        _RESOURCE,
        reference("pse__Project__c", "pse__Proj__c"),
        reference("pse__Assignment__c", "pse__Assignment__c"),
        Field(name="pse__Expense_Date__c", type="date", required=True),
        Field(name="pse__Type__c", type="picklist", picklist=EXPENSE_TYPES, required=True),
        Field(name="pse__Amount__c", type="currency", required=True),
        Field(name="pse__Description__c"),
        Field(name="pse__Distance__c", type="double"),
        Field(name="pse__Status__c", type="picklist", picklist=("Draft", *TIMECARD_STATUSES[1:]), default="Draft"),
        *many("boolean", "pse__Billable__c", "pse__Submitted__c", "pse__Approved__c"),
        *BILLING_FLAGS,
        *many("currency", "pse__Billing_Amount__c", "pse__Reimbursement_Amount__c"),
        *many("string", "pse__Billing_Currency__c", "pse__Reimbursement_Currency__c", length=3),
        reference("pse__Billing_Event_Item__c", "pse__Billing_Event_Item__c"),
        Field(name="Category_Code__c", length=40),
        Field(name="Merchant__c", length=120),
        Field(name="Tax_Recoverable__c", type="currency"),
        Field(name="Units__c", type="double"),
        *many("boolean", "Receipt_Attached__c", "Disbursement__c"),
        EXT_ID,
    ),
)
OBJECTS = (
    RESOURCE_REQUEST,
    SCHEDULE,
    ASSIGNMENT,
    TIME_PERIOD,
    HEADER,
    SPLIT,
    TIME_DATE,
    EXPENSE_REPORT,
    EXPENSE,
)
