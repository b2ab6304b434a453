"""The seeded firm: same day and seed, same firm; its figures agree, and every readiness check has a case."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest

from system_apis.platforms.firm import CASES, READY, WON_DEALS, Firm, RateCard, firm
from system_apis.platforms.firm.build import firm as remembered

AS_OF = date(2026, 8, 19)
DAYS = (AS_OF, date(2026, 8, 1), date(2026, 3, 31), date(2026, 1, 2), date(2028, 2, 29))
CODES = [
    "CONTRACT_NOT_ACTIVE",
    "PROJECT_STATUS_INVALID",
    "CUSTOMER_INCOMPLETE",
    "CUSTOMER_ON_HOLD",
    "CREDIT_HOLD",
    "PO_MISSING",
    "PO_EXPIRED",
    "PO_INSUFFICIENT",
    "TAX_NOT_DETERMINED",
    "XREF_MISSING",
    "FX_MISSING",
    "PERIOD_CLOSED",
    "TERMS_MISSING",
    "CHANGE_ORDER_PENDING",
    "TIME_UNAPPROVED",
    "TIME_MISSING",
    "EXP_UNAPPROVED",
    "EXP_RECEIPT_MISSING",
    "TXN_UNRATED",
    "MILESTONE_NOT_ACCEPTED",
    "CAP_OVERAGE",
    "DUPLICATE_SUSPECTED",
    "COST_CENTER_UNMAPPED",
    "OPEN_EXCEPTION",
    "PRIOR_INVOICE_OPEN",
    "RETAINER_UNAVAILABLE",
    "RETAINER_LOW",
    "VENDOR_COST_UNMATCHED",
    "NET_NOT_POSITIVE",
    "BELOW_MINIMUM",
    "MARGIN_LOW",
    "RECON_VARIANCE",
]


@pytest.fixture(params=DAYS, ids=str)
def world(request: pytest.FixtureRequest) -> Firm:
    return firm(request.param)


def last_month(world: Firm) -> tuple[date, date]:
    last = world.as_of.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def contract(world: Firm, code: str):
    return next(row for row in world.contracts if row.code == CASES[code].contract)


def client_of(world: Firm, code: str):
    return next(row for row in world.clients if row.code == contract(world, code).client)


def project(world: Firm, code: str):
    return next(row for row in world.projects if row.code == CASES[code].project)


def worked(world: Firm, project_code: str) -> list:
    first, last = last_month(world)
    return [row for row in world.time_entries if row.project == project_code and first <= row.on <= last]


def rates(world: Firm, contract_code: str) -> dict[str, Decimal | None]:
    """Price of every person who worked last month, by RATE-1..RATE-6 as far as the firm uses them."""
    terms = next(row for row in world.contracts if row.code == contract_code)
    clients = {row.code: row for row in world.clients}
    path = [terms.client, clients[terms.client].parent]
    project_code = terms.lines[0].project
    found: dict[str, Decimal | None] = {}
    for entry in worked(world, project_code):
        levels = [
            [c for c in world.rate_cards if (c.scope_code, c.person) == (project_code, entry.person)],
            [c for c in world.rate_cards if c.scope == "project_role" and c.scope_code == project_code],
            [c for c in world.rate_cards if c.scope_code == terms.lines[0].code],
        ]
        if terms.rate_fallback == "standard":
            levels += [[c for c in world.rate_cards if c.scope == "client" and c.scope_code == code] for code in path]
            levels.append([c for c in world.rate_cards if c.scope == "standard" and c.scope_code == terms.entity])
        found[entry.person] = next((r for cards in levels if (r := price(cards, entry)) is not None), None)
    return found


def price(cards: list[RateCard], entry) -> Decimal | None:
    for card in cards:
        for line in card.lines:
            fits = line.role == entry.role and line.seniority in (None, entry.seniority)
            if fits and line.starts_on <= entry.on and (line.ends_on is None or entry.on <= line.ends_on):
                return line.rate
    return None


def test_same_day_and_seed_give_the_same_firm():
    first = msgspec.json.encode(firm(AS_OF))
    remembered.cache_clear()
    assert msgspec.json.encode(firm(AS_OF)) == first
    assert msgspec.json.encode(firm(AS_OF, seed=8)) != first


def test_size_is_that_of_one_believable_firm(world: Firm):
    assert [entity.currency for entity in world.entities] == ["USD", "EUR", "GBP"]
    assert len(world.people) == 40
    assert 22 <= len(world.clients) <= 30
    assert 25 <= len(world.projects) <= 40
    assert {line.method for row in world.contracts for line in row.lines} == {
        "time_and_materials",
        "fixed_price",
        "milestone",
        "retainer",
    }
    assert sum(row.nte_amount is not None for row in world.contracts) >= 3


def test_codes_are_unique_and_every_reference_leads_somewhere(world: Firm):
    def codes(rows) -> set[str]:
        counted = Counter(row.code for row in rows)
        assert max(counted.values()) == 1, counted.most_common(1)
        return set(counted)

    people = {row.number for row in world.people}
    clients, deals, projects = codes(world.clients), codes(world.deals), codes(world.projects)
    contracts, templates, assignments = codes(world.contracts), codes(world.templates), codes(world.assignments)
    codes(world.time_entries), codes(world.expenses), codes(world.milestones), codes(world.rate_cards)
    assert {row.client for row in world.deals} <= clients
    assert {row.template for row in (*world.deals, *world.projects)} <= templates
    assert {row.deal for row in world.contracts} == {row.deal for row in world.projects} <= deals
    assert {row.contract for row in world.projects} == contracts
    assert {row.manager for row in world.projects} | {row.manager for row in world.people} - {None} <= people
    assert {row.assignment for row in world.time_entries} <= assignments
    assert {row.project for row in (*world.time_entries, *world.expenses, *world.invoices)} <= projects
    assert {row.calendar for row in world.people} <= codes(world.calendars)


def test_nobody_works_more_than_a_day_has_or_before_joining(world: Firm):
    hours: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for entry in world.time_entries:
        assert Decimal(0) < entry.hours <= 24
        hours[entry.person, entry.on] += entry.hours
    assert max(hours.values()) <= 16
    hired = {row.number: row.hired_on for row in world.people}
    assert all(hired[person] < day for person, day in hours)


def test_time_of_last_month_is_approved_but_for_the_case(world: Firm):
    first, last = last_month(world)
    open_ones = {row.project for row in world.time_entries if first <= row.on <= last and row.state != "approved"}
    assert open_ones == {CASES["TIME_UNAPPROVED"].project}
    assert all(row.approver != row.person for row in world.time_entries)
    assert all(row.approved_at is None or row.approved_at.date() <= world.as_of for row in world.time_entries)
    assert {row.on <= world.as_of for row in world.time_entries} == {True}


def test_a_sheet_has_one_state_one_week_and_one_month(world: Firm):
    sheets = defaultdict(list)
    for entry in world.time_entries:
        sheets[entry.sheet].append(entry)
    for rows in sheets.values():
        assert (
            len({(row.state, row.person, row.assignment, row.on.isocalendar()[:2], row.on.month) for row in rows}) == 1
        )


def test_this_month_waits_partly():
    assert {row.state for row in firm(AS_OF).time_entries if row.on.month == 8} >= {"approved", "submitted", "saved"}


def test_milestones_sum_to_the_value_of_their_line(world: Firm):
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in world.milestones:
        sums[row.contract_line] += row.amount
    valued = {line.code: line.value for row in world.contracts for line in row.lines if line.value is not None}
    assert sums == valued


def test_the_engagements_that_are_ready_have_nothing_in_the_way(world: Firm):
    first, last = last_month(world)
    by_effort = 0
    assert len(READY) >= 12
    for code in READY:
        terms = next(row for row in world.contracts if row.code == code)
        client = next(row for row in world.clients if row.code == terms.client)
        work = next(row for row in world.projects if row.contract == code)
        assert (terms.state, work.stage, work.in_erp) == ("active", "active", True)
        assert client.street and client.postal_code and client.payment_terms and client.tax_id_valid
        assert not (client.billing_hold or client.credit_hold)
        assert terms.po or not terms.po_required
        assert all(
            row.receipt_attached and row.state == "approved"
            for row in world.expenses
            if row.project == work.code and first <= row.on <= last
        )
        period = next(row for row in world.periods if row.entity == terms.entity and row.ends_on == last)
        assert period.state == "open"
        assert None not in rates(world, code).values()
        by_effort += terms.lines[0].method == "time_and_materials"
    assert by_effort >= 12


def test_every_person_on_a_ready_engagement_has_time_in_every_full_week(world: Firm):
    first, last = last_month(world)
    for assignment in world.assignments:
        if assignment.project.replace("PRJ-", "C-") not in READY:
            continue
        weeks = {r.on.isocalendar()[:2] for r in worked(world, assignment.project) if r.person == assignment.person}
        mondays = [first + timedelta(days=n) for n in range(31) if (first + timedelta(days=n)).weekday() == 0]
        assert {m.isocalendar()[:2] for m in mondays if m + timedelta(days=4) <= last} <= weeks


def test_each_readiness_check_has_its_story():
    assert sorted(CASES) == sorted(CODES)
    assert all(case.story.endswith(".") for case in CASES.values())
    assert not {case.contract for case in CASES.values()} & set(READY)


def test_master_data_cases(world: Firm):
    assert contract(world, "CONTRACT_NOT_ACTIVE").state == "suspended"
    assert project(world, "PROJECT_STATUS_INVALID").stage == "closed"
    assert client_of(world, "CUSTOMER_INCOMPLETE").street is None
    assert client_of(world, "CUSTOMER_ON_HOLD").billing_hold
    assert client_of(world, "CREDIT_HOLD").credit_hold
    assert client_of(world, "TERMS_MISSING").payment_terms is None
    taxed = client_of(world, "TAX_NOT_DETERMINED")
    assert taxed.country == "FR" and not taxed.tax_id_valid
    assert not project(world, "XREF_MISSING").in_erp
    currency = contract(world, "FX_MISSING").currency
    assert currency not in {quote.base for quote in world.fx_quotes}


def test_purchase_order_cases(world: Firm):
    _, last = last_month(world)
    assert contract(world, "PO_MISSING").po_required and contract(world, "PO_MISSING").po is None
    expired = contract(world, "PO_EXPIRED")
    dates = [row.on for row in worked(world, expired.lines[0].project)]
    assert max(dates) <= expired.po.expires_on < last
    short = contract(world, "PO_INSUFFICIENT")
    assert short.cap_policy == "warn"
    assert value(world, "PO_INSUFFICIENT") > short.po.amount


def value(world: Firm, code: str) -> Decimal:
    prices = rates(world, CASES[code].contract)
    return sum((row.hours * (prices[row.person] or 0) for row in worked(world, CASES[code].project)), Decimal(0))


def test_price_cases(world: Firm):
    assert set(rates(world, CASES["TXN_UNRATED"].contract).values()) == {None}
    assert set(rates(world, CASES["OPEN_EXCEPTION"].contract).values()) == {None}
    assert value(world, "NET_NOT_POSITIVE") == 0 and worked(world, CASES["NET_NOT_POSITIVE"].project)
    assert Decimal(0) < value(world, "BELOW_MINIMUM") < contract(world, "BELOW_MINIMUM").min_invoice_amount
    assert value(world, "CAP_OVERAGE") > contract(world, "CAP_OVERAGE").nte_amount
    costs = {row.number: row.cost_rates[-1].rate for row in world.people}
    (person, rate), *_ = rates(world, CASES["MARGIN_LOW"].contract).items()
    assert (rate - costs[person]) / rate < Decimal("0.20")


def test_delivery_cases(world: Firm):
    first, last = last_month(world)
    entries = worked(world, CASES["DUPLICATE_SUSPECTED"].project)
    same = Counter((row.person, row.on, row.task, row.hours, row.notes) for row in entries)
    assert sorted(same.values())[-2:] == [1, 2]
    assert any(row.state == "submitted" for row in worked(world, CASES["TIME_UNAPPROVED"].project))
    spent = [r for r in world.expenses if r.project == CASES["EXP_UNAPPROVED"].project and first <= r.on <= last]
    assert any(row.state == "submitted" for row in spent)
    assert any(row.state == "approved" and not row.receipt_attached for row in spent)
    due = [r for r in world.milestones if r.project == CASES["MILESTONE_NOT_ACCEPTED"].project]
    assert any(r.state == "completed" and r.acceptance_required and first <= r.planned_on <= last for r in due)
    mapped = {row.cost_center for row in world.cost_center_maps}
    centers = {row.number: row.cost_center for row in world.people}
    lab = {centers[row.person] for row in worked(world, CASES["COST_CENTER_UNMAPPED"].project)}
    assert not lab & mapped


def test_the_missing_week_leaves_one_full_week_without_time(world: Firm):
    first, last = last_month(world)
    days = {row.on for row in worked(world, CASES["TIME_MISSING"].project)}
    mondays = [first + timedelta(days=n) for n in range(31) if (first + timedelta(days=n)).weekday() == 0]
    full = [m for m in mondays if m + timedelta(days=4) <= last]
    assert sum(not any(m + timedelta(days=n) in days for n in range(5)) for m in full) == 1


def test_ledger_cases(world: Firm):
    first, last = last_month(world)
    closed = contract(world, "PERIOD_CLOSED").entity
    states = {row.entity: row.state for row in world.periods if row.ends_on == last}
    assert states.pop(closed) == "closed" and set(states.values()) == {"open"}
    assert {r.state for r in world.periods if r.starts_on <= world.as_of <= r.ends_on} == {"open"}
    owed = [row for row in world.invoices if row.contract == CASES["PRIOR_INVOICE_OPEN"].contract]
    assert owed[-1].state == "pending" and owed[-1].period_end < first
    changed = [r for r in world.invoices if r.gross != r.agreed_gross]
    assert {row.contract for row in changed} == {CASES["RECON_VARIANCE"].contract}
    retainers = {row.contract_line[:-2]: row for row in world.retainers}
    assert retainers[CASES["RETAINER_UNAVAILABLE"].contract].state != "posted"
    low = retainers[CASES["RETAINER_LOW"].contract]
    assert low.available < low.low_threshold
    assert [row.state for row in world.change_orders] == ["submitted"] and world.change_orders[0].effective_on <= last
    assert {row.project for row in world.vendor_bills if not row.matched} == {CASES["VENDOR_COST_UNMATCHED"].project}


def test_invoices_add_up(world: Firm):
    for row in world.invoices:
        assert row.gross == row.net + row.tax
        assert row.net == row.net.quantize(Decimal("0.01"))
        assert sum((p.amount for p in row.payments), Decimal(0)) <= row.gross
        assert row.invoiced_on < world.as_of


def test_won_deals_that_are_not_projects_yet(world: Firm):
    waiting = {row.code: row for row in world.deals if row.stage == "won" and not row.onboarded}
    assert set(waiting) == set(WON_DEALS)
    assert [code for code, row in waiting.items() if row.contract_document is None] == ["D-2205"]
    standard = {
        c.scope_code: {(r.role, r.seniority) for r in c.lines} for c in world.rate_cards if c.scope == "standard"
    }
    clients = {row.code: row for row in world.clients}
    for row in waiting.values():
        assert row.starts_on <= world.as_of and row.payment_terms and clients[row.client].tax_id_valid
        assert {(need.role, need.seniority) for need in row.roles} <= standard[row.entity]
        assert sum((m.amount for m in row.milestones), Decimal(0)) in (0, row.amount)
    assert {(row.entity, row.method) for row in waiting.values()} >= {
        ("US01", "time_and_materials"),
        ("DE01", "time_and_materials"),
        ("UK01", "fixed_price"),
    }


def test_exchange_rates_cover_seventy_days(world: Firm):
    days = {quote.on for quote in world.fx_quotes}
    assert min(days) == world.as_of - timedelta(days=70) and max(days) == world.as_of
    assert len(world.fx_quotes) == len(days) * 6
