"""What a won deal needs and becomes: completeness, countries, cost centers, templates, adoption, codes, read-back."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.canon.deal import Deal, PlannedMilestone, RoleNeed
from contracts.canon.ledger import Dimension, LegalEntity, ProjectShell, TaxCode
from contracts.canon.party import Account, Address, BillingCustomer
from contracts.canon.project import Project, ProjectTemplate
from contracts.process.register_objects import Customer
from domain.rate_search import RateLine, ScopeRef
from process_apis.onboarding import agreement, billing_terms, rules
from process_apis.onboarding.billing_terms import Chosen, Client, Terms
from process_apis.onboarding.plan import Billed, CountryPlan, Plan, PlannedDelivery, PlannedDemand, Registered
from process_apis.onboarding.rules import Adopt, Ambiguous, Create, Fault

NOW = datetime(2026, 11, 20, tzinfo=UTC)
START, END = date(2026, 11, 18), date(2027, 4, 30)
ROLE = RoleNeed(
    role_code="DEV", seniority_code="SR", location_code="DE-BER", start_on=START, end_on=END, hours=Decimal(80)
)
DEAL = Deal(
    ref="crm:deal:1",
    name="Smart meters",
    account_ref="crm:account:1",
    state="closed_won",
    stage="Closed Won",
    amount=Decimal("50000.00"),
    currency="EUR",
    closed_on=START,
    entity_code="DE01",
    delivery_countries=("DE",),
    document_ref="SOW-1.pdf",
    signed_on=START,
    billing_method="time_and_materials",
    payment_terms="NET30",
    service_line="DATA",
    start_on=START,
    end_on=END,
    roles=(ROLE,),
    changed_at=NOW,
)
ACCOUNT = Account(
    ref="crm:account:1", name="Isarblick", legal_name="Isarblick GmbH", country="DE", address=Address(), changed_at=NOW
)
CUSTOMER = Customer(
    id="cus_1",
    name="Isarblick",
    legal_name="Isarblick GmbH",
    country="DE",
    default_currency="EUR",
    status="active",
    version=1,
    updated_at=NOW,
)
ENTITY = LegalEntity(ref="erp:subsidiary:2", code="DE01", name="GmbH", country="DE", functional_currency="EUR")
VAT = TaxCode(
    ref="erp:taxitem:1",
    code="DE-S19",
    country="DE",
    rate_pct=Decimal("19.00"),
    treatment="standard",
    valid_from=date(2020, 1, 1),
)


def milestone(sequence: int, amount: str) -> PlannedMilestone:
    return PlannedMilestone(sequence=sequence, name=f"M{sequence}", planned_on=END, amount=Decimal(amount))


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({}, ()),
        ({"document_ref": None}, ("the signed contract document",)),
        ({"signed_on": None, "amount": Decimal(0)}, ("the date it was signed", "an amount above zero")),
        ({"entity_code": None}, ("the contracting entity",)),
        ({"roles": ()}, ("a roles profile or milestones",)),
        ({"roles": (), "milestones": (milestone(1, "50000.00"),)}, ()),
        ({"start_on": None, "end_on": None}, ()),
        ({"billing_method": None}, ("the billing method",)),
    ],
)
def test_a_won_deal_needs_what_opp_1_asks(change: dict[str, Any], missing: tuple[str, ...]) -> None:
    assert rules.missing(replace(DEAL, **change), ACCOUNT) == missing


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"state": "closed_lost"}, "DEAL_INCOMPLETE"),
        ({"document_ref": None}, "DEAL_INCOMPLETE"),
        ({"end_on": date(2026, 1, 1)}, "CONTRACT_INVALID"),
        ({"billing_method": "milestone", "milestones": (milestone(1, "20000.00"), milestone(2, "30000.00"))}, None),
        ({"billing_method": "milestone", "milestones": (milestone(1, "49999.99"),)}, "MILESTONE_SUM_MISMATCH"),
        ({"milestones": (milestone(1, "1.00"),)}, None),
    ],
)
def test_what_is_wrong_with_a_deal_has_a_code(change: dict[str, Any], code: str | None) -> None:
    fault = rules.fault_of(replace(DEAL, **change), ACCOUNT)
    assert (fault.code if fault else None) == code


def test_countries_come_once_and_default_to_the_entitys() -> None:
    assert rules.countries_of(replace(DEAL, delivery_countries=("DE", "GB", "DE")), "DE") == ("DE", "GB")
    assert rules.countries_of(replace(DEAL, delivery_countries=()), "US") == ("US",)
    places = [("DE-BER", "DE"), ("UK-LON", "GB"), ("FR-PAR", "DE"), (None, "DE")]
    assert [rules.country_of(location, ("DE", "GB")) for location, _ in places] == [country for _, country in places]


def center(code: str, name: str, entity: str | None = "DE01", active: bool = True) -> Dimension:
    return Dimension(
        ref=f"erp:department:{code}", kind="cost_center", code=code, name=name, entity_code=entity, active=active
    )


@pytest.mark.parametrize(
    ("line", "named", "expected"),
    [
        ("DATA", None, "CC-320"),
        ("INTEGRATION", None, "CC-310"),
        (None, None, "CC-310"),
        ("DATA", "use CC-300, please", "CC-300"),
        ("DATA", "use CC-110", "CC-320"),
    ],
)
def test_a_cost_center_is_named_or_fits_the_service_line_or_delivers(
    line: str | None, named: str | None, expected: str
) -> None:
    known = [
        center("CC-110", "Delivery US", "US01"),
        center("CC-300", "Corporate DE"),
        center("CC-305", "Data warehouse", active=False),
        center("CC-310", "Delivery DE"),
        center("CC-320", "Data and Analytics DE"),
    ]
    assert rules.cost_center(known, "DE01", line, named) == expected


def test_without_a_fitting_cost_center_there_is_none_unless_it_is_the_only_one() -> None:
    two = [center("CC-1", "Corporate"), center("CC-2", "Lab")]
    assert rules.cost_center(two, "DE01", "DATA", None) is None
    assert rules.cost_center(two[:1], "DE01", "DATA", None) == "CC-1"


def test_the_template_is_of_the_service_line_and_tells_of_the_method() -> None:
    named = [("Data by deliverable", "DATA"), ("Data by effort", "DATA"), ("Advisory", "ADVISORY")]
    templates = [ProjectTemplate(ref=f"psa:template:{n}", name=n, service_line=line) for n, line in named]

    def name(**change: Any) -> str | None:
        found = rules.template_for(templates, replace(DEAL, **change))
        return found.name if found else None

    assert name() == "Data by effort"
    assert name(billing_method="milestone") == "Data by deliverable"
    assert name(service_line="advisory") == "Advisory"
    assert name(service_line="SUPPORT") is None and name(service_line=None) is None


def project(place: int, **change: Any) -> Project:
    made = Project(
        ref=f"psa:project:{place}",
        key=None,
        code=f"P-{place}",
        name="Smart meters",
        deal_ref=DEAL.ref,
        account_ref=None,
        entity_code="DE01",
        country="DE",
        currency="EUR",
        status="active",
        start_on=START,
        end_on=END,
        time_allowed=True,
        changed_at=NOW,
    )
    return replace(made, **change)


def test_a_project_made_by_hand_is_adopted_unless_there_are_several() -> None:
    others = [project(1, status="cancelled"), project(2, key="prj_x"), project(3, country="GB")]
    assert rules.adoptable(others, "DE", ("DE", "GB")) == Create()
    assert rules.adoptable([*others, project(4)], "DE", ("DE", "GB")) == Adopt(project=project(4))
    assert isinstance(rules.adoptable([project(4), project(5, country=None)], "DE", ("DE",)), Ambiguous)


def plan(**change: Any) -> Plan:
    country = CountryPlan(
        country="DE",
        project_id="prj_1",
        line_id="ctl_1",
        demands=(PlannedDemand(id="dem_1", need=ROLE),),
        milestones=(PlannedDelivery(id="mls_1", milestone=milestone(1, "50000.00")),),
    )
    second = CountryPlan(country="GB", project_id="prj_2", line_id="ctl_2")
    return Plan(engagement_id="eng_1", contract_id="ctr_1", countries=(replace(country, **change), second))


def billed(**change: Any) -> Billed:
    return Billed(
        ref="erp:customer:9",
        created=False,
        deal=replace(DEAL, **change),
        account=ACCOUNT,
        entity_country="DE",
        payment_terms="NET45",
        tax_treatment="standard",
    )


def branch(place: int = 0, **change: Any) -> Any:
    registered = Registered(id="ctr_1", cost_center="CC-310", codes=("ISARBLICK-001", "ISARBLICK-002"))
    return rules.branch_of(billed(**change), "cus_1", plan(), registered, place)


def test_the_project_with_our_key_goes_before_an_adopted_one() -> None:
    adopting = replace(branch(), country=plan(adopted_ref="psa:project:4").countries[0])
    keyed = project(7, key="prj_1")
    assert rules.project_for(adopting, [keyed], []) == Adopt(project=keyed)
    assert rules.project_for(adopting, [], [project(4), project(5)]) == Adopt(project=project(4))
    assert rules.project_for(branch(), [], [project(4)]) == Create()
    assert isinstance(rules.project_for(branch(), [keyed, replace(keyed, ref="psa:project:8")], []), Ambiguous)


@pytest.mark.parametrize(
    ("name", "taken", "code"),
    [
        ("Redwood Mutual", (), "REDWOOD-001"),
        ("Redwood Mutual", ("REDWOOD-001", "REDWOOD-009", "REDWOODS-044", "REDWOOD-X"), "REDWOOD-010"),
        ("Ex & Co. KG", (), "EX-001"),
        ("A1 Telekom Austria", (), "A1TELEKOM-001"),
        ("Lumière Cosmétiques", (), "LUMIERE-001"),
        ("東京", (), "PROJECT-001"),
    ],
)
def test_project_codes_count_up_per_customer(name: str, taken: tuple[str, ...], code: str) -> None:
    assert rules.next_code(rules.code_stem(name), taken) == code


def test_the_leading_country_carries_the_value() -> None:
    fixed = {"billing_method": "fixed_price"}
    lead, other = branch(**fixed), branch(1, **fixed)
    assert (lead.value, other.value) == (Decimal("50000.00"), Decimal(0))
    assert (lead.name, other.code) == ("Smart meters (DE)", "ISARBLICK-002")
    assert branch().value is None and branch(1).value is None
    made = agreement.contract(billed(**fixed), "cus_1", plan(), "CC-310")
    assert [(line.value, line.revenue_method) for line in made.lines] == [
        (Decimal("50000.00"), "cost_to_cost"),
        (Decimal(0), "cost_to_cost"),
    ]
    assert (made.payment_terms, made.bill_to_id, made.end) == ("NET45", "cus_1", END)


def rate(place: int, **change: Any) -> RateLine:
    line = RateLine(
        id=f"rtl_{place}",
        scope="standard",
        scope_ref=ScopeRef(legal_entity_id="DE01"),
        role_code="DEV",
        rate=Decimal("100.0000"),
        currency="EUR",
        effective_from=date(2026, 1, 1),
    )
    return replace(line, **change)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((rate(1),), None),
        ((), "RATE_MISSING"),
        ((rate(1, role_code="ANA"),), "RATE_MISSING"),
        ((rate(1, effective_to=date(2026, 10, 31)),), "RATE_MISSING"),
        ((rate(1), rate(2)), "RATE_OVERLAP"),
        ((rate(1, scope="client", scope_ref=ScopeRef(customer_id="cus_0")),), None),
    ],
)
def test_every_role_needs_one_rate_on_its_first_day(lines: tuple[RateLine, ...], code: str | None) -> None:
    made = agreement.contract(billed(), "cus_1", plan(), "CC-310")
    fault = agreement.rate_fault(agreement.unpriced(made, plan(), lines, ("cus_1", "cus_0")))
    assert (fault.code if fault else None) == code
    assert fault is None or "DEV SR DE-BER from 2026-11-18" in fault.detail


def debtor(place: int = 1, **change: Any) -> BillingCustomer:
    made = BillingCustomer(
        ref=f"erp:customer:{place}",
        key=None,
        number=f"C{place}",
        name="Isarblick",
        legal_name="Isarblick GmbH",
        entity_code="DE01",
        currency="EUR",
        address=Address(),
        payment_terms="NET14",
    )
    return replace(made, **change)


def test_the_receivables_customer_is_linked_named_or_the_only_active_one() -> None:
    two = (debtor(1), debtor(2))
    assert billing_terms.choose((), frozenset(), None) == Chosen(customer=None)
    assert billing_terms.choose(two[:1], frozenset(), None) == Chosen(customer=two[0])
    assert billing_terms.choose(two, frozenset({"erp:customer:2"}), None) == Chosen(customer=two[1])
    assert billing_terms.choose(two, frozenset(), "it is C2") == Chosen(customer=two[1])
    assert billing_terms.choose((debtor(1, active=False), two[1]), frozenset(), None) == Chosen(customer=two[1])
    several = billing_terms.choose(two, frozenset(), None)
    assert isinstance(several, Fault) and several.code == "CUSTOMER_MATCH_REVIEW"


@pytest.mark.parametrize(
    ("entities", "code"),
    [((), "ENTITY_INVALID"), ((replace(ENTITY, active=False),), "ENTITY_INVALID"), ((ENTITY,), None)],
)
def test_the_contracting_entity_is_known_and_active(entities: tuple[LegalEntity, ...], code: str | None) -> None:
    found = billing_terms.entity_of(entities, DEAL)
    assert (found.code if isinstance(found, Fault) else None) == code


@pytest.mark.parametrize(
    ("billing", "deal", "country", "outcome"),
    [
        (debtor(), {}, "DE", ("NET14", "standard")),
        (None, {}, "DE", ("NET30", "standard")),
        (debtor(payment_terms=None), {}, "DE", ("NET30", "standard")),
        (debtor(payment_terms=None), {"payment_terms": None}, "DE", "TERMS_MISSING"),
        (debtor(active=False), {}, "DE", "ENTITY_INVALID"),
        (debtor(currency="CHF"), {}, "DE", "CONTRACT_INVALID"),
        (None, {}, "US", ("NET30", "out_of_scope")),
        (None, {}, "FR", "TAX_NOT_DETERMINED"),
        (debtor(tax_id="FR83404833048"), {}, "FR", ("NET14", "reverse_charge")),
        (None, {"start_on": date(2019, 1, 1)}, "DE", "TAX_NOT_DETERMINED"),
    ],
)
def test_terms_are_the_erps_and_tax_is_determined(
    billing: BillingCustomer | None, deal: dict[str, Any], country: str, outcome: Any
) -> None:
    sold = replace(DEAL, **deal)
    client = Client(account=replace(ACCOUNT, country=country), customer=CUSTOMER, billed=billing)
    found = billing_terms.terms_of(sold, client, ENTITY, (VAT,), rules.start_of(sold) or START)
    told = (found.payment_terms, found.tax.treatment) if isinstance(found, Terms) else found.code
    assert told == outcome


def test_read_back_tells_absent_from_wrong() -> None:
    ours = project(1, key="prj_1", code="ISARBLICK-001")
    shell = ProjectShell(
        ref="erp:job:1",
        key="prj_1",
        code="ISARBLICK-001",
        name="Smart meters",
        entity_code="DE01",
        customer_ref="erp:customer:9",
        currency="EUR",
        active=True,
    )
    assert rules.read_back(branch(), (ours,), (shell,)) == rules.ReadBack()
    assert rules.read_back(branch(), (ours,), ()).absent == ("ERP",)
    wrong = rules.read_back(
        branch(), (replace(ours, time_allowed=False),), (replace(shell, active=False, code="X"),)
    ).wrong
    assert wrong == (
        "in the PSA it is active and takes no time",
        "its code in the ERP is X, not ISARBLICK-001",
        "in the ERP it is inactive",
    )
