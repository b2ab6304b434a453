"""SOAP 1.1 around a message: the request opened, the response and its faults closed. Bounded, and without DTDs.

Source: SOAP 1.1 sections 4 and 6; OASIS Web Services Security, UsernameToken Profile 1.1.
"""

from typing import Never
from xml.etree import ElementTree as Xml

from msgspec import Struct

from runtime.http.simulate import Refused, Request, Response
from system_apis.workday.sandbox.soap.shapes import NAMESPACE, Invalid, name_of
from system_apis.workday.sandbox.xml import xml_answer

LARGEST_ENVELOPE = 1024 * 1024
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_TEXT_PASSWORD = "#PasswordText"  # noqa: S105 - the name of a form
_TOKEN = f"{{{_SOAP}}}Header/{{{_SECURITY}}}Security/{{{_SECURITY}}}UsernameToken"


class Envelope(Struct, frozen=True):
    """A message, and who sends it: `ISU_User@tenant` with a password (empty where none is given as text)."""

    message: Xml.Element
    username: str
    password: str


class _Prolog(Xml.TreeBuilder):
    """Refuses documents that declare anything, entities above all."""

    def doctype(self, *_declared: object) -> Never:
        raise Invalid("a document type declaration is not allowed", "/")


def opened(request: Request) -> Envelope:
    """The envelope of a request. Raises Refused with a fault when there is none."""
    if len(request.body) > LARGEST_ENVELOPE:
        raise Refused(fault("Client", "the request is too large", status=413))
    root = _parsed(request.body)
    if root.tag != f"{{{_SOAP}}}Envelope":
        raise Refused(fault("VersionMismatch", "a SOAP 1.1 envelope is needed"))
    body = root.find(f"{{{_SOAP}}}Body")
    if body is None or len(body) != 1:
        raise Refused(fault("Client", "the SOAP body holds exactly one message"))
    return Envelope(body[0], *_credentials(root))


def _parsed(body: bytes) -> Xml.Element:
    try:
        return Xml.fromstring(body, Xml.XMLParser(target=_Prolog()))  # noqa: S314 - no declarations, bounded
    except Invalid as refused:
        raise Refused(fault("Client", refused.message)) from refused
    except (Xml.ParseError, ValueError, LookupError) as error:
        raise Refused(fault("Client", "the request is not well-formed XML")) from error


def _credentials(root: Xml.Element) -> tuple[str, str]:
    token = root.find(_TOKEN)
    password = None if token is None else token.find(f"{{{_SECURITY}}}Password")
    if token is None or password is None or not password.get("Type", _TEXT_PASSWORD).endswith(_TEXT_PASSWORD):
        return "", ""
    return token.findtext(f"{{{_SECURITY}}}Username", ""), password.text or ""


def answered(message: Xml.Element, status: int = 200) -> Response:
    """The message in an envelope."""
    root = Xml.Element(f"{{{_SOAP}}}Envelope")
    Xml.SubElement(root, f"{{{_SOAP}}}Body").append(message)
    return xml_answer(status, root, {"SOAP-ENV": _SOAP, "wd": NAMESPACE})


def fault(code: str, message: str, detail: Xml.Element | None = None, status: int = 500) -> Response:
    """A fault; `code` is the SOAP fault code, with what the vendor adds after a dot."""
    root = Xml.Element(f"{{{_SOAP}}}Fault")
    Xml.SubElement(root, "faultcode").text = f"SOAP-ENV:{code}"
    Xml.SubElement(root, "faultstring").text = message
    if detail is not None:
        Xml.SubElement(root, "detail").append(detail)
    return answered(root, status)


def unauthenticated() -> Response:
    """Nobody's name and password."""
    return fault("Client.authenticationError", "invalid username or password")


def invalid(refused: Invalid) -> Response:
    """The request does not fit its schema, or asks for what is not there."""
    detail = Xml.Element(name_of("Validation_Fault"))
    error = Xml.SubElement(detail, name_of("Validation_Error"))
    for name, text in (("Message", refused.message), ("Detail_Message", refused.message), ("Xpath", refused.xpath)):
        Xml.SubElement(error, name_of(name)).text = text
    return fault("Client.validationError", f"Validation error occurred. {refused.message}", detail)


def unauthorized() -> Response:
    """The integration user may not do this, or nobody can."""
    detail = Xml.Element(name_of("Processing_Fault"))
    Xml.SubElement(detail, name_of("Detail_Message")).text = "The task submitted is not authorized."
    return fault("Client.processingFault", "Processing error occurred. The task submitted is not authorized.", detail)
