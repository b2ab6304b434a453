"""Certinia: the org simulator with both products, and what its seed holds."""

from collections import Counter
from typing import Any

import httpx

from runtime.connections import Connection
from runtime.http.simulate import ASGIApp
from tests.contract.suites import planning, psa, time
from tests.contract.vendors import salesforce_org

SECRET = salesforce_org.SECRET
READS, WRITES = salesforce_org.READS, salesforce_org.WRITES
_DEAL, _PROJECT = "D-2201", "PRJ-2101"
_STATUS = {"saved": "draft"}


def simulator() -> ASGIApp:
    return salesforce_org.simulator()


def connection(secret: str) -> Connection:
    return Connection(
        tenant="demo",
        instance="certinia",
        vendor="certinia",
        ports=("psa", "time", "planning"),
        base_url=salesforce_org.URL,
        secret=secret,
        settings={"crm": "salesforce"},
    )


async def facts(port: str, http: httpx.AsyncClient) -> Any:
    return await {"psa": _psa, "time": _time, "planning": _planning}[port](http)


def _refs(kind: str, ids: dict[str, str]) -> dict[str, str]:
    return {name: f"certinia:{kind}:{record_id}" for name, record_id in ids.items()}


async def _psa(http: httpx.AsyncClient) -> psa.Facts:
    firm = salesforce_org.firm()
    everything = _refs("project", await salesforce_org.ids(http, "pse__Proj__c", "Project_Code__c"))
    deals = await salesforce_org.ids(http, "Opportunity", "Name")
    accounts = await salesforce_org.ids(http, "Account", "AccountNumber")
    deal = next(deal for deal in firm.deals if deal.code == _DEAL)
    project = next(project for project in firm.projects if project.code == _PROJECT)
    template = next(template for template in firm.templates if template.code == deal.template)
    templates = {code: f"certinia:template:{ref.split(':')[2]}" for code, ref in everything.items()}
    its_deal = next(deal for deal in firm.deals if deal.code == project.deal)
    manager = next(person for person in firm.people if person.number == project.manager)
    milestones = await salesforce_org.ids(http, "pse__Milestone__c", "Ext_Id__c")
    return psa.Facts(
        deal=f"salesforce:deal:{deals[deal.name]}",
        account=f"salesforce:account:{accounts[deal.client]}",
        template=templates[template.code],
        templates={templates[t.code]: t.service_line for t in firm.templates},
        template_codes=frozenset(task.code for task in template.tasks),
        project=everything[_PROJECT],
        expected={
            "key": None,
            "code": project.code,
            "name": project.name,
            "deal_ref": f"salesforce:deal:{deals[its_deal.name]}",
            "account_ref": f"salesforce:account:{accounts[project.client]}",
            "entity_code": project.entity,
            "country": project.country,
            "currency": project.currency,
            "status": "active",
            "billing_method": project.method,
            "manager_name": manager.name,
            "start_on": project.starts_on,
            "end_on": project.ends_on,
            "time_allowed": True,
        },
        projects=frozenset(everything[p.code] for p in firm.projects),
        milestones=frozenset(f"certinia:milestone:{milestones[m.code]}" for m in firm.milestones),
        milestone_states=Counter(milestone.state for milestone in firm.milestones),
        tasks=frozenset((t.code, t.chargeable, t.starts_on, t.ends_on, t.state == "open") for t in project.tasks),
    )


async def _time(http: httpx.AsyncClient) -> time.Facts:
    firm = salesforce_org.firm()
    projects = _refs("project", await salesforce_org.ids(http, "pse__Proj__c", "Project_Code__c"))
    entry = next(e for e in firm.time_entries if e.project == _PROJECT and e.state == "approved")
    approver = next(person for person in firm.people if person.number == entry.approver)
    return time.Facts(
        entries=len(firm.time_entries),
        hours=sum(entry.hours for entry in firm.time_entries),
        statuses=Counter(_STATUS.get(entry.state, entry.state) for entry in firm.time_entries),
        known=(entry.person, projects[entry.project], entry.task, entry.on.isoformat()),
        expected={
            "hours": entry.hours,
            "time_types": entry.time_types,
            "role_code": entry.role,
            "location_code": entry.location,
            "billable": entry.billable,
            "description": entry.notes,
            "status": "approved",
            "approved_at": entry.approved_at,
            "approver_name": approver.name,
        },
    )


async def _planning(http: httpx.AsyncClient) -> planning.Facts:
    firm = salesforce_org.firm()
    projects = _refs("project", await salesforce_org.ids(http, "pse__Proj__c", "Project_Code__c"))
    people = await salesforce_org.query(
        http, "SELECT Id, Employee_Number__c FROM Contact WHERE pse__Is_Resource__c = true"
    )
    workers = {row["Employee_Number__c"]: f"certinia:worker:{row['Id']}" for row in people}
    assignments = await salesforce_org.ids(http, "pse__Assignment__c", "Ext_Id__c")
    return planning.Facts(
        project=projects[_PROJECT],
        workers=((workers["E1008"], "E1008"), (workers["E1009"], "E1009")),
        assignments=frozenset(f"certinia:assignment:{assignments[row.code]}" for row in firm.assignments),
    )
