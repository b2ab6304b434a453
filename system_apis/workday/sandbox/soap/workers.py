"""Workers as of a day: employees and contingent workers who were hired by then."""

from collections.abc import Mapping
from datetime import date

from runtime.http.simulate import Row, Store
from system_apis.workday.sandbox.people import worker_by
from system_apis.workday.sandbox.soap.subject import day, instance, wanted

_ORGANIZATIONS = {
    "company": "Company_Reference_ID",
    "cost_center": "Cost_Center_Reference_ID",
    "team": "Organization_Reference_ID",
}


class Workers:
    """The tenant's workers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def one(self, kind: str, value: str) -> Row | None:
        """By WID, `Employee_ID` or `Contingent_Worker_ID`."""
        return worker_by(self._store, kind, value)

    def all(self, criteria: Mapping[str, bool], on: date) -> list[Row]:
        """Those hired by then, with those who left meanwhile unless they are excluded."""
        hired = (row for row in self._store.rows("workers").values() if date.fromisoformat(row["hired_on"]) <= on)
        return [row for row in hired if not _excluded(row, criteria, on)]

    def shown(self, row: Row, asked: Row, on: date) -> Row:
        """The element of a worker."""
        parts = {
            "Include_Personal_Information": {"Personal_Data": _person(row)},
            "Include_Employment_Information": {"Employment_Data": self._employment(row, on)},
            "Include_Organizations": {"Organization_Data": self._organizations(row)},
        }
        data = {"Worker_ID": row["number"], "User_ID": row["email"]}
        for flag, part in parts.items():
            data |= part if wanted(asked, flag) else {}
        return {
            "Worker_Reference": _reference(row) if wanted(asked, "Include_Reference") else None,
            "Worker_Descriptor": row["name"],
            "Worker_Data": data,
        }

    def _employment(self, row: Row, on: date) -> Row:
        manager = next(
            (other for other in self._store.rows("workers").values() if other["number"] == row["manager"]), None
        )
        position = {
            "Business_Title": row["title"],
            "Worker_Type_Reference": instance(row["type"]),
            "Start_Date": day(row["hired_on"]),
            "End_Date": day(row["ends_on"]),
            "Business_Site_Summary_Data": {"Location_Reference": instance(row["location"], "Location_ID")},
            "Manager_Reference": manager and _reference(manager),
        }
        return {"Worker_Job_Data": {"Position_Data": position}, "Worker_Status_Data": _status(row, on)}

    def _organizations(self, row: Row) -> Row:
        kept = self._store.rows("organizations")
        memberships = ((kept[row[part]["id"]], code_type) for part, code_type in _ORGANIZATIONS.items())
        return {"Worker_Organization_Data": [_membership(one, code_type) for one, code_type in memberships]}


def _active(row: Row, on: date) -> bool:
    ends_on = day(row["ends_on"])
    return ends_on is None or on <= ends_on


def _excluded(row: Row, criteria: Mapping[str, bool], on: date) -> bool:
    contingent = bool(row["contractor"])
    applies = {
        "Exclude_Inactive_Workers": not _active(row, on),
        "Exclude_Employees": not contingent,
        "Exclude_Contingent_Workers": contingent,
    }
    return any(applies[flag] for flag, asked in criteria.items() if asked)


def _reference(row: Row) -> Row:
    kind = "Contingent_Worker_ID" if row["contractor"] else "Employee_ID"
    return {"descriptor": row["name"], "ids": {"WID": row["wid"], kind: row["number"]}}


def _person(row: Row) -> Row:
    first, _, last = row["name"].partition(" ")
    return {
        "Name_Data": {"Legal_Name_Data": {"Name_Detail_Data": {"First_Name": first, "Last_Name": last}}},
        "Contact_Data": {"Email_Address_Data": [{"Email_Address": row["email"]}]},
    }


def _status(row: Row, on: date) -> Row:
    active = _active(row, on)
    return {
        "Active": active,
        "Hire_Date": day(row["hired_on"]),
        "Terminated": not active,
        "Termination_Date": None if active else day(row["ends_on"]),
    }


def _membership(organization: Row, code_type: str) -> Row:
    return {
        "Organization_Reference": instance(organization, code_type),
        "Organization_Data": {
            "Organization_Code": organization["code"],
            "Organization_Name": organization["descriptor"],
            "Organization_Type_Reference": instance(organization["type"]),
        },
    }
