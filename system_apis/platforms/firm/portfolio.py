"""The firm's running engagements, declared: client, terms, team, and what is wrong with it (if anything)."""

from decimal import Decimal

from msgspec import Struct

TM, FIXED, MILESTONE, RETAINER = "time_and_materials", "fixed_price", "milestone", "retainer"


class Plan(Struct, frozen=True, kw_only=True):
    """One engagement. `team` = (person, hours a day); `months` = how many months before this one it began.

    `stops` = day of last month (31 = its last) after which nobody is booked;
    `po` = (number, amount, day of last month it expires);
    `prices` names the card in `prices.py` that overrides the standard one; `stories` = (readiness code, why).
    """

    code: str
    client: str
    name: str
    entity: str
    method: str
    line: str
    team: tuple[tuple[str, str], ...]
    months: int = 4
    stories: tuple[tuple[str, str], ...] = ()
    nte: str | None = None
    cap_policy: str = "split"
    po: tuple[str, str | None, int | None] | None = None
    po_required: bool = False
    minimum: str | None = None
    fallback: str = "standard"
    prices: str | None = None
    contract_state: str = "active"
    stage: str = "active"
    stops: int | None = None
    in_erp: bool = True
    milestones: tuple[tuple[str, str, str], ...] = ()
    retainer: tuple[str, str, str, str] | None = None

    @property
    def deal(self) -> str:
        return f"D-{self.code}"

    @property
    def contract(self) -> str:
        return f"C-{self.code}"

    @property
    def contract_line(self) -> str:
        return f"C-{self.code}-1"

    @property
    def project(self) -> str:
        return f"PRJ-{self.code}"

    @property
    def value(self) -> Decimal | None:
        """Agreed price of the deliverables; None where effort is billed."""
        return sum((Decimal(amount) for _, amount, _ in self.milestones), Decimal(0)) if self.milestones else None


_READY = (
    Plan(
        code="2101", client="NORTHSTAR", name="EHR interface programme", entity="US01", method=TM, line="INTEGRATION",
        team=(("E1008", "3"), ("E1011", "8")), prices="northstar",
    ),
    Plan(
        code="2102", client="NORTHSTAR", name="Patient data quality", entity="US01", method=TM, line="DATA",
        team=(("E1018", "4"),), prices="northstar",
    ),
    Plan(
        code="2103", client="HARBORVIEW", name="Warehouse system rollout", entity="US01", method=TM, line="INTEGRATION",
        team=(("E1015", "4"), ("E1012", "4")),
    ),
    Plan(
        code="2104", client="REDWOOD", name="Claims portal", entity="US01", method=TM, line="INTEGRATION",
        team=(("E1009", "8"),), nte="480000.00",
    ),
    Plan(
        code="2105", client="CASCADE", name="Meter data platform", entity="US01", method=TM, line="DATA",
        team=(("E1017", "4"), ("E1014", "4")),
    ),
    Plan(
        code="2106", client="BLUEPEAK-OUT", name="Web shop relaunch", entity="US01", method=TM, line="INTEGRATION",
        team=(("E1013", "8"),), po=("PO-BP-77120", "250000.00", None), po_required=True, prices="bluepeak",
    ),
    Plan(
        code="2107", client="SUMMIT", name="PLM integration", entity="US01", method=TM, line="INTEGRATION",
        team=(("E1007", "4"), ("E1010", "2")), prices="summit",
    ),
    Plan(
        code="2108", client="RHEINWERK", name="ERP-Schnittstellen", entity="DE01", method=TM, line="INTEGRATION",
        team=(("E2004", "4"), ("E2006", "8")),
    ),
    Plan(
        code="2109", client="NORDLICHT", name="Netzanalyse", entity="DE01", method=TM, line="DATA",
        team=(("E2010", "8"),),
    ),
    Plan(
        code="2110", client="BERGMANN", name="GxP-Validierung", entity="DE01", method=TM, line="ADVISORY",
        team=(("E2008", "4"),), nte="210000.00",
    ),
    Plan(
        code="2111", client="HANSE", name="Zollschnittstelle", entity="DE01", method=TM, line="INTEGRATION",
        team=(("E2005", "4"),),
    ),
    Plan(
        code="2112", client="ALPENBLICK", name="Bestandsmigration", entity="DE01", method=TM, line="ADVISORY",
        team=(("E2009", "4"), ("E2011", "4")),
    ),
    Plan(
        code="2113", client="KESSLER", name="Lieferantenportal", entity="DE01", method=MILESTONE, line="INTEGRATION",
        team=(("E2007", "4"),),
        milestones=(("Konzept", "30000.00", "billed"), ("Prototyp", "45000.00", "accepted"),
                    ("Produktivsetzung", "45000.00", "planned")),
    ),
)  # fmt: skip

