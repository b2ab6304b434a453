"""Projects of the firm, whatever their dates: they are not effective-dated."""

from collections.abc import Mapping
from datetime import date

from runtime.http.simulate import Row, Store
from system_apis.workday.sandbox.soap.subject import day, instance, wanted

_IDS = {"WID": "id", "Project_ID": "code"}


class Projects:
    """The tenant's projects."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def one(self, kind: str, value: str) -> Row | None:
        """By WID or `Project_ID`."""
        member = _IDS.get(kind)
        rows = self._store.rows("projects").values()
        return next((row for row in rows if member is not None and row[member] == value), None)

    def all(self, criteria: Mapping[str, bool], on: date) -> list[Row]:
        """All of them: the operation has no criteria."""
        return list(self._store.rows("projects").values())

    def shown(self, row: Row, asked: Row, on: date) -> Row:
        """The element of a project."""
        data = {
            "Project_ID": row["code"],
            "Project_Name": row["descriptor"],
            "Company_Reference": instance(row["company"], "Company_Reference_ID"),
            "Currency_Reference": instance(row["currency"], "Currency_ID"),
            "Customer_Reference": instance(row["customer"], "Customer_ID"),
            "Project_Status_Reference": instance(row["status"]),
            "Start_Date": day(row["starts_on"]),
            "End_Date": day(row["ends_on"]),
            "Inactive": row["inactive"],
        }
        return {
            "Project_Reference": instance(row, "Project_ID") if wanted(asked, "Include_Reference") else None,
            "Project_Data": data if wanted(asked, "Include_Project_Data") else None,
        }
