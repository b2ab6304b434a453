"""Elements of the web services. One declaration describes them in the schema, checks a request and writes a response.

Values are builtins: a leaf is what its kind reads, a group a dict by element name (lists where it repeats), a reference
`{"ids": {type: value}, "descriptor": text}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree as Xml

from msgspec import Struct

from runtime.http.simulate import Row

NAMESPACE = "urn:com.workday/bsvc"
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?")


def name_of(local: str) -> str:
    """The qualified name of an element or attribute of the services."""
    return f"{{{NAMESPACE}}}{local}"


class Invalid(Exception):
    """A request that its schema does not allow: the message, and the XPath of what is wrong."""

    def __init__(self, message: str, xpath: str) -> None:
        super().__init__(message)
        self.message, self.xpath = message, xpath


class Kind(Struct, frozen=True):
    """A simple type: its name in XML Schema, and how its text is read (ValueError, OverflowError: not of this kind) and written."""

    xsd: str
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


def _boolean(text: str) -> bool:
    if text not in ("true", "1", "false", "0"):
        raise ValueError(text)
    return text in ("true", "1")


def _date(text: str) -> date:
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return date.fromisoformat(found[1])


def _moment(text: str) -> datetime:
    """In UTC, which is also the tenant's time: what is written without an offset."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


TEXT = Kind("string", str)
WHOLE = Kind("decimal", int)
BOOLEAN = Kind("boolean", _boolean, lambda value: "true" if value else "false")
DATE = Kind("date", _date, date.isoformat)
MOMENT = Kind("dateTime", _moment, datetime.isoformat)


class Leaf(Struct, frozen=True):
    """An element that holds text."""

    name: str
    kind: Kind = TEXT
    many: bool = False

    @property
    def type(self) -> str:
        """Its type in the schema."""
        return f"xsd:{self.kind.xsd}"

    def read(self, element: Xml.Element, xpath: str) -> Any:
        """The value."""
        try:
            return self.kind.read((element.text or "").strip())
        except (ValueError, OverflowError) as error:
            raise Invalid(f"{self.name} is not a valid value of type {self.kind.xsd}", xpath) from error

    def write(self, element: Xml.Element, value: Any) -> None:
        """Fill the element."""
        element.text = self.kind.write(value)


class Reference(Struct, frozen=True):
    """An element that names an instance by one or more ids."""

    name: str
    many: bool = False
    type: str = "wd:InstanceObjectType"

    def read(self, element: Xml.Element, xpath: str) -> Row:
        """The ids by type."""
        ids = {one.get(name_of("type"), ""): (one.text or "").strip() for one in element.iterfind(name_of("ID"))}
        if not ids or not all(ids):
            raise Invalid(f"{self.name} needs an ID with its type", xpath)
        return {"ids": ids}

    def write(self, element: Xml.Element, value: Row) -> None:
        """Fill the element."""
        if value.get("descriptor"):
            element.set(name_of("Descriptor"), value["descriptor"])
        for kind, text in value["ids"].items():
            Xml.SubElement(element, name_of("ID"), {name_of("type"): kind}).text = text


class Group(Struct, frozen=True):
    """An element of elements, in this order. `type_name` tells groups of one name in different places apart."""

    name: str
    parts: tuple[Part, ...]
    many: bool = False
    type_name: str = ""

    @property
    def type(self) -> str:
        """Its type in the schema."""
        return f"wd:{self.type_name or self.name + 'Type'}"

    def read(self, element: Xml.Element, xpath: str) -> Row:
        """What was given, by name."""
        known = {name_of(part.name): part for part in self.parts}
        found: Row = {}
        for child in element:
            part = known.get(child.tag)
            local = child.tag.rpartition("}")[2]
            below = f"{xpath}/wd:{local}"
            if part is None:
                raise Invalid(f"{local} is not a valid element of {self.name}", below)
            _keep(found, part, part.read(child, below), below)
        return found

    def write(self, element: Xml.Element, value: Mapping[str, Any]) -> None:
        """Fill the element; what is absent or None is left out."""
        for part in self.parts:
            held = value.get(part.name)
            for one in held if part.many and held is not None else [held]:
                if one is not None:
                    part.write(Xml.SubElement(element, name_of(part.name)), one)

    def groups(self) -> Iterator[Group]:
        """This group and all groups below it."""
        yield self
        for part in self.parts:
            if isinstance(part, Group):
                yield from part.groups()


Part = Leaf | Reference | Group


def _keep(found: Row, part: Part, value: Any, xpath: str) -> None:
    if part.many:
        found.setdefault(part.name, []).append(value)
    elif part.name in found:
        raise Invalid(f"{part.name} is given more than once", xpath)
    else:
        found[part.name] = value
