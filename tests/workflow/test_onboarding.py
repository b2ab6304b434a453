"""Onboarding on the real engine and registers, into the simulators of the firm's vendors."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from contracts.call import Call
from contracts.problems import NotFound, RuleViolated
from contracts.process.register_objects import NewCustomer
from process_apis.onboarding import process as onboarding
from process_apis.registers import contracts, projects
from process_apis.registers.unit import Unit
from runtime.data.database import Database
from runtime.work.unit import unit_of_work
from tests.workflow.onboarding_stage import SALES, Desk, at_work
from tests.workflow.onboarding_vendors import CALL, Vendors
from tests.workflow.stage import eventually

ROLES = tuple((role, level) for role in ("ARC", "DEV", "CON", "ANA", "PM") for level in ("JR", "MID", "SR", "PRI"))
ALWAYS_WRITTEN = frozenset(("create_project", "put_project_shell", "put_demand", "set_project_status", "annotate_deal"))
WRITTEN = ALWAYS_WRITTEN | {"put_customer", "put_tasks", "put_milestones"}
UNDONE = frozenset(("deactivate_customer", "deactivate_project_shell", "cancel_demand", "set_project_status"))


@pytest.fixture
def vendors(tmp_path: Path) -> Vendors:
    return Vendors(tmp_path)


async def _priced(desk: Desk) -> None:
    for entity, currency in (("US01", "USD"), ("DE01", "EUR"), ("UK01", "GBP")):
        await desk.price(entity, currency, ROLES)


async def _states(desk: Desk, contract_id: str, *project_ids: str) -> tuple[str, ...]:
    async with unit_of_work(desk.database) as connection:
        unit = Unit(connection, SALES, desk.services.clock.now())
        found = [(await projects.get(unit, project_id)).status for project_id in project_ids]
        return ((await contracts.get(unit, contract_id)).state, *found)


@pytest.mark.parametrize("code", ["D-2201", "D-2202", "D-2203", "D-2204"])
async def test_a_complete_deal_goes_straight_through_and_nothing_is_there_twice_when_every_answer_was_lost(
    database: Database, database_url: str, vendors: Vendors, code: str
) -> None:
    deal_ref = await vendors.deal(code)
    vendors.losing |= WRITTEN
    async with at_work(database, database_url, vendors) as desk:
        await _priced(desk)
        run = await desk.until((await desk.start(deal_ref)).id, "completed", within_s=30)
        result, project = run.result, run.result["projects"][0]
        assert await desk.exceptions() == ()
        assert await desk.refs(project["id"]) == {project["psa_ref"], project["erp_ref"]}
        assert await _states(desk, result["contract_id"], project["id"]) == ("active", "active")
        assert await desk.events("contract.", "project.") == [
            "contract.activated",
            "project.created",
            "project.activated",
        ]
    assert not vendors.losing & ALWAYS_WRITTEN, "an answer that was never lost proves nothing"
    deal = await vendors.crm(CALL).get_deal(CALL, deal_ref)
    made = (await vendors.psa(CALL).find_projects(CALL, deal_ref=deal_ref)).items
    shells = (await vendors.erp(CALL).find_project_shells(CALL, project["id"])).items
    demands = (await vendors.planning(CALL).find_demands(CALL, project_ref=project["psa_ref"])).items
    account = await vendors.crm(CALL).get_account(CALL, deal.account_ref)
    debtors = (await vendors.billing(CALL).find_customers(CALL, tax_id=account.tax_id)).items
    assert [(p.key, p.code, p.status, p.time_allowed) for p in made] == [
        (project["id"], project["code"], "active", True)
    ]
    assert [(s.code, s.active, s.customer_ref) for s in shells] == [(project["code"], True, result["customer_ref"])]
    assert sorted((d.role_code, d.hours) for d in demands) == sorted((r.role_code, r.hours) for r in deal.roles)
    assert [c.ref for c in debtors] == [result["customer_ref"]]
    listed = (await vendors.psa(CALL).list_milestones(CALL, limit=200)).items
    own = [(m.sequence, m.amount) for m in listed if m.project_ref == project["psa_ref"]]
    assert own == [(m.sequence, m.amount) for m in deal.milestones]


async def test_the_end_state_can_be_followed_from_the_deal(
    database: Database, database_url: str, vendors: Vendors
) -> None:
    deal_ref = await vendors.deal("D-2203")
    async with at_work(database, database_url, vendors) as desk:
        await _priced(desk)
        run = await desk.until((await desk.start(deal_ref)).id, "completed")
        contract = await desk.registers.get_contract(SALES, run.result["contract_id"])
        customer = await desk.registers.get_customer(SALES, run.result["customer_id"])
        correlations = await database.fetch(
            "select correlation_id from customer union select correlation_id from contract"
            " union select correlation_id from project"
        )
    assert [step.name for step in run.steps if step.kind == "step"] == [
        *("read deal", "ensure customer", "ensure billing customer", "plan", "register contract", "ensure project"),
        *("ensure shell", "publish demand", "open for booking", "read back", "activate project", "annotate deal"),
    ]
    assert run.cancellable is False
    assert [row["correlation_id"] for row in correlations] == [SALES.correlation_id]
    assert (contract.opportunity_id, contract.payment_terms, contract.legal_entity_id) == (deal_ref, "NET30", "UK01")
    line = contract.lines[0]
    assert (line.billing_method, str(line.value), line.cost_center_id) == ("fixed_price", "80000.00", "CC-510")
    assert run.result["customer_ref"] in customer.refs
    assert run.result["projects"][0]["code"] == "AVONMOUTH-001"


async def test_an_incomplete_deal_waits_for_sales_and_goes_on_once_it_is_complete(
    database: Database, database_url: str, vendors: Vendors
) -> None:
    deal_ref = await vendors.deal("D-2205")
    async with at_work(database, database_url, vendors) as desk:
        await _priced(desk)
        run_id = (await desk.start(deal_ref)).id
        await desk.until_held(run_id, "DEAL_INCOMPLETE")
        (opened,) = await desk.exceptions()
        assert (opened.owner_role, opened.object_id, opened.run_id) == ("SO", deal_ref, run_id)
        assert opened.amount_at_risk == 80000 and opened.currency == "EUR"
        assert opened.facts["missing"] == ["the signed contract document", "the date it was signed"]
        await desk.resolve("DEAL_INCOMPLETE", "It was there all along.")
        (again,) = await eventually(desk.exceptions)
        assert (again.id, again.state, again.version > opened.version) == (opened.id, "open", True)
        await desk.until_held(run_id, "DEAL_INCOMPLETE")
        await vendors.correct(deal_ref, Contract_Document__c="SOW-2205.pdf", Contract_Signed_On__c="2026-11-19")
        await desk.resolve("DEAL_INCOMPLETE")
        await desk.until(run_id, "completed")
        assert await desk.exceptions() == ()


async def test_a_held_run_looks_again_by_itself(database: Database, database_url: str, vendors: Vendors) -> None:
    deal_ref = await vendors.deal("D-2205")
    async with at_work(database, database_url, vendors) as desk:
        run_id = (await desk.start(deal_ref)).id
        await desk.until_held(run_id, "DEAL_INCOMPLETE")
        await vendors.correct(deal_ref, Contract_Document__c="SOW-2205.pdf", Contract_Signed_On__c="2026-11-19")
        await onboarding.build(desk.services).sweeps[0].work()
        await desk.until_held(run_id, "RATE_MISSING")
        by_code = {e.code: e.state for e in await desk.exceptions(None)}
        assert by_code == {"DEAL_INCOMPLETE": "resolved", "RATE_MISSING": "open"}
        (missing,) = await desk.exceptions()
        assert "ANA SR DE-BER from 2026-11-18" in missing.facts["detail"]
        assert await database.fetchval("select count(*) from contract") == 0
        await _priced(desk)
        await desk.until(run_id, "completed")
        assert await desk.exceptions() == ()


async def test_cancelling_undoes_everything_in_reverse_order_and_a_new_version_starts_over(
    database: Database, database_url: str, vendors: Vendors
) -> None:
    deal_ref = await vendors.deal("D-2204")
    vendors.refused["find_project_shells"] = lambda key: (
        RuleViolated("Not now.", code="PROJECT_CODE_INVALID") if vendors.calls["set_project_status"] == 1 else None
    )
    async with at_work(database, database_url, vendors) as desk:
        await _priced(desk)
        run_id = (await desk.start(deal_ref)).id
        await desk.until_held(run_id, "PROJECT_CODE_INVALID")
        del vendors.refused["find_project_shells"]
        vendors.losing |= UNDONE
        assert (await desk.cancel(run_id)).status == "compensating"
        run = await desk.until(run_id, "compensated")
        contract_id = await database.fetchval("select id from contract")
        project_id = await database.fetchval("select id from project")
        assert await _states(desk, contract_id, project_id) == ("terminated", "cancelled")
        assert [s.name for s in run.steps if s.kind == "undo"] == [
            *("cancel demand", "deactivate shell", "cancel project", "cancel registered project", "cancel contract"),
            "deactivate billing customer",
        ]
        assert not vendors.losing
        (project,) = (await vendors.psa(CALL).find_projects(CALL, deal_ref=deal_ref)).items
        (shell,) = (await vendors.erp(CALL).find_project_shells(CALL, project_id)).items
        demands = (await vendors.planning(CALL).find_demands(CALL, project_ref=project.ref)).items
        (debtor,) = (await vendors.billing(CALL).find_customers(CALL, name="Copperfield")).items
        assert (project.status, shell.active, debtor.active) == ("cancelled", False, False)
        assert {d.state for d in demands} == {"cancelled"} and len(demands) == 3
        again = await desk.start(deal_ref, 2)
        await desk.until_held(again.id, "ENTITY_INVALID")
        assert (await desk.start(deal_ref)).id == run_id


async def test_cancelling_before_anything_was_made_leaves_nothing(
    database: Database, database_url: str, vendors: Vendors
) -> None:
    deal_ref = await vendors.deal("D-2201")
    async with at_work(database, database_url, vendors) as desk:
        run_id = (await desk.start(deal_ref)).id
        await desk.until_held(run_id, "RATE_MISSING")
        await desk.cancel(run_id)
        await desk.until(run_id, "compensated")
        assert (await vendors.psa(CALL).find_projects(CALL, deal_ref=deal_ref)).items == ()
        (debtor,) = (await vendors.billing(CALL).find_customers(CALL, name="Redwood")).items
        assert debtor.active, "the client was the ERP's before"
        await _priced(desk)
        await desk.until((await desk.start(deal_ref, 2)).id, "completed")


@pytest.mark.parametrize("answer", ["It is {id}.", "new"])
async def test_a_doubtful_customer_is_decided_by_a_person(
    database: Database, database_url: str, vendors: Vendors, answer: str
) -> None:
    deal_ref = await vendors.deal("D-2204")
    async with at_work(database, database_url, vendors) as desk:
        await _priced(desk)
        alike = NewCustomer(
            name="Copperfield Bio", legal_name="Copperfield Bio Ltd", country="US", default_currency="USD"
        )
        known = await desk.registers.add_customer(SALES, alike)
        run_id = (await desk.start(deal_ref)).id
        await desk.until_held(run_id, "CUSTOMER_MATCH_REVIEW")
        (review,) = await desk.exceptions()
        assert [c["customer_id"] for c in review.facts["candidates"]] == [known.id]
        await desk.resolve("CUSTOMER_MATCH_REVIEW", answer.format(id=known.id))
        run = await desk.until(run_id, "completed")
    assert (run.result["customer_id"] == known.id) is (answer != "new")


async def test_starting_is_checked_and_repeatable(database: Database, database_url: str, vendors: Vendors) -> None:
    won, still_open = await vendors.deal("D-2201"), await vendors.deal("D-2301")
    async with at_work(database, database_url, vendors) as desk:
        await _priced(desk)
        with pytest.raises(RuleViolated, match="only a won deal"):
            await desk.start(still_open)
        for unknown in ("salesforce:deal:006000000000000AAA", "hubspot:deal:1", "D-2201"):
            with pytest.raises(NotFound):
                await desk.start(unknown)
        run = await desk.start(won)
        assert (run.workflow, run.key, run.status) == ("onboarding", f"onboard:{won}:1", "running")
        ended = await desk.until(run.id, "completed")
        repeated = await desk.start(won)
        assert (repeated.id, repeated.status) == (ended.id, "completed")
        with pytest.raises(RuleViolated, match="change order"):
            await desk.start(won, 2)
        assert await database.fetchval("select count(*) from run") == 1


async def test_two_deals_of_one_new_client_share_the_customer_and_number_their_projects(
    database: Database, database_url: str, vendors: Vendors
) -> None:
    first, second = await vendors.deal("D-2201"), await vendors.deal("D-2204")
    account = (await vendors.crm(CALL).get_deal(CALL, second)).account_ref
    await vendors.correct(first, AccountId=account.rsplit(":", 1)[1])
    async with at_work(database, database_url, vendors) as desk:
        await _priced(desk)
        started = [await desk.start(first), await desk.start(second)]
        ended = [await desk.until(run.id, "completed") for run in started]
    assert len({run.result["customer_id"] for run in ended}) == 1
    assert sorted(run.result["projects"][0]["code"] for run in ended) == ["COPPERFIELD-001", "COPPERFIELD-002"]
    assert len((await vendors.billing(CALL).find_customers(CALL, name="Copperfield")).items) == 1


async def test_a_client_of_two_entities_has_a_receivables_account_with_each(
    database: Database, database_url: str, vendors: Vendors
) -> None:
    american, german = await vendors.deal("D-2204"), await vendors.deal("D-2202")
    account = (await vendors.crm(CALL).get_deal(CALL, american)).account_ref
    await vendors.correct(german, AccountId=account.rsplit(":", 1)[1])
    async with at_work(database, database_url, vendors) as desk:
        await _priced(desk)
        ended = [await desk.until((await desk.start(deal)).id, "completed") for deal in (american, german)]
        (customer_id,) = {run.result["customer_id"] for run in ended}
        refs = {ref for ref in await desk.refs(customer_id) if ref.startswith("netsuite:customer:")}
    assert refs == {run.result["customer_ref"] for run in ended} and len(refs) == 2


async def test_a_country_that_is_held_holds_no_other_and_can_be_given_up(
    database: Database, database_url: str, vendors: Vendors
) -> None:
    deal_ref = await vendors.deal("D-2202")
    await vendors.correct(deal_ref, Delivery_Countries__c="DE;GB")
    vendors.refused["create_project"] = lambda body: (
        RuleViolated("No.", code="PROJECT_TEMPLATE_MISSING") if body.country == "GB" else None
    )
    async with at_work(database, database_url, vendors) as desk:
        await _priced(desk)
        run_id = (await desk.start(deal_ref)).id
        german = await _country_run(desk, "DE")
        british = await _country_run(desk, "GB")
        await desk.until(german, "completed")
        await desk.until_held(british, "PROJECT_TEMPLATE_MISSING")
        await desk.until(run_id, "waiting")
        await desk.cancel(british)
        run = await desk.until(run_id, "completed")
        contract = await desk.registers.get_contract(SALES, run.result["contract_id"])
        states = await _states(desk, contract.id, *(line.project_id for line in contract.lines))
    assert run.result["state"] == "partially_provisioned"
    assert [p["country"] for p in run.result["projects"]] == ["DE"]
    assert states == ("active", "active", "cancelled")


async def _country_run(desk: Desk, country: str) -> str:
    """The id of a country's run, once it was started."""
    async with asyncio.timeout(10):
        while True:
            found = await desk.database.fetchval("select id from run where key like '%:' || $1", country)
            if found:
                return str(found)
            await asyncio.sleep(0.02)


