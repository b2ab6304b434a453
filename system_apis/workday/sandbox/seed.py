"""The HCM's share of the seeded firm, under the tenant's own ids."""

from collections.abc import Iterable
from datetime import date

from runtime.http.simulate import Row, Store, Transaction
from system_apis.platforms.firm import Absence, Calendar, Firm, Person, Project, firm
from system_apis.workday.sandbox.instances import reference, wid
from system_apis.workday.sandbox.time_off import UNIT_DAYS, booked, unit_of

_PROJECT_STATUS = {
    "planned": "Planned",
    "active": "In Progress",
    "on_hold": "On Hold",
    "closing": "Closing",
    "closed": "Closed",
}
_STATUS = {"approved": "Successfully Completed", "requested": "In Progress"}


def fill(store: Store, as_of: date) -> None:
    """Seed an empty store."""
    world = firm(as_of)
    with store.transaction() as change:
        _organizations(change, world)
        for person in world.people:
            change.put("workers", wid("worker", person.number), _worker(person, world))
        for calendar in world.calendars:
            change.put("calendars", calendar.code, _calendar(calendar))
        for absence in world.absences:
            worker = store.rows("workers")[wid("worker", absence.person)]
            change.put("time_off", wid("time_off_entry", absence.code), _time_off(absence, worker))
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


def _time_off(absence: Absence, worker: Row) -> Row:
    in_days = unit_of(worker["company"]["code"])["id"] == UNIT_DAYS
    units, status = "1" if in_days else str(absence.hours), _STATUS[absence.state]
    return booked(worker, absence.kind, absence.on.isoformat(), units, absence.code, status)


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
