"""The package's project side: regions, projects, tasks, milestones, billing events. Columns without `pse__` are the org's own.

Source: PSA technical reference, Schema (Proj, Project Task, Milestone, Billing Event, Billing Event Item).
"""

from __future__ import annotations

from system_apis.platforms.salesforce.sandbox.schema import Field, SObject, many, reference

STAGES = ("Draft", "Planned", "In Progress", "On Hold", "Closing", "Completed", "Canceled")
BILLING_TYPES = ("Time and Materials", "Fixed Price", "Milestone", "Retainer", "Recurring")
MILESTONE_STATUSES = ("Planned", "Open", "Completed", "Approved", "Rejected", "Canceled")

EXT_ID = Field(name="Ext_Id__c", label="External Id", unique=True, external_id=True)
ORGANISATION = (
    reference("pse__Region__c", "pse__Region__c"),
    reference("pse__Practice__c", "pse__Practice__c"),
    reference("pse__Group__c", "pse__Grp__c"),
)
BILLING_FLAGS = (
    *many("boolean", "pse__Approved_for_Billing__c", "pse__Billed__c", "pse__Billing_Hold__c", "pse__Invoiced__c"),
    *many("boolean", "pse__Exclude_from_Billing__c", "pse__Include_In_Financials__c", "pse__Admin_Global_Edit__c"),
    Field(name="pse__Eligible_for_Billing__c", type="boolean", writable=False),
    Field(name="pse__Invoice_Number__c", length=80),
    *many("date", "pse__Invoice_Date__c", "pse__Bill_Date__c"),
)

