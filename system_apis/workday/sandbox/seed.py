"""The HCM's share of the seeded firm, under the tenant's own ids (WIDs: 32 hex digits)."""

from collections.abc import Iterable
from datetime import date
from hashlib import sha256

from runtime.http.simulate import Row, Store, Transaction
from system_apis.platforms.firm import Absence, Calendar, Firm, Person, Project, firm

_GERMANY = "DE01"
_TITLES = {"vacation": "Vacation", "sick": "Sick Leave", "training": "Training", "parental": "Parental Leave"}
_PROJECT_STATUS = {
    "planned": "Planned",
    "active": "In Progress",
    "on_hold": "On Hold",
    "closing": "Closing",
    "closed": "Closed",
}
_STATUS = {"approved": "Successfully Completed", "requested": "In Progress"}


def wid(kind: str, key: str) -> str:
    """The tenant's id of an object: stable, and unlike any other system's."""
    return sha256(f"fairmont:{kind}:{key}".encode()).hexdigest()[:32]


UNIT_HOURS, UNIT_DAYS = wid("unit_of_time", "Hours"), wid("unit_of_time", "Days")


def reference(kind: str, key: str, descriptor: str) -> Row:
    """An instance reference, without its link."""
    return {"id": wid(kind, key), "descriptor": descriptor}


def fill(store: Store, as_of: date) -> None:
    """Seed an empty store."""
    world = firm(as_of)
    with store.transaction() as change:
        _organizations(change, world)
        for person in world.people:
            change.put("workers", wid("worker", person.number), _worker(person, world))
        for calendar in world.calendars:
            change.put("calendars", calendar.code, _calendar(calendar))
        by_number = {person.number: person for person in world.people}
        for absence in world.absences:
            change.put("time_off", wid("time_off_entry", absence.code), _time_off(absence, by_number[absence.person]))
        for project in world.projects:
            change.put("projects", wid("project", project.code), _project(project, world))


def _organizations(change: Transaction, world: Firm) -> None:
    """Companies, cost centers, and one supervisory organization for every manager."""
    companies = [("Company", entity.code, entity.name) for entity in world.entities]
    centers = [("Cost Center", center.code, f"{center.code} {center.name}") for center in world.cost_centers]
    for kind, code, descriptor in (*companies, *centers, *_teams(world.people)):
        row = _coded("organization", code, descriptor)
        change.put("organizations", row["id"], {**row, "type": reference("organization_type", kind, kind)})


def _teams(people: Iterable[Person]) -> list[tuple[str, str, str]]:
    heads = {person.manager for person in people}
    return [("Supervisory", f"SUP-{p.number}", f"Team of {p.name}") for p in people if p.number in heads]


def _worker(person: Person, world: Firm) -> Row:
    companies = {entity.code: entity.name for entity in world.entities}
    centers = {center.code: center.name for center in world.cost_centers}
    heads = {other.manager for other in world.people}
    contractor = person.worker_type == "contractor"
    worker_type = "Contingent Worker" if contractor else "Employee"
    team = person.number if person.manager is None else person.manager
    names = {p.number: p.name for p in world.people}
    return {
        "wid": wid("worker", person.number),
        "number": person.number,
        "name": person.name,
        "email": person.email,
        "title": person.title,
        "manages": person.number in heads,
        "type": reference("worker_type", worker_type, worker_type),
        "contractor": contractor,
        "company": _coded("organization", person.entity, companies[person.entity]),
        "cost_center": _coded(
            "organization", person.cost_center, f"{person.cost_center} {centers[person.cost_center]}"
        ),
        "location": _coded("location", person.location, person.location),
        "team": reference("organization", f"SUP-{team}", f"Team of {names[team]}"),
        "role": person.role,
        "level": person.seniority,
        "calendar": person.calendar,
        "hired_on": person.hired_on.isoformat(),
        "ends_on": person.ends_on.isoformat() if person.ends_on else None,
        "manager": person.manager,
        "skills": [{"code": s.code, "level": s.level, "verified": s.verified} for s in person.skills],
        "cost_rates": [
            {
                "rate": str(cost.rate),
                "currency": cost.currency,
                "from": cost.starts_on.isoformat(),
                "to": cost.ends_on.isoformat() if cost.ends_on else None,
            }
            for cost in person.cost_rates
        ],
    }


def _calendar(calendar: Calendar) -> Row:
    return {
        "code": calendar.code,
        "name": calendar.name,
        "hours": [str(hours) for hours in calendar.weekday_hours],
        "holidays": [{"date": holiday.on.isoformat(), "name": holiday.name} for holiday in calendar.holidays],
    }


def _time_off(absence: Absence, person: Person) -> Row:
    """German leave is booked in days, elsewhere in hours."""
    in_days = person.entity == _GERMANY
    title = _TITLES[absence.kind]
    return {
        "worker": wid("worker", person.number),
        "date": absence.on.isoformat(),
        "units": "1" if in_days else str(absence.hours),
        "unit": {"id": UNIT_DAYS, "descriptor": "Days"} if in_days else {"id": UNIT_HOURS, "descriptor": "Hours"},
        "kind": reference("time_off", absence.kind, title),
        "plan": reference("time_off_plan", title, f"{title} Plan"),
        "request": reference("time_off_request", absence.code, f"Time Off Request: {person.name}"),
        "status": _STATUS[absence.state],
        "name": f"{person.name} - {title} - {absence.on.isoformat()}",
    }


def _project(project: Project, world: Firm) -> Row:
    companies = {entity.code: entity.name for entity in world.entities}
    clients = {client.code: client.name for client in world.clients}
    status = _PROJECT_STATUS[project.stage]
    return {
        **_coded("project", project.code, project.name),
        "company": _coded("organization", project.entity, companies[project.entity]),
        "customer": _coded("customer", project.client, clients[project.client]),
        "currency": _coded("currency", project.currency, project.currency),
        "status": reference("project_status", status, status),
        "starts_on": project.starts_on.isoformat(),
        "ends_on": project.ends_on.isoformat(),
        "inactive": project.stage == "closed",
    }


def _coded(kind: str, code: str, descriptor: str) -> Row:
    return {**reference(kind, code, descriptor), "code": code}