_US_STORIES = (
    Plan(
        code="2114", client="LAKESIDE", name="Theatre scheduling", entity="US01", method=TM, line="ADVISORY",
        team=(("E1016", "2"),), contract_state="suspended", stops=31,
        stories=(("CONTRACT_NOT_ACTIVE", "The hospital suspended the contract while its board reviews the scope."),),
    ),
    Plan(
        code="2115", client="GRANITE", name="Core banking test", entity="US01", method=TM, line="INTEGRATION",
        team=(("E1012", "4"),), stage="closed", stops=31,
        stories=(("PROJECT_STATUS_INVALID", "The project was closed before its last month was billed."),),
    ),
    Plan(
        code="2116", client="ORCHARD", name="Cold chain advisory", entity="US01", method=TM, line="ADVISORY",
        team=(("E1015", "2"),), months=1,
        stories=(("CUSTOMER_INCOMPLETE", "The debtor was set up in a hurry: no street, no postal code."),
                 ("TERMS_MISSING", "The same new debtor has no payment terms yet.")),
    ),
    Plan(
        code="2117", client="MERIDIAN", name="Trial data pipeline", entity="US01", method=TM, line="DATA",
        team=(("E1010", "3"),), po_required=True,
        stories=(("CREDIT_HOLD", "Credit control put the client on hold after two late payments."),
                 ("PO_MISSING", "The client insists on a purchase order and has not sent one.")),
    ),
    Plan(
        code="2118", client="PIONEER", name="Signalling archive", entity="US01", method=TM, line="INTEGRATION",
        team=(("E1014", "2"),), po=("PO-PR-5531", "60000.00", 20), po_required=True, stops=15,
        stories=(("PO_EXPIRED", "The purchase order ran out five days after the work was done."),),
    ),
    Plan(
        code="2119", client="CASCADE", name="Outage analytics", entity="US01", method=TM, line="DATA",
        team=(("E1017", "4"),), months=1, po=("PO-CU-8802", "9000.00", None), po_required=True, cap_policy="warn",
        stories=(("PO_INSUFFICIENT", "The purchase order covers two thirds of the month's work."),),
    ),
    Plan(
        code="2120", client="HARBORVIEW", name="Yard management", entity="US01", method=TM, line="INTEGRATION",
        team=(("E1010", "3"),), months=1, nte="9500.00",
        stories=(("CHANGE_ORDER_PENDING", "A change order that raises the cap waits for the client's signature."),
                 ("CAP_OVERAGE", "The not-to-exceed amount was used up before the month was over.")),
    ),
    Plan(
        code="2121", client="SUMMIT", name="Export control review", entity="US01", method=TM, line="ADVISORY",
        team=(("E1007", "4"),), prices="summit",
        stories=(("TIME_UNAPPROVED", "The last week of the month is submitted and still waits for the manager."),),
    ),
    Plan(
        code="2122", client="BLUEPEAK", name="Loyalty programme", entity="US01", method=TM, line="ADVISORY",
        team=(("E1016", "2"),), fallback="contract", prices="expired",
        stories=(("TXN_UNRATED", "The contract's price list ended and the renewal was never entered."),),
    ),
    Plan(
        code="2123", client="REDWOOD", name="Actuarial data hub", entity="US01", method=MILESTONE, line="DATA",
        team=(("E1008", "3"),),
        milestones=(("Blueprint", "50000.00", "billed"), ("Data hub in test", "60000.00", "completed"),
                    ("Go-live", "40000.00", "planned")),
        stories=(("MILESTONE_NOT_ACCEPTED", "The hub is delivered; the client has not signed the acceptance."),),
    ),
    Plan(
        code="2124", client="GRANITE", name="Fraud model pilot", entity="US01", method=TM, line="DATA",
        team=(("E1019", "8"),),
        stories=(("COST_CENTER_UNMAPPED", "The analyst sits in a new lab whose cost center has no ledger account."),),
    ),
    Plan(
        code="2125", client="LAKESIDE", name="Device integration", entity="US01", method=TM, line="INTEGRATION",
        team=(("E1020", "8"),), prices="thin",
        stories=(("VENDOR_COST_UNMATCHED", "The staffing firm billed more hours than were approved."),
                 ("MARGIN_LOW", "A contractor at 104 an hour was sold at 118.")),
    ),
    Plan(
        code="2126", client="NORTHSTAR", name="Interface warranty", entity="US01", method=TM, line="SUPPORT",
        team=(("E1014", "2"),), prices="warranty",
        stories=(("NET_NOT_POSITIVE", "Only warranty work at rate 0.00 was done in the month."),),
    ),
)  # fmt: skip

