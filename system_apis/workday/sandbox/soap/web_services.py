"""The SOAP door of the tenant: descriptions for everybody, operations for the integration user.

Source: Workday Web Services: addresses, WS-Security UsernameToken, Response_Filter (at most 999 a page), faults.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from xml.etree import ElementTree as Xml

from runtime.http.simulate import Faults, Refused, Request, Response, Row, SandboxClock, Store
from system_apis.workday.sandbox.access import TENANT, is_integration_user
from system_apis.workday.sandbox.listing import shifted
from system_apis.workday.sandbox.soap.description import wsdl
from system_apis.workday.sandbox.soap.envelope import answered, fault, invalid, opened, unauthenticated, unauthorized
from system_apis.workday.sandbox.soap.operations import GET_PROJECTS, GET_WORKERS, SERVICES, GetOperation
from system_apis.workday.sandbox.soap.projects import Projects
from system_apis.workday.sandbox.soap.shapes import Invalid, name_of
from system_apis.workday.sandbox.soap.subject import Subject, found
from system_apis.workday.sandbox.soap.workers import Workers

DEFAULT_COUNT, LARGEST_COUNT = 100, 999
_VERSION = re.compile(r"v\d{1,3}\.\d")


class WebServices:
    """Serves `/ccx/service/{tenant}/{service}/{version}`."""

    def __init__(self, store: Store, faults: Faults, clock: SandboxClock) -> None:
        self._faults, self._clock = faults, clock
        self._subjects: dict[str, Subject] = {GET_WORKERS.name: Workers(store), GET_PROJECTS.name: Projects(store)}

    def describe(self, request: Request) -> Response:
        """The WSDL of a service, at its own address with `?wsdl`."""
        operations = _operations(request)
        if "wsdl" not in {name.lower() for name in request.query}:
            return fault("Client", "a web service is called with POST and described at ?wsdl", status=405)
        described = wsdl(request.params["service"], operations, request.base_url + request.path)
        return Response(200, described, (("Content-Type", "text/xml;charset=UTF-8"),))

    def call(self, request: Request) -> Response:
        """One operation."""
        operations = _operations(request)
        envelope = opened(request)
        if not is_integration_user(envelope.username, envelope.password):
            return unauthenticated()
        operation = next((one for one in operations if name_of(one.request.name) == envelope.message.tag), None)
        if operation is None:
            return unauthorized()
        try:
            return self._read(request, operation, envelope.message)
        except Invalid as refused:
            return invalid(refused)

    def _read(self, request: Request, operation: GetOperation, message: Xml.Element) -> Response:
        asked = operation.request.read(message, f"/wd:{operation.request.name}")
        subject, moment = self._subjects[operation.name], self._clock.now()
        window = {"As_Of_Effective_Date": moment.date(), "As_Of_Entry_DateTime": moment}
        window |= {"Page": 1, "Count": DEFAULT_COUNT} | asked.get("Response_Filter", {})
        on = _known_day(window, moment.date())
        rows = found(subject, operation, asked, on)
        results, page = self._page(request, operation, rows, window)
        shown = [subject.shown(row, asked, on) for row in page]
        data = {"Response_Results": results, "Response_Data": {operation.subject: shown}}
        root = Xml.Element(name_of(operation.response.name), {name_of("version"): request.params["version"]})
        operation.response.write(root, {**asked, "Response_Filter": window, **data})
        return answered(root)

    def _page(self, request: Request, operation: GetOperation, rows: list[Row], window: Row) -> tuple[Row, list[Row]]:
        number, count = window["Page"], window["Count"]
        where = f"/wd:{operation.request.name}/wd:Response_Filter"
        if not 1 <= count <= LARGEST_COUNT:
            raise Invalid(f"Count must be between 1 and {LARGEST_COUNT}", f"{where}/wd:Count")
        if number < 1:
            raise Invalid("Page starts at 1", f"{where}/wd:Page")
        start = shifted(self._faults, request, (number - 1) * count)
        page = rows[start : start + count]
        pages = max(1, -(-len(rows) // count))
        totals = {"Total_Results": len(rows), "Total_Pages": pages, "Page_Results": len(page), "Page": number}
        return totals, page


def _operations(request: Request) -> tuple[GetOperation, ...]:
    tenant, service, version = (request.params[name] for name in ("tenant", "service", "version"))
    operations = SERVICES.get(service)
    if tenant != TENANT or operations is None or not _VERSION.fullmatch(version):
        raise Refused(fault("Client", "there is no such web service", status=404))
    return operations


def _known_day(window: Mapping[str, Any], today: date) -> date:
    """The day to look at: what is to come is known today; of the past it is told only what had taken effect by then."""
    effective: date = window["As_Of_Effective_Date"]
    entered = window["As_Of_Entry_DateTime"].date()
    return effective if entered >= today else min(effective, entered)