REGION = SObject(name="pse__Region__c", prefix="a70", fields=(Field(name="Entity_Code__c", length=20),))
PRACTICE = SObject(name="pse__Practice__c", prefix="a71", fields=())
GROUP = SObject(name="pse__Grp__c", prefix="a72", fields=())
PROJECT = SObject(
    name="pse__Proj__c",
    prefix="a7O",
    fields=(
        Field(name="Name", length=80, required=True),
        reference("pse__Account__c", "Account", children="pse__Projects__r"),
        reference("pse__Opportunity__c", "Opportunity", children="pse__Projects__r"),
        *ORGANISATION,
        reference("pse__Project_Manager__c", "Contact"),
        reference("pse__Master_Project__c", "pse__Proj__c"),
        reference("pse__Parent_Project__c", "pse__Proj__c"),
        Field(name="pse__Stage__c", type="picklist", picklist=STAGES, default="Draft"),
        Field(name="pse__Project_Type__c", length=80),
        Field(name="pse__Billing_Type__c", type="picklist", picklist=BILLING_TYPES),
        *many("boolean", "pse__Is_Active__c", "pse__Is_Template__c", "pse__Closed_for_Time_Entry__c"),
        *many("boolean", "pse__Closed_for_Expense_Entry__c", "pse__Exclude_From_Billing__c"),
        Field(name="pse__Is_Billable__c", type="boolean", default=True),
        *many("boolean", "pse__Allow_Timecards_Without_Assignment__c", "pse__Allow_Expenses_Without_Assignment__c"),
        *many("date", "pse__Start_Date__c", "pse__End_Date__c"),
        Field(name="pse__Project_ID__c", length=80),
        Field(name="pse__Planned_Hours__c", type="double"),
        *many("currency", "pse__Bookings__c", "pse__Billings__c", "pse__Billed__c", "pse__Invoiced__c"),
        *many("currency", "pse__Revenue__c", "pse__Margin__c"),
        *many("string", "pse__Rate_Card_Set__c", "pse__Recognition_Method__c", "pse__Pre_Bill_Type__c", length=80),
        Field(name="pse__Apply_Billing_Cap__c", type="boolean"),
        EXT_ID,
        *many("string", "Legal_Entity__c", "Country_Code__c", "Contract_Number__c", "Service_Line__c", length=40),
        *many("string", "Project_Code__c", "Project_Template__c", "ERP_Project_Number__c", length=80),
        Field(name="Budget_Cost__c", type="currency"),
    ),
)
TASK = SObject(
    name="pse__Project_Task__c",
    prefix="a7T",
    owned=False,
    fields=(
        reference("pse__Project__c", "pse__Proj__c", children="pse__Project_Tasks__r", required=True),
        *many("date", "pse__Start_Date__c", "pse__End_Date__c"),
        Field(name="pse__Planned_Hours__c", type="double"),
        *many("boolean", "pse__Completed__c", "pse__Closed_for_Time_Entry__c"),
        Field(name="Task_Code__c", length=60),
        Field(name="Billable__c", type="boolean", default=True),
        EXT_ID,
    ),
)
MILESTONE = SObject(
    name="pse__Milestone__c",
    prefix="a7M",
    owned=False,
    fields=(
        reference("pse__Project__c", "pse__Proj__c", children="pse__Milestones__r", required=True),
        *many("currency", "pse__Milestone_Amount__c", "pse__Milestone_Cost__c"),
        *many("date", "pse__Target_Date__c", "pse__Actual_Date__c", "pse__Start_Date__c"),
        Field(name="pse__Status__c", type="picklist", picklist=MILESTONE_STATUSES, default="Planned"),
        Field(name="pse__Approved__c", type="boolean"),
        reference("pse__Approver__c", "User"),
        *BILLING_FLAGS,
        reference("pse__Billing_Event_Item__c", "pse__Billing_Event_Item__c"),
        *many("boolean", "pse__Closed_for_Time_Entry__c", "pse__Closed_for_Expense_Entry__c"),
        Field(name="pse__Requires_Customer_Sign_off__c", type="boolean"),
        Field(name="pse__Planned_Hours__c", type="double"),
        Field(name="Sequence__c", type="double", scale=0),
        Field(name="Acceptance_Reference__c", length=120),
        Field(name="Accepted_On__c", type="date"),
        Field(name="Contract_Line__c", length=60),
        EXT_ID,
    ),
)
BATCH = SObject(
    name="pse__Billing_Event_Batch__c",
    prefix="a7B",
    auto_name="BEB-{0:06d}",
    fields=(
        reference("pse__Account__c", "Account"),
        Field(name="pse__Batch_Key__c", length=80),
        *ORGANISATION,
        reference("pse__Time_Period__c", "pse__Time_Period__c"),
        Field(name="pse__Is_Released__c", type="boolean"),
        Field(name="pse__Summary_Amount__c", type="currency"),
    ),
)
EVENT = SObject(
    name="pse__Billing_Event__c",
    prefix="a7E",
    auto_name="BE-{0:06d}",
    owned=False,
    fields=(
        reference("pse__Project__c", "pse__Proj__c", required=True),
        reference("pse__Billing_Event_Batch__c", "pse__Billing_Event_Batch__c", required=True),
        Field(name="pse__Status__c", length=80),
        *many("boolean", "pse__Is_Approved__c", "pse__Is_Released__c", "pse__Invoiced__c"),
        Field(name="pse__Invoice_Number__c", length=80),
        *many("date", "pse__Invoice_Date__c", "pse__Date__c"),
        Field(name="pse__Event_Key__c", length=150),
        Field(name="pse__Customer_Reference__c", length=50),
        *many("currency", "pse__Summary_Amount__c", "pse__Rounded_Summary_Amount__c"),
        reference("pse__Billing_Contact__c", "Contact"),
    ),
)
EVENT_ITEM = SObject(
    name="pse__Billing_Event_Item__c",
    prefix="a7I",
    auto_name="BEI-{0:06d}",
    owned=False,
    fields=(
        reference("pse__Billing_Event__c", "pse__Billing_Event__c", required=True),
        reference("pse__Project__c", "pse__Proj__c"),
        Field(
            name="pse__Category__c",
            type="picklist",
            picklist=("Budget", "Expense", "Milestone", "Miscellaneous Adjustment", "Timecard"),
        ),
        Field(name="pse__Object_Id__c", length=18),
        *many("currency", "pse__Amount__c", "pse__Rounded_Amount__c"),
        *many("double", "pse__Quantity__c", "pse__Unit_Price__c", scale=6),
        Field(name="pse__Date__c", type="date"),
        *many("string", "pse__Description__c", "pse__Subcategory__c"),
        reference("pse__Expense__c", "pse__Expense__c"),
        reference("pse__Milestone__c", "pse__Milestone__c"),
        reference("pse__Timecard_Split__c", "pse__Timecard__c"),
        *many("string", "pse__Invoiced__c", "pse__Is_Released__c", label="the event's, as Yes or No", writable=False),
    ),
)
OBJECTS = (REGION, PRACTICE, GROUP, PROJECT, TASK, MILESTONE, BATCH, EVENT, EVENT_ITEM)
