"""Ports: the bound adapter of a connection in this process, or the same port over HTTP. Callers cannot tell which."""

from typing import Any, TypeVar, cast

from contracts.call import Call
from contracts.operation import Operation, operations
from contracts.periods import Clock, SystemClock
from contracts.problems import Unsupported
from contracts.system import PORTS
from contracts.system.billing import Billing
from contracts.system.crm import Crm
from contracts.system.erp import Erp
from contracts.system.hcm import Hcm
from contracts.system.planning import Planning
from contracts.system.psa import Psa
from contracts.system.time import Time
from runtime import catalogue
from runtime.bind import Served, bind
from runtime.connections import Connection, Connections
from runtime.http import ways_out
from runtime.http.outbound import AsyncBaseTransport, TransportFactory, direct_transport
from runtime.http.remote import Remote
from runtime.http.requests import admitted

P = TypeVar("P")


class _Complete:
    """An adapter that takes what it would take over HTTP, plus an honest refusal for each operation its vendor cannot do."""

    def __init__(self, port: type, connection: Connection, adapter: object, unsupported: dict[str, str]) -> None:
        for operation in operations(port):
            reason = unsupported.get(operation.id)
            if reason is None:
                setattr(self, operation.name, admitted(operation, getattr(adapter, operation.name)))
            else:
                setattr(self, operation.name, _refusal(operation, connection, reason))


def _refusal(operation: Operation, connection: Connection, reason: str) -> Any:
    async def refuse(_call: Call, *_args: Any, **_arguments: Any) -> Any:
        raise Unsupported(
            f"{catalogue.vendor_name(connection.vendor)} cannot do this: {reason}",
            vendor=connection.vendor,
            operation=operation.id,
        )

    return refuse


class Ports:
    """The ports of every tenant. With `remote`, the system layer runs elsewhere and is called over HTTP."""

    def __init__(
        self,
        connections: Connections,
        *,
        remote: Remote | None = None,
        transport: TransportFactory = direct_transport,
        clock: Clock | None = None,
    ) -> None:
        self.connections = connections
        self._remote = remote
        self._new_transport = transport
        self._transports: list[AsyncBaseTransport] = []
        self._clock = clock or SystemClock()
        self._bound: dict[tuple[str, str], dict[str, object]] = {}
        self._generation = connections.generation

    async def close(self) -> None:
        """Close the connections of all adapters made so far, and to the system layer elsewhere."""
        if self._remote is not None:
            await self._remote.close()
        for transport in self._transports:
            await transport.aclose()
        self._transports.clear()
        self._bound.clear()

    def health(self) -> list[dict[str, Any]]:
        """What is known of each connected system without asking it: is it in use, does it answer, takes it our credentials."""
        return [self._health(connection) for connection in self.connections.all()]

    def _health(self, c: Connection) -> dict[str, Any]:
        used = (c.tenant, c.instance) in self._bound
        said = {"tenant": c.tenant, "instance": c.instance, "vendor": c.vendor, "ports": list(c.ports), "mode": c.mode}
        return {**said, "used": used, **ways_out.remembered(c.vendor, c.base_url)}

    def _transport(self, base_url: str) -> AsyncBaseTransport:
        self._transports.append(self._new_transport(base_url))
        return self._transports[-1]

    def at(self, call: Call, port: str, instance: str) -> Any:
        """The port of one named connection. Raises NotFound."""
        return self._of(self.connections.at(call.tenant, port, instance), port)

    def crm(self, call: Call) -> Crm:
        """The tenant's CRM."""
        return self._choose(Crm, "crm", call)

    def psa(self, call: Call) -> Psa:
        """The tenant's PSA."""
        return self._choose(Psa, "psa", call)

    def time(self, call: Call, instance: str) -> Time:
        """One of the tenant's time tools: there may be several."""
        return cast(Time, self.at(call, "time", instance))

    def planning(self, call: Call) -> Planning:
        """The tenant's resource planning."""
        return self._choose(Planning, "planning", call)

    def hcm(self, call: Call) -> Hcm:
        """The tenant's HCM."""
        return self._choose(Hcm, "hcm", call)

    def erp(self, call: Call, entity: str | None = None) -> Erp:
        """The ERP of a legal entity."""
        return self._choose(Erp, "erp", call, entity)

    def billing(self, call: Call, entity: str | None = None) -> Billing:
        """The billing system of a legal entity."""
        return self._choose(Billing, "billing", call, entity)

    def _choose(self, port_type: type[P], port: str, call: Call, entity: str | None = None) -> P:
        return cast(P, self._of(self.connections.choose(call.tenant, port, entity), port))

    def _of(self, connection: Connection, port: str) -> object:
        if self._generation != self.connections.generation:
            self._bound.clear()
            self._generation = self.connections.generation
        key = (connection.tenant, connection.instance)
        if key not in self._bound:
            self._bound[key] = self._bind(connection)
        return self._bound[key][port]

    def _bind(self, connection: Connection) -> dict[str, object]:
        if self._remote is not None:
            return {port: self._remote.port(PORTS[port], connection.instance) for port in connection.ports}
        adapters = catalogue.vendor_module(connection.vendor, "adapter").connect(
            connection, transport=self._transport, clock=self._clock
        )
        unsupported = catalogue.vendors()[connection.vendor].unsupported
        return {
            port: bind(PORTS[port], _Complete(PORTS[port], connection, adapters[port], unsupported), self._clock)
            for port in connection.ports
        }


def _dispatch(ports: Ports, port: str, operation: Operation) -> Any:
    async def invoke(call: Call, arguments: dict[str, Any]) -> Any:
        given = dict(arguments)
        bound = ports.at(call, port, given.pop("instance"))
        return await getattr(bound, operation.name)(call, **given)

    return invoke


def system_operations(ports: Ports) -> tuple[Served, ...]:
    """Every port operation at `/system/v1/{instance}/...`; the tenant's connections say which vendor answers."""
    return tuple(
        Served(operation=o, path=f"/system/v1/{{instance}}{o.path}", invoke=_dispatch(ports, port, o), unit=False)
        for port, protocol in PORTS.items()
        for o in operations(protocol)
    )
