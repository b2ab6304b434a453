"""Plays a consultant and an approver in the simulated PSA, over the vendor's own API. Sandbox only.

What people do in their PSA every week, so that a demonstration has fresh approved time to follow.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct

from contracts.problems import NotFound, VendorRefused
from gateway import sandboxes
from gateway.addresses import Demo
from runtime.http.credentials import Grant, OAuthToken, read_secret
from runtime.http.outbound import Outbound, VendorBudget
from runtime.settings import Settings

_DATA = "/services/data/v62.0"
_GRANT = Grant(
    token_path="/services/oauth2/token",  # noqa: S106 - an address
    grant_type="client_credentials",
    auth="client_secret_basic",
)
_PROJECT = "SELECT Id, Legal_Entity__c FROM pse__Proj__c WHERE Project_Code__c = {}"
_RESOURCE = (
    "SELECT Id, Name FROM Contact WHERE pse__Is_Resource__c = true AND pse__Is_Resource_Active__c = true "
    "AND {} ORDER BY Employee_Number__c DESC LIMIT 1"
)
_BOOKED = (
    "SELECT Id, pse__Resource__c, pse__Resource__r.Name FROM pse__Assignment__c WHERE pse__Project__c = {} "
    "AND pse__Start_Date__c <= {} AND pse__End_Date__c >= {}{} ORDER BY Id LIMIT 1"
)
_numbers = msgspec.json.Encoder(decimal_format="number")
_JSON = {"content-type": "application/json"}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class RecordedTime(Struct, frozen=True, kw_only=True):
    """What was recorded: the timecard, whose it is, and the reference under which Ledgerway will know the entry."""

    timecard_id: str
    person: str
    project: str
    on: date
    hours: str
    source_ref: str


class SimulatedPsa:
    """The org simulator of a running demo."""

    def __init__(self, demo: Demo, settings: Settings) -> None:
        system = demo.system("salesforce")
        psa = next(
            c for c in sandboxes.connections(demo, settings.state_dir, settings.tenant) if c.vendor == "certinia"
        )
        token = OAuthToken("certinia", system.url, read_secret(psa.secret), _GRANT)
        self._org = Outbound("certinia", system.url, VendorBudget(concurrency=2), token)

    async def close(self) -> None:
        """Close the connections."""
        await self._org.close()

    async def approve_time(self, project: str, hours: str, on: date, person: str | None = None) -> RecordedTime:
        """Record a day's hours, submit them and approve them; see `record_time`."""
        done = await self.record_time(project, hours, on, person)
        await self.submit(done.timecard_id)
        await self.become(done.timecard_id, "Approved")
        return done

    async def record_time(self, project: str, hours: str, on: date, person: str | None = None) -> RecordedTime:
        """Record a day's hours. `person` is an employee number, else someone of the project's entity.

        Raises NotFound, or VendorRefused in the PSA's words.
        """
        found = await self._one(_PROJECT.format(_quoted(project)))
        if found is None:
            raise NotFound(f"The simulated PSA has no project {project}.")
        booked = await self._booked(found["Id"], on, person)
        if booked is None:
            worker = await self._worker(found["Legal_Entity__c"], person)
            who, name, assignment = worker["Id"], worker["Name"], None
        else:
            who, name, assignment = booked["pse__Resource__c"], booked["pse__Resource__r"]["Name"], booked["Id"]
        timecard = await self._create(_header(found["Id"], who, hours, on) | {"pse__Assignment__c": assignment})
        return RecordedTime(
            timecard_id=timecard,
            person=name,
            project=project,
            on=on,
            hours=hours,
            source_ref=f"certinia:time:{timecard}-{on}",
        )

    async def submit(self, timecard_id: str) -> None:
        """Hand a timecard in. Raises VendorRefused."""
        await self._change(timecard_id, {"pse__Submitted__c": True, "pse__Status__c": "Submitted"})

    async def become(self, timecard_id: str, status: str) -> None:
        """Approve a timecard, reject it, or take it back (Approved, Rejected, Saved). Raises VendorRefused."""
        await self._change(timecard_id, {"pse__Status__c": status})

    async def _change(self, timecard_id: str, fields: Mapping[str, Any]) -> None:
        await self._send("PATCH", f"/sobjects/pse__Timecard_Header__c/{timecard_id}", fields)

    async def _booked(self, project: str, on: date, person: str | None) -> Mapping[str, Any] | None:
        """An assignment to the project on that day: most projects take time from nobody else."""
        whose = f" AND pse__Resource__r.Employee_Number__c = {_quoted(person)}" if person else ""
        return await self._one(_BOOKED.format(_quoted(project), on, on, whose))

    async def _worker(self, entity: str, person: str | None) -> Mapping[str, Any]:
        whose = (
            f"Employee_Number__c = {_quoted(person)}"
            if person
            else f"Employee_Number__c LIKE {_quoted(_prefix(entity))}"
        )
        found = await self._one(_RESOURCE.format(whose))
        if found is None:
            raise NotFound(f"The simulated PSA has no active resource {person or f'of {entity}'}.")
        return found

    async def _one(self, soql: str) -> Mapping[str, Any] | None:
        answer = await self._send("GET", "/query", params={"q": soql})
        return next(iter(answer["records"]), None)

    async def _create(self, fields: Mapping[str, Any]) -> str:
        return str((await self._send("POST", "/sobjects/pse__Timecard_Header__c/", fields))["id"])

    async def _send(self, method: str, path: str, fields: object = None, **request: Any) -> Any:
        if fields is not None:
            request |= {"content": _numbers.encode(fields), "headers": _JSON}
        answer = await self._org.send(method, _DATA + path, operation="sandbox time", **request)
        body: Any = msgspec.json.decode(answer.body) if answer.body else None
        if answer.status >= 400:
            raise VendorRefused(f"The simulated PSA says: {body[0]['message']}", vendor="certinia")
        return body


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _prefix(entity: str) -> str:
    """Employee numbers of the seeded firm begin with the entity's digit."""
    return {"US01": "E1%", "DE01": "E2%", "UK01": "E3%"}.get(entity, "E%")


def _header(project: str, worker: str, hours: str, on: date) -> dict[str, Any]:
    monday = on - timedelta(days=on.weekday())
    day = _DAYS[on.weekday()]
    return {
        "pse__Project__c": project,
        "pse__Resource__c": worker,
        "pse__Start_Date__c": monday.isoformat(),
        "pse__End_Date__c": (monday + timedelta(days=6)).isoformat(),
        "pse__Billable__c": True,
        f"pse__{day}_Hours__c": Decimal(hours),
        f"pse__{day}_Notes__c": "Workshop with the client",
        "pse__Status__c": "Saved",
        "Ext_Id__c": f"sandbox-{uuid4().hex}",
    }
