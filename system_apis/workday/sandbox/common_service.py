"""The REST common service: workers, their organizations and time off, organizations. Every collection has its items below it."""

from decimal import Decimal

from runtime.http.simulate import Refused, Request, Response, Row, Store
from system_apis.workday.sandbox.errors import refusal
from system_apis.workday.sandbox.listing import Collection, Listing
from system_apis.workday.sandbox.people import worker_by
from system_apis.workday.sandbox.time_off import time_off_of


class CommonService:
    """Read-only collections. Source: Workday REST API, Common service v1."""

    def __init__(self, store: Store, listing: Listing) -> None:
        self._store, self._listing = store, listing

    @property
    def collections(self) -> dict[str, Collection]:
        """By their paths."""
        return {
            "/workers": self.workers,
            "/workers/{id}/directReports": self.direct_reports,
            "/workers/{id}/organizations": self.worker_organizations,
            "/workers/{id}/timeOffEntries": self.time_off_entries,
            "/organizations": self.organizations,
            "/organizationTypes": self.organization_types,
            "/supervisoryOrganizations": self.supervisory_organizations,
            "/supervisoryOrganizations/{id}/workers": self.supervised_workers,
        }

    def workers(self, request: Request) -> list[Row]:
        """All workers, contingent ones included; `search` matches any of its words in the name, in any case."""
        words = request.query.get("search", "").lower().split()
        rows = self._store.rows("workers").values()
        found = (row for row in rows if not words or any(word in row["name"].lower() for word in words))
        return [self._summary(request, row) for row in found]

    def worker(self, request: Request) -> Response:
        """One worker by WID or by `Employee_ID=...`."""
        row = asked_worker(self._store, request)
        more = {"workerType": row["type"], "location": _reference(row["location"])}
        return Response.of(200, {**self._summary(request, row), **more})

    def direct_reports(self, request: Request) -> list[Row]:
        """Whom a worker manages."""
        number = asked_worker(self._store, request)["number"]
        rows = self._store.rows("workers").values()
        return [self._summary(request, row) for row in rows if row["manager"] == number]

    def worker_organizations(self, request: Request) -> list[Row]:
        """Company, cost center and team of a worker."""
        row, kept = asked_worker(self._store, request), self._store.rows("organizations")
        found = (kept[row[part]["id"]] for part in ("company", "cost_center", "team"))
        return [{**self._listing.link(request, one, "organizations"), "organizationType": one["type"]} for one in found]

    def time_off_entries(self, request: Request) -> list[Row]:
        """Time off of a worker in any status, by date."""
        worker = asked_worker(self._store, request)
        employee = self._listing.link(request, {"id": worker["wid"], "descriptor": worker["name"]}, "workers")
        return [_entry(key, row, employee) for key, row in time_off_of(self._store, worker)]

    def organizations(self, request: Request) -> list[Row]:
        """Organizations, of one type when `organizationType` holds its id."""
        kind = request.query.get("organizationType")
        rows = self._store.rows("organizations").values()
        found = (row for row in rows if kind is None or row["type"]["id"] == kind)
        return [self._listing.link(request, row, "organizations") for row in found]

    def organization_types(self, request: Request) -> list[Row]:
        """Types that occur."""
        kinds = {row["type"]["id"]: row["type"] for row in self._store.rows("organizations").values()}
        return [self._listing.link(request, kind, "organizationTypes") for kind in kinds.values()]

    def supervisory_organizations(self, request: Request) -> list[Row]:
        """Teams with their codes and managers."""
        rows = self._store.rows("organizations").values()
        return [self._team(request, row) for row in rows if row["type"]["descriptor"] == "Supervisory"]

    def supervised_workers(self, request: Request) -> list[Row]:
        """The workers of a team."""
        rows = self._store.rows("workers").values()
        return [self._summary(request, row) for row in rows if row["team"]["id"] == request.params["id"]]

    def _team(self, request: Request, row: Row) -> Row:
        link = self._listing.link(request, row, "supervisoryOrganizations")
        team = {**link, "name": row["descriptor"], "code": row["code"], "workers": f"{link['href']}/workers"}
        manager = next(
            one for one in self._store.rows("workers").values() if one["number"] == row["code"].removeprefix("SUP-")
        )
        return {**team, "manager": {"id": manager["wid"], "descriptor": manager["name"]}}

    def _summary(self, request: Request, row: Row) -> Row:
        link = self._listing.link(request, {"id": row["wid"], "descriptor": row["name"]}, "workers")
        team = self._listing.link(request, row["team"], "supervisoryOrganizations")
        return {
            **link,
            "businessTitle": row["title"],
            "primaryWorkEmail": row["email"],
            "isManager": row["manages"],
            "primarySupervisoryOrganization": team,
        }


def asked_worker(store: Store, request: Request) -> Row:
    """The worker in the path, by WID or by `Employee_ID=...`. Raises 404."""
    wanted = request.params["id"]
    kind, named, value = wanted.partition("=")
    found = worker_by(store, kind, value) if named else worker_by(store, "WID", wanted)
    if found is None:
        raise Refused(refusal(404, "invalid ID: no such worker"))
    return found


def quantity(text: str) -> int | Decimal:
    """A stored quantity as a number: whole ones without decimals."""
    exact = Decimal(text)
    return int(exact) if exact == exact.to_integral_value() else exact


def _reference(row: Row) -> Row:
    return {"id": row["id"], "descriptor": row["descriptor"]}


def _entry(key: str, row: Row, employee: Row) -> Row:
    return {
        "id": key,
        "descriptor": row["name"],
        "href": f"{employee['href']}/timeOffEntries/{key}",
        "date": row["date"],
        "units": quantity(row["units"]),
        "unitOfTime": row["unit"],
        "employee": employee,
        "timeOff": {**row["kind"], "plan": row["plan"]},
        "timeOffRequest": {**row["request"], "status": row["status"]},
    }
