"""One example of each body that callers send, for the descriptions: what a request looks like in the demo's firm."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from msgspec import Struct

from contracts.canon import billing, deal, ledger, party, project, timesheet
from contracts.process import billing_objects, exception_objects, onboarding, register_objects, run_desk, time_posting

_PROJECT, _CUSTOMER = "prj_01JD9F4KX2M5V7Q8ZB3T6WYHNC", "cus_01JD9F4KX2C8R1D4SJ7PGMXV0E"
_CONTRACT, _INVOICE = "ctr_01JD9F4KX2H3N6A9K2F5QYBTWR", "inv_01JD9F4KX2P0E4G7M1X5CVZSJD"
_DEMAND, _ASSIGNMENT = "dem_01JD9F4KX2T7B0H3R6K9NWQYCA", "asg_01JD9F4KX2V2D5J8P1S4XZMGFE"
_START, _END, _DAY = date(2026, 11, 1), date(2027, 4, 30), date(2026, 11, 20)
_LINE = billing.InvoiceLine(
    id="inl_01JD9F4KX2W6F9K2T5Y8BRCHQN",
    kind="time",
    description="Consultant, November 2026",
    quantity=Decimal("7.5000"),
    unit="hour",
    bill_rate=Decimal("180.0000"),
    amount=Decimal("1350.00"),
    tax_code="DE-S19",
    tax_rate_pct=Decimal("19.00"),
    transaction_ids=("txn_01JD9F4KX2X1H4N7S0V3ZPDMGK",),
)

_PROCESS: tuple[Struct, ...] = (
    onboarding.StartOnboarding(deal_ref="salesforce:deal:0065e00000B2204AAC"),
    run_desk.Steering(reason="The customer exists in the ERP now."),
    time_posting.Hold(reason="The client asked for a breakdown first."),
    billing_objects.DraftRequest(acknowledge_warnings="Agreed with the client."),
    billing_objects.Decision(reason="The purchase order number is missing."),
    billing_objects.Deferral(
        transaction_ids=("txn_01JD9F4KX2X1H4N7S0V3ZPDMGK",), reason="The client confirms this day next month."
    ),
    billing_objects.CheckDecision(code="PO_INSUFFICIENT", reason="The client raises the order; mail of 3 November."),
    billing_objects.Approval(draft_version=1),
    exception_objects.Assignment(assignee="billing-analyst"),
    register_objects.CrossReference(ref="netsuite:job:412", number="PRJ-2128", note="Opened in NetSuite by hand."),
    exception_objects.Resolution(note="Payment dispute; work is paused."),
    register_objects.NewCustomer(
        name="Northstar Health",
        legal_name="Northstar Health Inc.",
        country="US",
        default_currency="USD",
        refs=("salesforce:account:0015e00000A1004AAC", "netsuite:customer:341"),
    ),
    register_objects.NewRegisteredProject(
        customer_id=_CUSTOMER,
        legal_entity_id="DE01",
        code="DE-2204",
        name="Claims platform",
        country="DE",
        currency="EUR",
        start=_START,
        end=_END,
        status="active",
        refs=("certinia:project:a7O5e00000D2204EAC", "netsuite:job:365"),
    ),
    register_objects.NewContract(
        customer_id=_CUSTOMER,
        legal_entity_id="DE01",
        name="Claims platform, statement of work 3",
        currency="EUR",
        start=_START,
        end=_END,
        signed_on=date(2026, 10, 19),
        document_ref="SOW-2204.pdf",
        payment_terms="NET30",
        lines=(
            register_objects.NewContractLine(
                billing_method="time_and_materials",
                project_id=_PROJECT,
                cost_center_id="CC-310",
                increment_minutes=15,
                multipliers={"overtime": Decimal("1.5")},
            ),
        ),
    ),
    register_objects.NewRateCard(
        name="Standard 2027",
        scope="standard",
        currency="EUR",
        effective_from=date(2027, 1, 1),
        lines=(register_objects.NewRateLine(role_code="CON", seniority_code="SEN", rate=Decimal("180.0000")),),
    ),
    register_objects.NewPolicy(
        kind="approval", values={"billing_manager_limit": Decimal("50000.00")}, effective_from=date(2027, 1, 1)
    ),
    register_objects.CostCenterMappings(
        items=(
            register_objects.CostCenterMapping(
                cost_center="CC-310",
                legal_entity_id="DE01",
                kind="time",
                gl_account="5100",
                target_cost_center="CC-310",
                effective_from=date(2027, 1, 1),
            ),
        )
    ),
)
_DELIVERY: tuple[Struct, ...] = (
    deal.DealAnnotation(project_code="DE-2204", status="onboarded"),
    project.NewProject(
        key=_PROJECT,
        code="DE-2204",
        name="Claims platform",
        entity_code="DE01",
        currency="EUR",
        deal_ref="salesforce:deal:0065e00000B2204AAC",
        account_ref="salesforce:account:0015e00000A1004AAC",
        template_ref="certinia:template:a7O5e00000T0001EAC",
        country="DE",
        billing_method="time_and_materials",
        start_on=_START,
        end_on=_END,
    ),
    project.ProjectStatusChange(status="active"),
    project.Tasks(items=(project.Task(code="DESIGN", name="Design", start_on=_START, end_on=_END),)),
    project.NewMilestones(
        items=(
            project.NewMilestone(
                key="mil_01JD9F4KX2Y5K8P1V4A7DTEGHM",
                sequence=1,
                name="Design accepted",
                planned_on=_DAY,
                amount=Decimal("25000.00"),
            ),
        )
    ),
    project.NewDemand(
        key=_DEMAND,
        project_ref="certinia:project:a7O5e00000D2204EAC",
        role_code="CON",
        start_on=_START,
        end_on=_END,
        hours=Decimal("320.0000"),
    ),
    project.NewAssignment(
        key=_ASSIGNMENT,
        project_ref="certinia:project:a7O5e00000D2204EAC",
        worker_ref="certinia:worker:0035e00000W1009AAC",
        role_code="CON",
        start_on=_START,
        end_on=_END,
        hours=Decimal("320.0000"),
    ),
    timesheet.PostedTimes(
        items=(timesheet.PostedTime(ref="certinia:time:a8D5e00000K0007EAC-2026-11-20", posting_ref="8812"),)
    ),
)
_LEDGER: tuple[Struct, ...] = (
    ledger.NewProjectShell(
        key=_PROJECT,
        code="DE-2204",
        name="Claims platform",
        entity_code="DE01",
        currency="EUR",
        customer_ref="netsuite:customer:341",
        cost_center_code="CC-310",
        contract_id=_CONTRACT,
        billing_method="time_and_materials",
        revenue_method="right_to_invoice",
        start_on=_START,
        end_on=_END,
    ),
    ledger.PostingKeys(entity_code="DE01", keys=("txn_01JD9F4KX2X1H4N7S0V3ZPDMGK",)),
    ledger.PostingLines(
        items=(
            ledger.PostingLine(
                key="txn_01JD9F4KX2X1H4N7S0V3ZPDMGK",
                transaction_id="txn_01JD9F4KX2X1H4N7S0V3ZPDMGK",
                entity_code="DE01",
                project_shell_ref="netsuite:job:365",
                worker_number="E1009",
                service_date=_DAY,
                posting_date=_DAY,
                quantity=Decimal("7.5000"),
                hours=Decimal("7.5000"),
                bill_rate=Decimal("180.0000"),
                amount=Decimal("1350.00"),
                currency="EUR",
                billable=True,
                cost_center_code="CC-310",
            ),
        )
    ),
    ledger.Reversals(
        entity_code="DE01",
        items=(
            ledger.Reversal(
                key="txn_01JD9F4KX2Z0M3R6X9C2FVGJKP",
                original_key="txn_01JD9F4KX2X1H4N7S0V3ZPDMGK",
                posting_date=_DAY,
            ),
        ),
    ),
    ledger.NewJournal(
        key="jnl_01JD9F4KX203P6T9Z2E5HXJMNR",
        entity_code="DE01",
        currency="EUR",
        posting_date=_DAY,
        lines=(
            ledger.JournalLine(account="1150", amount=Decimal("1350.00")),
            ledger.JournalLine(account="4000", amount=Decimal("-1350.00")),
        ),
    ),
    party.NewBillingCustomer(
        key=_CUSTOMER,
        name="Isarblick",
        legal_name="Isarblick Versicherung AG",
        entity_code="DE01",
        currency="EUR",
        address=party.Address(street="Lindwurmstr. 5", city="München", postal_code="80337", country="DE"),
        payment_terms="NET30",
    ),
    billing.InvoiceDraft(
        key=f"post:{_INVOICE}:1",
        invoice_id=_INVOICE,
        entity_code="DE01",
        customer_ref="netsuite:customer:341",
        currency="EUR",
        invoice_date=_DAY,
        due_date=date(2026, 12, 20),
        payment_terms="NET30",
        lines=(_LINE,),
        net=Decimal("1350.00"),
        tax_groups=(
            billing.TaxGroup(
                tax_code="DE-S19", rate_pct=Decimal("19.00"), base=Decimal("1350.00"), tax=Decimal("256.50")
            ),
        ),
        tax=Decimal("256.50"),
        gross=Decimal("1606.50"),
    ),
    billing.SendRequest(email="payables@isarblick.example"),
    billing.NewCreditNote(
        key=f"credit:{_INVOICE}:1",
        invoice_ref="netsuite:invoice:9025",
        credit_date=_DAY,
        reason="Rate agreed too late.",
        lines=(_LINE,),
    ),
)

BODIES: Mapping[type, Struct] = {type(one): one for one in (*_PROCESS, *_DELIVERY, *_LEDGER)}
