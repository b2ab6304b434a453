"""Time off as the tenant books it: types, units, one row a day."""

from runtime.http.simulate import Row, Store
from system_apis.workday.sandbox.instances import reference, wid

UNIT_HOURS, UNIT_DAYS = wid("unit_of_time", "Hours"), wid("unit_of_time", "Days")
KINDS = {"vacation": "Vacation", "sick": "Sick Leave", "training": "Training", "parental": "Parental Leave"}
_IN_DAYS = frozenset(("DE01",))


def unit_of(company: str) -> Row:
    """German leave is booked in days, elsewhere in hours."""
    in_days = company in _IN_DAYS
    return {"id": UNIT_DAYS, "descriptor": "Days"} if in_days else {"id": UNIT_HOURS, "descriptor": "Hours"}


def booked(worker: Row, kind: str, on: str, units: str, request: str, status: str) -> Row:
    """The entry of a day; `request` is the key of the time off request it belongs to."""
    title = KINDS[kind]
    return {
        "worker": worker["wid"],
        "date": on,
        "units": units,
        "unit": unit_of(worker["company"]["code"]),
        "kind": reference("time_off", kind, title),
        "plan": reference("time_off_plan", title, f"{title} Plan"),
        "request": reference("time_off_request", request, f"Time Off Request: {worker['name']}"),
        "status": status,
        "name": f"{worker['name']} - {title} - {on}",
    }


def time_off_of(store: Store, worker: Row) -> list[tuple[str, Row]]:
    """Entries of a worker with their ids, by date."""
    rows = [(key, row) for key, row in store.rows("time_off").items() if row["worker"] == worker["wid"]]
    return sorted(rows, key=lambda pair: str(pair[1]["date"]))
