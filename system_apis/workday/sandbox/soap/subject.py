"""What an operation reads: instances of one kind, found by reference or by criteria, shown in the parts asked for."""

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from runtime.http.simulate import Row
from system_apis.workday.sandbox.soap.operations import GetOperation
from system_apis.workday.sandbox.soap.shapes import Invalid


class Subject(Protocol):
    """Instances of one kind."""

    def one(self, kind: str, value: str) -> Row | None:
        """The instance with this id, or None."""
        ...

    def all(self, criteria: Mapping[str, bool], on: date) -> list[Row]:
        """Those that meet the criteria on a day."""
        ...

    def shown(self, row: Row, asked: Row, on: date) -> Row:
        """Its element as it was on a day, with the parts of the request's response group."""
        ...


def found(subject: Subject, operation: GetOperation, asked: Row, on: date) -> list[Row]:
    """The instances a request refers to, else those its criteria leave. Raises Invalid on an unknown id."""
    member = f"{operation.subject}_Reference"
    references = asked.get("Request_References", {}).get(member, [])
    if not references:
        return subject.all(asked.get("Request_Criteria", {}), on)
    xpath = f"/wd:{operation.request.name}/wd:Request_References/wd:{member}"
    return [_referred(subject, held["ids"], f"{xpath}[{place}]/wd:ID") for place, held in enumerate(references, 1)]


def _referred(subject: Subject, ids: Mapping[str, str], xpath: str) -> Row:
    kind, value = next(iter(ids.items()))
    row = subject.one(kind, value)
    if row is None:
        raise Invalid(f"Invalid ID value. '{value}' is not a valid ID value for type = '{kind}'", xpath)
    return row


def wanted(asked: Row, flag: str) -> bool:
    """Whether the response group includes a part; without a response group all are included."""
    group = asked.get("Response_Group")
    return group is None or bool(group.get(flag))


def instance(row: Row, code_type: str = "") -> Row:
    """A reference by WID, and by its code where the tenant gives one out."""
    codes = {code_type: row["code"]} if code_type else {}
    return {"descriptor": row["descriptor"], "ids": {"WID": row["id"], **codes}}


def day(text: str | None) -> date | None:
    """A stored date."""
    return None if text is None else date.fromisoformat(text)
