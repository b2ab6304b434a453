"""The REST common service: workers, their organizations and time off, organizations."""

from decimal import Decimal

from runtime.http.simulate import Refused, Request, Response, Row, Store
from system_apis.workday.sandbox.errors import refusal
from system_apis.workday.sandbox.listing import Listing
from system_apis.workday.sandbox.people import worker_by


class CommonService:
    """Read-only resources. Source: Workday REST API, Common service v1."""

    def __init__(self, store: Store, listing: Listing) -> None:
        self._store, self._listing = store, listing

    def workers(self, request: Request) -> Response:
        """All workers, contingent ones included; `search` matches any of its words in the name, in any case."""
        words = request.query.get("search", "").lower().split()
        rows = self._store.rows("workers").values()
        found = [row for row in rows if not words or any(word in row["name"].lower() for word in words)]
        return self._listing.page(request, [self._summary(request, row) for row in found])

    def worker(self, request: Request) -> Response:
        """One worker by WID or by `Employee_ID=...`."""
        row = self._worker(request)
        return Response.of(
            200,
            {
                **self._summary(request, row),
                "workerType": self._listing.link(request, row["type"], "workerTypes"),
                "location": self._listing.link(request, row["location"], "locations"),
            },
        )

    def worker_organizations(self, request: Request) -> Response:
        """Company, cost center and team of a worker."""
        row = self._worker(request)
        kinds = (("company", "Company"), ("cost_center", "Cost Center"), ("team", "Supervisory"))
        rows = [
            {
                **self._listing.link(request, row[part], "organizations"),
                "organizationType": {"id": self._type_id(kind), "descriptor": kind},
            }
            for part, kind in kinds
        ]
        return self._listing.page(request, rows)

    def time_off_entries(self, request: Request) -> Response:
        """Time off of a worker in any status, by date."""
        worker = self._worker(request)
        rows = [(key, row) for key, row in self._store.rows("time_off").items() if row["worker"] == worker["wid"]]
        rows.sort(key=lambda pair: str(pair[1]["date"]))
        employee = self._listing.link(request, {"id": worker["wid"], "descriptor": worker["name"]}, "workers")
        return self._listing.page(request, [_entry(key, row, employee) for key, row in rows])

    def organizations(self, request: Request) -> Response:
        """Organizations, of one type when `organizationType` holds its id."""
        kind = request.query.get("organizationType")
        rows = self._store.rows("organizations").values()
        found = [row for row in rows if kind is None or row["type"]["id"] == kind]
        return self._listing.page(request, [self._listing.link(request, row, "organizations") for row in found])

    def organization(self, request: Request) -> Response:
        """One organization."""
        row = self._store.get("organizations", request.params["id"])
        if row is None:
            raise Refused(refusal(404, "invalid ID: no such organization"))
        return Response.of(200, self._listing.link(request, row, "organizations"))

    def organization_types(self, request: Request) -> Response:
        """Types that occur."""
        kinds = {row["type"]["id"]: row["type"] for row in self._store.rows("organizations").values()}
        rows = [self._listing.link(request, kind, "organizationTypes") for kind in kinds.values()]
        return self._listing.page(request, rows)

    def supervisory_organizations(self, request: Request) -> Response:
        """Teams with their codes and managers."""
        rows = [
            {
                **self._listing.link(request, row, "supervisoryOrganizations"),
                "name": row["descriptor"],
                "code": row["code"],
            }
            for row in self._store.rows("organizations").values()
            if row["type"]["descriptor"] == "Supervisory"
        ]
        return self._listing.page(request, rows)

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

    def _worker(self, request: Request) -> Row:
        wanted = request.params["id"]
        kind, named, value = wanted.partition("=")
        found = worker_by(self._store, kind, value) if named else worker_by(self._store, "WID", wanted)
        if found is None:
            raise Refused(refusal(404, "invalid ID: no such worker"))
        return found

    def _type_id(self, kind: str) -> str:
        rows = self._store.rows("organizations").values()
        return next(str(row["type"]["id"]) for row in rows if row["type"]["descriptor"] == kind)


def _entry(key: str, row: Row, employee: Row) -> Row:
    return {
        "id": key,
        "descriptor": row["name"],
        "date": row["date"],
        "units": Decimal(row["units"]),
        "unitOfTime": row["unit"],
        "employee": employee,
        "timeOff": {**row["kind"], "plan": row["plan"]},
        "timeOffRequest": {**row["request"], "status": row["status"]},
    }
