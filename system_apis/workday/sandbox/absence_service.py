"""The REST absence management service: time off in detail, what may be taken, and requests for it.

The tenant approves what the integration user asks for as it comes. Source: Workday REST API, Absence Management service v1.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qs, urlsplit

from runtime.http.simulate import Faults, Refused, Request, Response, Row, Store
from system_apis.workday.sandbox.common_service import asked_worker, quantity
from system_apis.workday.sandbox.errors import Wrong, refusal, refusals
from system_apis.workday.sandbox.instances import reference, wid
from system_apis.workday.sandbox.listing import Collection
from system_apis.workday.sandbox.time_off import KINDS, booked, time_off_of, unit_of

SUBMIT = "d9e4223e446c11de98360015c5e6daf6"
"""The id of the action that submits a business process, in every tenant."""
_TIME_OFF = {"id": "17bd6531c90c100016d4b06f2b8a07ce", "descriptor": "Time Off"}
_DONE = "Successfully Completed"
_STATUSES = {_DONE: "Approved", "In Progress": "Submitted"}
_LARGEST_DAY = Decimal(24)


class AbsenceService:
    """Time off of workers, read and requested."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self._store, self._faults = store, faults

    @property
    def collections(self) -> dict[str, Collection]:
        """By their paths."""
        return {
            "/workers/{id}/timeOffDetails": self.details,
            "/workers/{id}/eligibleAbsenceTypes": self.eligible_types,
            "/values/timeOff/status": self.statuses,
        }

    def eligible_types(self, request: Request) -> list[Row]:
        """What a worker may take, in the unit it is booked in."""
        unit = unit_of(asked_worker(self._store, request)["company"]["code"])
        return [{**_type(kind), "category": _TIME_OFF, "unitOfTime": unit} for kind in KINDS]

    def statuses(self, request: Request) -> list[Row]:
        """The values of the status filter."""
        return [_status(name) for name in _STATUSES.values()]

    def details(self, request: Request) -> list[Row]:
        """Entries by date; between `fromDate` and `toDate`, of some `status` or `timeOffType`, as asked."""
        worker = asked_worker(self._store, request)
        asked = parse_qs(urlsplit(request.target).query)
        first, last = (_day(request, name) for name in ("fromDate", "toDate"))
        shown = [_detail(key, row, worker) for key, row in time_off_of(self._store, worker)]
        return [
            one
            for one in shown
            if (first or "") <= one["date"] <= (last or "9")
            and one["status"]["id"] in asked.get("status", [one["status"]["id"]])
            and one["timeOffType"]["id"] in asked.get("timeOffType", [one["timeOffType"]["id"]])
        ]

    def request(self, request: Request) -> Response:
        """Time off for one or more days, all of them or none."""
        worker, body = asked_worker(self._store, request), _body(request)
        parameters = body.get("businessProcessParameters")
        if parameters is not None and _id(_member(parameters, "action")) != SUBMIT:
            raise Refused(refusals([Wrong("A219", "The business process action isn't valid.", "action")]))
        days = body.get("days")
        if not isinstance(days, list) or not days:
            raise Refused(refusals([Wrong("A1038", "Date is required and must have a value.", "days")]))
        wrong = [one for place, day in enumerate(days) for one in self._wrong(worker, day, f"days[{place}]")]
        wrong += _twice(days)
        if wrong or self._faults.take("duplicate", request):
            raise Refused(refusals(wrong or [_REPEATED]))
        return Response.of(201, self._book(worker, days))

    def _wrong(self, worker: Row, day: Any, where: str) -> Iterator[Wrong]:
        kinds = {wid("time_off", kind) for kind in KINDS}
        on, kind = _member(day, "date"), _id(_member(day, "timeOffType"))
        if not _is_day(on):
            yield Wrong("A1038", "Date is required and must have a value.", f"{where}.date")
        if not kind:
            yield Wrong("A1009", "Type is required and must have a value.", f"{where}.timeOffType")
        elif kind not in kinds:
            yield Wrong("A1041", "The worker isn't eligible for this time off type.", f"{where}.timeOffType")
        hours = _number(_member(day, "dailyQuantity"))
        if hours is None:
            yield Wrong("A1017", "Daily Quantity is required and must have a value.", f"{where}.dailyQuantity")
        elif not 0 < hours <= _LARGEST_DAY:
            yield Wrong(
                "A1016", "Enter an hourly or daily quantity that is greater than zero.", f"{where}.dailyQuantity"
            )
        taken = {(row["date"], row["kind"]["id"]) for _, row in time_off_of(self._store, worker)}
        if (str(on), kind) in taken:
            yield _REPEATED

    def _book(self, worker: Row, days: list[Any]) -> Row:
        number = f"REQ-{self._store.next('time_off_request')}"
        kinds = {wid("time_off", kind): kind for kind in KINDS}
        answered: list[Row] = []
        with self._store.transaction() as change:
            for place, day in enumerate(days, 1):
                key, units = wid("time_off_entry", f"{number}-{place}"), str(_number(day["dailyQuantity"]))
                row = booked(worker, kinds[_id(day["timeOffType"])], day["date"], units, number, _DONE)
                change.put("time_off", key, {**row, "comment": str(day.get("comment") or "")})
                answered.append(
                    {"id": key, "date": row["date"], "dailyQuantity": quantity(units), "timeOffType": row["kind"]}
                )
        outcome = {"action": {"id": SUBMIT, "descriptor": "Submit"}, "overallStatus": _DONE}
        request = reference("time_off_request", number, f"Time Off Request: {worker['name']}")
        return {**request, "businessProcessParameters": outcome, "days": answered}


_REPEATED = Wrong("A1032", "You can't have multiple entries for the same Time Off Type for a given date.", "days")


def _body(request: Request) -> Row:
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(refusal(400, "the request body is not a JSON object"))
    return body


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _id(reference: Any) -> str:
    found = _member(reference, "id")
    return found if isinstance(found, str) else ""


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _day(request: Request, name: str) -> str | None:
    text = request.query.get(name)
    if text is not None and not _is_day(text):
        raise Refused(refusal(400, f"{name} is a date such as 2026-08-19", name))
    return text


def _twice(days: list[Any]) -> list[Wrong]:
    keys = [(str(_member(day, "date")), _id(_member(day, "timeOffType"))) for day in days]
    return [_REPEATED] if len(set(keys)) < len(keys) else []


def _type(kind: str) -> Row:
    return {"id": wid("time_off", kind), "descriptor": KINDS[kind]}


def _status(name: str) -> Row:
    return {"id": wid("time_off_status", name), "descriptor": name}


def _detail(key: str, row: Row, worker: Row) -> Row:
    return {
        "id": key,
        "descriptor": row["name"],
        "date": row["date"],
        "quantity": quantity(row["units"]),
        "unit": row["unit"],
        "timeOffType": row["kind"],
        "status": _status(_STATUSES[row["status"]]),
        "worker": {"id": worker["wid"], "descriptor": worker["name"]},
        **({"comment": row["comment"]} if row.get("comment") else {}),
    }
