"""Reports-as-a-service: three custom reports that the tenant published for the integration user.

Every value is text, booleans are "1" and "0", an empty column is left out, groups are lists of rows, and the shape of a
report with a single row depends on the report: the cost report then answers an object instead of a list.
"""

from collections.abc import Callable, Iterable

from runtime.http.simulate import Refused, Request, Response, Row, Store
from system_apis.workday.sandbox import report_forms
from system_apis.workday.sandbox.access import INTEGRATION_USER
from system_apis.workday.sandbox.errors import refusal

REPORT_OWNER = INTEGRATION_USER
WORKERS, COST_RATES, CALENDARS = "Ledgerway_Workers", "Ledgerway_Cost_Rates", "Ledgerway_Calendars"
_PROMPT = "Worker!WID"
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Reports:
    """Runs a report by its owner and name. The optional prompt `Worker!WID` takes ids separated by `!`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reports: dict[str, Callable[[Request], object]] = {
            WORKERS: lambda request: [_worker_row(row) for row in self._prompted(request)],
            COST_RATES: lambda request: _lone(_cost_rows(self._prompted(request))),
            CALENDARS: lambda _: [_calendar_row(row) for row in store.rows("calendars").values()],
        }

    def run(self, request: Request) -> Response:
        """The rows in the form that `format` names."""
        report = self._reports.get(request.params["report"])
        if report is None or request.params["owner"] != REPORT_OWNER:
            raise Refused(refusal(404, "report not found, or not shared with this user"))
        write = report_forms.FORMS.get(request.query.get("format", ""))
        if write is None:
            raise Refused(refusal(400, f"format is one of {', '.join(report_forms.FORMS)}", "format"))
        return write(request.params["report"], report(request))

    def _prompted(self, request: Request) -> list[Row]:
        rows = list(self._store.rows("workers").values())
        if _PROMPT not in request.query:
            return rows
        wanted = set(request.query[_PROMPT].split("!"))
        return [row for row in rows if row["wid"] in wanted]


def _lone(rows: list[Row]) -> object:
    return rows[0] if len(rows) == 1 else rows


def _filled(columns: Iterable[tuple[str, object]]) -> Row:
    return {name: value for name, value in columns if value not in (None, "", [])}


def _worker_row(row: Row) -> Row:
    return _filled(
        (
            ("Workday_ID", row["wid"]),
            ("Employee_ID", row["number"]),
            ("Worker", row["name"]),
            ("Email", row["email"]),
            ("Is_Contingent", "1" if row["contractor"] else "0"),
            ("Company_ID", row["company"]["code"]),
            ("Cost_Center_ID", row["cost_center"]["code"]),
            ("Location_ID", row["location"]["code"]),
            ("Job_Role_ID", row["role"]),
            ("Job_Level_ID", row["level"]),
            ("Work_Calendar_ID", row["calendar"]),
            ("Hire_Date", row["hired_on"]),
            ("End_Date", row["ends_on"]),
            ("Manager_Employee_ID", row["manager"]),
            ("Skills_group", [_skill_row(skill) for skill in row["skills"]]),
        )
    )


def _skill_row(skill: Row) -> Row:
    verified = "1" if skill["verified"] else "0"
    return {"Skill_ID": skill["code"], "Skill_Level": str(skill["level"]), "Verified": verified}


def _cost_rows(workers: list[Row]) -> list[Row]:
    return [
        _filled(
            (
                ("Workday_ID", row["wid"]),
                ("Employee_ID", row["number"]),
                ("Hourly_Cost", cost["rate"]),
                ("Currency", cost["currency"]),
                ("Effective_Date", cost["from"]),
                ("End_Date", cost["to"]),
            )
        )
        for row in workers
        for cost in row["cost_rates"]
    ]


def _calendar_row(row: Row) -> Row:
    hours = {f"{day}_Hours": value for day, value in zip(_WEEKDAYS, row["hours"], strict=True)}
    holidays = [{"Holiday_Date": day["date"], "Holiday_Name": day["name"]} for day in row["holidays"]]
    return {"Calendar_ID": row["code"], "Calendar_Name": row["name"], **hours, "Holidays_group": holidays}
