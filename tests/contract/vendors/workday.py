"""Workday: the simulated tenant and what its seed holds."""

from datetime import date

import httpx

from contracts.periods import Clock
from runtime.connections import Connection
from runtime.http.simulate import ASGIApp
from system_apis.platforms.firm import firm as firm_on
from system_apis.workday.sandbox import (
    CLIENT_ID,
    CLIENT_SECRET,
    REFRESH_TOKEN,
    REPORT_OWNER,
    SETTINGS,
    TENANT,
    WORKERS,
    workday,
)
from tests.contract.suites import hcm

AS_OF = date(2026, 11, 20)
URL = "http://workday.test"
SECRET = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN}
READS = (("GET", "^/ccx/api/"), ("GET", "^/ccx/service/"))
WRITES = ()
_PERSON = "E1009"


def simulator(clock: Clock | None = None) -> ASGIApp:
    return workday(None, AS_OF, URL, clock=clock)


def connection(secret: str) -> Connection:
    return Connection(
        tenant="demo",
        instance="workday",
        vendor="workday",
        ports=("hcm",),
        base_url=URL,
        secret=secret,
        settings=SETTINGS,
    )


async def _refs(http: httpx.AsyncClient) -> dict[str, str]:
    """Employee number -> reference, asked on the vendor's wire."""
    form = {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN}
    answer = await http.post(f"/ccx/oauth2/{TENANT}/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET))
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    report = f"/ccx/service/customreport2/{TENANT}/{REPORT_OWNER}/{WORKERS}"
    rows = (await http.get(report, params={"format": "json"}, headers=headers)).json()["Report_Entry"]
    return {row["Employee_ID"]: f"workday:worker:{row['Workday_ID']}" for row in rows}


async def facts(port: str, http: httpx.AsyncClient) -> hcm.Facts:
    whole, refs = firm_on(AS_OF), await _refs(http)
    person = next(p for p in whole.people if p.number == _PERSON)
    leave = {p.number: [a for a in whole.absences if a.person == p.number] for p in whole.people}
    resting = next(number for number, days in leave.items() if sum(a.state == "approved" for a in days) > 2)
    asking = next(a.person for a in whole.absences if a.state == "requested")
    return hcm.Facts(
        numbers=frozenset(p.number for p in whole.people),
        worker=refs[_PERSON],
        expected={
            "ref": refs[_PERSON],
            "number": person.number,
            "name": person.name,
            "email": person.email,
            "worker_type": person.worker_type,
            "entity_code": person.entity,
            "cost_center_code": person.cost_center,
            "location_code": person.location,
            "role_code": person.role,
            "seniority_code": person.seniority,
            "calendar_code": person.calendar,
            "start_on": person.hired_on,
            "end_on": person.ends_on,
            "manager_number": person.manager,
        },
        skills=frozenset((s.code, s.level, s.verified) for s in person.skills),
        cost_rates=tuple((r.rate, r.currency, r.starts_on, r.ends_on) for r in person.cost_rates),
        on_leave=refs[resting],
        leave=tuple(sorted((a.on, a.hours) for a in leave[resting] if a.state == "approved")),
        asking=refs[asking],
        asked_days=frozenset(a.on for a in leave[asking] if a.state == "requested"),
        calendars={c.code: (c.weekday_hours, frozenset(h.on for h in c.holidays)) for c in whole.calendars},
    )
