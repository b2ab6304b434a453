"""REST resources on the org: the package's approved time for payroll, and the org's own clone of a project template.

The package clones in Apex only, so the org exposes POST /services/apexrest/ledgerway/v1/projects {"templateId", "project"} itself; it
answers {"projectId", "taskIds"} and is not idempotent: only the unique Ext_Id__c refuses a second project.
Source: PSA REST reference (Timecards); Apex reference (CreateProjectFromTemplateService).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from runtime.http.simulate import Refused, Request, Response, Row
from system_apis.platforms.salesforce.sandbox import ApexRoute, Org, rule
from system_apis.platforms.salesforce.sandbox.errors import OrgError
from system_apis.platforms.salesforce.sandbox.ids import normal_id, record_id

_COPIED = (
    "pse__Region__c",
    "pse__Practice__c",
    "pse__Group__c",
    "pse__Project_Type__c",
    "pse__Billing_Type__c",
    "pse__Is_Billable__c",
    "pse__Recognition_Method__c",
    "pse__Allow_Timecards_Without_Assignment__c",
    "pse__Allow_Expenses_Without_Assignment__c",
    "pse__Planned_Hours__c",
    "Service_Line__c",
    "CurrencyIsoCode",
)
_TASK_COPIED = ("Name", "Task_Code__c", "Billable__c", "pse__Planned_Hours__c")
_EARNINGS = {"overtime": "OT", "weekend": "WE", "holiday": "HOL", "travel": "TRV", "standby": "SBY"}
_TRANSMISSIONS = "_transmissions"
_BATCH = 120


def clone(org: Org, user: str, request: Request) -> Response:
    """A project with the template's settings and tasks, and the columns sent."""
    body = _object(request)
    template = org.row("pse__Proj__c", normal_id(str(body.get("templateId", ""))))
    sent = body.get("project")
    if template is None or not template.get("pse__Is_Template__c"):
        raise rule("The template project does not exist.", "templateId")
    if not isinstance(sent, dict) or not sent.get("Name"):
        raise rule("The new project needs a name.", "project.Name")
    copied = {name: template[name] for name in _COPIED if name in template}
    made = {
        "pse__Stage__c": "Draft",
        "pse__Is_Active__c": False,
        "Project_Template__c": template.get("Project_Code__c"),
    }
    with org.store.transaction():
        project = org.insert(org.table("pse__Proj__c"), {**copied, **made, **sent}, user, request)
        tasks = _clone_tasks(org, template, org.row("pse__Proj__c", project) or {}, user)
    return Response.of(200, {"projectId": project, "taskIds": tasks})


def _clone_tasks(org: Org, template: Row, project: Row, user: str) -> list[str]:
    dates = {name: project.get(name) for name in ("pse__Start_Date__c", "pse__End_Date__c")}
    own = [row for row in org.rows("pse__Project_Task__c") if row.get("pse__Project__c") == template["Id"]]
    return [
        org.system_insert(
            "pse__Project_Task__c",
            user,
            {
                **{name: task[name] for name in _TASK_COPIED if name in task},
                **dates,
                "pse__Project__c": project["Id"],
                "CurrencyIsoCode": project["CurrencyIsoCode"],
            },
        )
        for task in own
    ]


def _object(request: Request) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise OrgError(400, "JSON_PARSER_ERROR", "The HTTP entity body is required to be a JSON object")
    return body


def approved_time(org: Org, user: str, request: Request) -> Response:
    """POST /pse/v1.0/timecards/: approved hours by worker, earnings code and day, in batches."""
    asked = _asked(request)
    transmission = asked.get("TimecardTransmissionId")
    if transmission is not None:
        kept = org.store.get(_TRANSMISSIONS, str(transmission))
        if kept is None:
            raise _message("Unknown TimecardTransmissionId.")
        return _batch(org, kept["rows"], kept["size"])
    ids = asked.get("CorrelationIds")
    start, end = asked.get("StartDate"), asked.get("EndDate")
    size = str(asked.get("BatchLimit", _BATCH))
    if not isinstance(ids, list) or not isinstance(start, str) or not isinstance(end, str) or not size.isdigit():
        raise _message("StartDate, EndDate and CorrelationIds are required.")
    return _batch(org, _details(org, {str(id_) for id_ in ids}, start, end), max(1, int(size)))


def _asked(request: Request) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, list) or len(body) != 1 or not isinstance(body[0], dict):
        raise _message("The body must be an array with one request.")
    return body[0]


def _message(text: str) -> Refused:
    """The package's own envelope, unlike the platform's array."""
    return Refused(Response.of(400, {"Message": text}))


def _details(org: Org, workers: set[str], start: str, end: str) -> list[list[str]]:
    """(worker, earnings code, date, hours) of approved days in the range."""
    found = []
    for day in org.rows("pse__Time_Date__c"):
        split = org.row("pse__Timecard__c", day.get("pse__Timecard__c")) or {}
        resource = org.row("Contact", split.get("pse__Resource__c")) or {}
        worker = resource.get("pse__API_Resource_Correlation_Id__c")
        if split.get("pse__Approved__c") and worker in workers and start <= day["pse__Date__c"] <= end:
            hours = f"{Decimal(day['pse__Hours__c']):.2f}"
            found.append([worker, _earnings(day.get("Time_Type__c")), day["pse__Date__c"], hours])
    return sorted(found)


def _earnings(time_type: str | None) -> str:
    names = (time_type or "").split(";")
    return next((_EARNINGS[name] for name in names if name in _EARNINGS), "REG")


def _batch(org: Org, rows: list[list[str]], size: int) -> Response:
    now, later = rows[:size], rows[size:]
    following: dict[str, str] = {}
    if later:
        id_ = record_id("a9T", org.store.next("id:_transmission"))[:15]
        org.store.settle(_TRANSMISSIONS, id_, {"rows": later, "size": size})
        following = {"TimecardTransmissionId": id_}
    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    for worker, code, on, hours in now:
        groups.setdefault((worker, code), []).append({"TimeEntryDate": on, "Hours": hours})
    timecards = [
        {"CorrelationId": worker, "EarningsCode": code, "TimeEntryDetails": details}
        for (worker, code), details in groups.items()
    ]
    return Response.of(200, [{"NextPageRequest": following, "Timecards": timecards}])


RESOURCES = (
    ApexRoute(method="POST", path="/ledgerway/v1/projects", serve=clone),
    ApexRoute(method="POST", path="/pse/v1.0/timecards", serve=approved_time),
)
