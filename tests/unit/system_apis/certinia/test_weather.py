"""What the org does on bad days: locks, late indexes, rows that move while they are read."""

from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from contracts.call import Call
from contracts.canon.project import NewDemand, NewProject, Task, Tasks
from contracts.problems import VendorRefused, VendorUnavailable
from tests.contract.vendors import certinia


async def arm(http: httpx.AsyncClient, **fault: Any) -> None:
    (await http.post("/_sandbox/faults", json=fault)).raise_for_status()


async def new_project(http: httpx.AsyncClient, key: str, **values: Any) -> NewProject:
    facts = await certinia.facts("psa", http)
    known: dict[str, Any] = {
        "key": key,
        "code": "PRJ-9001",
        "name": "Rollout",
        "deal_ref": facts.deal,
        "account_ref": facts.account,
        "template_ref": facts.template,
        "entity_code": "US01",
        "country": "US",
        "currency": "USD",
        "billing_method": "fixed_price",
        "start_on": date(2026, 12, 1),
        "end_on": date(2027, 3, 31),
    }
    return NewProject(**{**known, **values})


async def test_a_locked_row_is_worth_another_try(http: httpx.AsyncClient, ports: dict[str, Any], call: Call):
    body = await new_project(http, "prj_lock")
    await arm(http, kind="lock", method="POST", path="apexrest")
    with pytest.raises(VendorUnavailable) as locked:
        await ports["psa"].create_project(call, body)
    assert locked.value.facts["vendor_code"] == "UNABLE_TO_LOCK_ROW"
    assert locked.value.retry_after_s == 1
    assert (await ports["psa"].create_project(call, body)).key == "prj_lock"


async def test_a_project_that_the_index_shows_late_is_not_made_twice(
    http: httpx.AsyncClient, ports: dict[str, Any], call: Call
):
    body = await new_project(http, "prj_late")
    await arm(http, kind="late_index", method="GET", path="/query", times=2)
    for _ in range(2):
        with pytest.raises(VendorUnavailable):
            await ports["psa"].create_project(call, body)
    project = await ports["psa"].create_project(call, body)
    (found,) = (await ports["psa"].find_projects(call, key="prj_late")).items
    assert found == project


async def test_a_cancelled_demand_is_not_revived_by_a_late_index(
    http: httpx.AsyncClient, ports: dict[str, Any], call: Call
):
    facts = await certinia.facts("planning", http)
    body = NewDemand(
        key="dem_late",
        project_ref=facts.project,
        role_code="DEV",
        start_on=date(2026, 12, 1),
        end_on=date(2026, 12, 31),
        hours=Decimal(10),
    )
    demand = await ports["planning"].put_demand(call, body)
    await ports["planning"].cancel_demand(call, demand.ref)
    await arm(http, kind="late_index", method="GET", path="/query", times=1)
    with pytest.raises(VendorUnavailable):
        await ports["planning"].put_demand(call, body)
    assert (await ports["planning"].put_demand(call, body)).state == "cancelled"


async def test_rows_that_move_while_they_are_read_are_not_missed(
    http: httpx.AsyncClient, ports: dict[str, Any], call: Call
):
    before = {project.ref for project in (await ports["psa"].list_projects(call, limit=200)).items}
    await arm(http, kind="page_shift", method="GET", path="/query", times=3)
    seen: list[str] = []
    cursor = None
    while True:
        page = await ports["psa"].list_projects(call, cursor=cursor, limit=5)
        seen += [project.ref for project in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert set(seen) == before
    assert len(seen) >= len(before)


async def test_the_package_s_rules_are_told_in_its_words(http: httpx.AsyncClient, ports: dict[str, Any], call: Call):
    body = await new_project(http, "prj_rule", end_on=date(2026, 11, 1))
    with pytest.raises(VendorRefused) as refused:
        await ports["psa"].create_project(call, body)
    assert refused.value.facts["vendor_code"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert "End Date" in refused.value.facts["vendor_message"]


async def test_a_task_keeps_the_template_s_dates_when_none_are_given(
    http: httpx.AsyncClient, ports: dict[str, Any], call: Call
):
    facts = await certinia.facts("psa", http)
    project = await ports["psa"].create_project(call, await new_project(http, "prj_dates"))
    code = sorted(facts.template_codes)[0]
    tasks = await ports["psa"].put_tasks(call, project.ref, Tasks(items=(Task(code=code, name="Renamed"),)))
    assert (tasks.items[0].start_on, tasks.items[0].end_on) == (project.start_on, project.end_on)