_EUROPEAN_STORIES = (
    Plan(
        code="2127", client="LUMIERE", name="Boutique en ligne", entity="DE01", method=TM, line="INTEGRATION",
        team=(("E2005", "2"),),
        stories=(("TAX_NOT_DETERMINED", "A French business without a valid VAT number: no reverse charge."),),
    ),
    Plan(
        code="2128", client="RHEINWERK", name="Ersatzteil-App", entity="DE01", method=TM, line="INTEGRATION",
        team=(("E2012", "4"),), in_erp=False,
        stories=(("XREF_MISSING", "The project was set up by hand for delivery and never reached the ledger."),),
    ),
    Plan(
        code="2129", client="MATTERHORN", name="Werksdatenmodell", entity="DE01", method=TM, line="DATA",
        team=(("E2004", "4"),), prices="franken",
        stories=(("FX_MISSING", "The contract is in francs and treasury loads no franc rate."),),
    ),
    Plan(
        code="2130", client="NORDLICHT", name="Leitstand-Rollout", entity="DE01", method=TM, line="INTEGRATION",
        team=(("E2012", "4"),),
        stories=(("TIME_MISSING", "A whole week of the month has no timesheet."),
                 ("EXP_UNAPPROVED", "A train fare still waits for approval."),
                 ("EXP_RECEIPT_MISSING", "The hotel bill was approved without its receipt.")),
    ),
    Plan(
        code="2131", client="SPREE", name="Redaktionssystem", entity="DE01", method=TM, line="INTEGRATION",
        team=(("E2007", "4"),), fallback="contract", prices="gap",
        stories=(("OPEN_EXCEPTION", "The contract prices consultants only; an engineer worked: no rate."),),
    ),
    Plan(
        code="2132", client="BERGMANN", name="Studienregister", entity="DE01", method=TM, line="DATA",
        team=(("E2011", "4"),),
        stories=(("DUPLICATE_SUSPECTED", "The same day was entered twice on two timesheets."),),
    ),
    Plan(
        code="2133", client="KESSLER", name="Stücklistenabgleich", entity="DE01", method=TM, line="ADVISORY",
        team=(("E2008", "4"),),
        stories=(("PRIOR_INVOICE_OPEN", "The invoice of the month before still waits for release in the ledger."),
                 ("RECON_VARIANCE", "An older invoice was changed in the ledger after its approval.")),
    ),
    Plan(
        code="2134", client="HANSE", name="Beratungskontingent", entity="DE01", method=RETAINER, line="SUPPORT",
        team=(("E2009", "2"),), months=1, retainer=("12000.00", "12000.00", "2500.00", "draft"),
        stories=(("RETAINER_UNAVAILABLE", "The retainer's own invoice was never posted."),),
    ),
    Plan(
        code="2135", client="ALPENBLICK", name="Betreuungskontingent", entity="DE01", method=RETAINER, line="SUPPORT",
        team=(("E2009", "2"),), retainer=("20000.00", "1800.00", "2500.00", "posted"), minimum="7500.00",
        stories=(("RETAINER_LOW", "1800 of 20000 are left, below the agreed 2500."),
                 ("BELOW_MINIMUM", "What is left to bill is below the agreed minimum of 7500.")),
    ),
    Plan(
        code="2136", client="AVONMOUTH", name="Asset register", entity="UK01", method=TM, line="INTEGRATION",
        team=(("E3003", "3.5"), ("E3005", "7.5")),
        stories=(("PERIOD_CLOSED", "The UK ledger closed last month early."),),
    ),
    Plan(
        code="2137", client="CALEDON", name="Distillery traceability", entity="UK01", method=FIXED, line="INTEGRATION",
        team=(("E3006", "4"), ("E3004", "3.5")),
        milestones=(("Design", "30000.00", "billed"), ("Pilot site", "30000.00", "accepted"),
                    ("All sites", "30000.00", "planned")),
    ),
    Plan(
        code="2138", client="PENNINE", name="Depot rostering", entity="UK01", method=TM, line="DATA",
        team=(("E3008", "4"), ("E3007", "4")),
        stories=(("CUSTOMER_ON_HOLD", "Finance stopped billing until a credit note is agreed."),),
    ),
)  # fmt: skip

PLANS: tuple[Plan, ...] = (*_READY, *_US_STORIES, *_EUROPEAN_STORIES)
