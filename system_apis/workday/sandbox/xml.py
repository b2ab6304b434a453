"""XML answers of the tenant: namespaces under the prefixes the vendor writes."""

from collections.abc import Mapping
from xml.etree import ElementTree as Xml

from runtime.http.simulate import Response


def xml_answer(status: int, root: Xml.Element, prefixes: Mapping[str, str]) -> Response:
    """The document as the whole answer; `prefixes` are namespaces by prefix."""
    for prefix, space in prefixes.items():
        Xml.register_namespace(prefix, space)
    body = Xml.tostring(root, "utf-8", xml_declaration=True)
    return Response(status, body, (("Content-Type", "text/xml;charset=UTF-8"),))
