"""The WSDL of a web service, written from its declared operations."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from system_apis.workday.sandbox.soap.operations import GetOperation
from system_apis.workday.sandbox.soap.shapes import NAMESPACE, Group, Leaf

_FAULTS = (
    Group(
        "Validation_Fault",
        (Group("Validation_Error", (Leaf("Message"), Leaf("Detail_Message"), Leaf("Xpath")), many=True),),
    ),
    Group("Processing_Fault", (Leaf("Detail_Message"),)),
)


def wsdl(service: str, operations: Sequence[GetOperation], address: str) -> bytes:
    """The description of a service that is served at `address`."""
    messages = [*(message for one in operations for message in (one.request, one.response)), *_FAULTS]
    groups = {group.type: group for message in messages for group in message.groups()}
    text = _template().render(
        service=service,
        operations=operations,
        address=address,
        namespace=NAMESPACE,
        messages=messages,
        groups=groups.values(),
        faults=_FAULTS,
    )
    return text.encode()


@cache
def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("service.wsdl")
