"""The rows of a report as JSON, simple XML or CSV. A group of rows inside a row is nested in the first two, and left out of CSV."""

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree as Xml

from runtime.http.simulate import Response
from system_apis.workday.sandbox.xml import xml_answer

Form = Callable[[str, Any], Response]


def _json(name: str, rows: Any) -> Response:
    return Response.of(200, {"Report_Entry": rows})


def _simple_xml(name: str, rows: Any) -> Response:
    space = f"urn:com.workday.report/{name}"
    root = Xml.Element(f"{{{space}}}Report_Data")
    for row in _listed(rows):
        _append(root, space, "Report_Entry", row)
    return xml_answer(200, root, {"wd": space})


def _append(parent: Xml.Element, space: str, name: str, value: Any) -> None:
    element = Xml.SubElement(parent, f"{{{space}}}{name}")
    if not isinstance(value, Mapping):
        element.text = str(value)
        return
    for column, held in value.items():
        for one in held if isinstance(held, list) else [held]:
            _append(element, space, column, one)


def _csv(name: str, rows: Any) -> Response:
    flat = [{column: value for column, value in row.items() if not isinstance(value, list)} for row in _listed(rows)]
    text = io.StringIO()
    table = csv.DictWriter(text, list(dict.fromkeys(column for row in flat for column in row)), lineterminator="\n")
    table.writeheader()
    table.writerows(flat)
    return Response(200, text.getvalue().encode(), (("Content-Type", "text/csv;charset=UTF-8"),))


def _listed(rows: Any) -> list[Any]:
    return rows if isinstance(rows, list) else [rows]


FORMS: Mapping[str, Form] = {"json": _json, "simplexml": _simple_xml, "csv": _csv}
