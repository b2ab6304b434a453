"""Whether a connection works: signs in for real and asks each of its ports for something harmless."""

import time
from typing import Any

from msgspec import Struct

from contracts.call import Call
from contracts.operation import Operation, operations
from contracts.problems import Problem
from contracts.system import PORTS
from runtime import catalogue
from runtime.connections import Connection, Connections
from runtime.http.outbound import TransportFactory, direct_transport
from runtime.ports import Ports


class Probed(Struct, frozen=True, kw_only=True):
    """What one port said: `asked` is the operation; `problem` and `detail` say why it does not work."""

    port: str
    asked: str | None
    took_ms: int
    problem: str | None = None
    detail: str | None = None

    @property
    def works(self) -> bool:
        """True when it answered."""
        return self.problem is None


async def probe(connection: Connection, transport: TransportFactory = direct_transport) -> tuple[Probed, ...]:
    """Every port of the connection, in the order of the connection; nothing is changed in the vendor."""
    ports = Ports(Connections((connection,)), transport=transport)
    try:
        return tuple([await _ask(ports, connection, port) for port in connection.ports])
    finally:
        await ports.close()


async def _ask(ports: Ports, connection: Connection, port: str) -> Probed:
    read = harmless(connection.vendor, port)
    if read is None:
        return Probed(port=port, asked=None, took_ms=0)
    began = time.monotonic()
    problem: Problem | None = None
    limit: dict[str, Any] = {"limit": 1} if any(p.name == "limit" for p in read.parameters) else {}
    call = Call(
        tenant=connection.tenant,
        principal="probe",
        client="probe",
        scopes=frozenset({read.scope}),
        correlation_id=f"probe-{connection.instance}",
        request_id="probe",
    )
    try:
        await getattr(ports.at(call, port, connection.instance), read.name)(call, **limit)
    except Problem as refused:
        problem = refused
    return Probed(
        port=port,
        asked=read.id,
        took_ms=round((time.monotonic() - began) * 1000),
        problem=None if problem is None else problem.slug,
        detail=None if problem is None else problem.detail,
    )


def harmless(vendor: str, port: str) -> Operation | None:
    """A read that needs no arguments and that the vendor can do; rather a list, since a search may want a key."""
    unsupported = catalogue.vendors()[vendor].unsupported
    reads = (o for o in operations(PORTS[port]) if o.method == "GET" and not any(p.required for p in o.parameters))
    able = sorted((o for o in reads if o.id not in unsupported), key=lambda o: not o.name.startswith("list_"))
    return next(iter(able), None)