class _Together:
    """An ERP whose list of dimensions is answered when two have asked for it: they go on in step."""

    def __init__(self, erp: Any, both: asyncio.Barrier) -> None:
        self._erp, self._both = erp, both

    def __getattr__(self, name: str) -> Any:
        return getattr(self._erp, name)

    async def list_dimensions(self, call: Call, **page: Any) -> Any:
        found = await self._erp.list_dimensions(call, **page)
        with suppress(TimeoutError, asyncio.BrokenBarrierError):
            async with asyncio.timeout(3):
                await self._both.wait()
        return found


async def test_two_versions_of_a_deal_started_at_once_make_one_contract(
    database: Database, database_url: str, vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal_ref, erp, both = await vendors.deal("D-2201"), vendors.erp, asyncio.Barrier(2)
    monkeypatch.setattr(vendors, "erp", lambda call, entity=None: _Together(erp(call, entity), both))
    async with at_work(database, database_url, vendors) as desk:
        await _priced(desk)
        started = await asyncio.gather(desk.start(deal_ref, 1), desk.start(deal_ref, 2))
        await eventually(lambda: _settled(desk, [run.id for run in started]))
        assert sorted([(await desk.view(run.id)).status for run in started]) == ["completed", "waiting"]
        assert [e.code for e in await desk.exceptions()] == ["CONTRACT_INVALID"]
    assert await database.fetchval("select count(*) from contract where opportunity_id = $1", deal_ref) == 1
    assert len((await vendors.psa(CALL).find_projects(CALL, deal_ref=deal_ref)).items) == 1


async def _settled(desk: Desk, run_ids: list[str]) -> bool:
    """Each is over, or waits for a person."""
    views = [await desk.view(run_id) for run_id in run_ids]
    return all(v.status == "completed" or (v.waiting_for and v.waiting_for.kind == "person") for v in views)


async def test_a_preview_tells_what_a_run_would_do_and_changes_nothing(
    database: Database, database_url: str, vendors: Vendors
) -> None:
    deal_ref = await vendors.deal("D-2201")
    async with at_work(database, database_url, vendors) as desk:
        await _priced(desk)
        seen = await desk.commands.preview(SALES, deal_ref)
        assert (seen.run_id, seen.obstacles) == (None, ())
        assert await database.fetchval("select count(*) from run where tenant = $1", SALES.tenant) == 0
        run = await desk.until((await desk.start(deal_ref)).id, "completed", within_s=30)
        assert [c.country for c in seen.countries] == [p["country"] for p in run.result["projects"]]
        assert sum(c.demands for c in seen.countries) == sum(len(p["demand_refs"]) for p in run.result["projects"])
        again = await desk.commands.preview(SALES, deal_ref)
        assert (again.run_id, again.customer, again.customer_id) == (run.id, "known", run.result["customer_id"])
