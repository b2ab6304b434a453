"""Which operations this installation serves, and how they are described: one API per vendor, process and view."""

from collections.abc import Iterable
from typing import Any, cast

from msgspec import Struct

from experience_apis import app as experience
from process_apis import app as process
from runtime import catalogue
from runtime.bind import Served
from runtime.connections import Connections
from runtime.http.specs import Api
from runtime.ports import Ports
from runtime.services import Services
from runtime.settings import Settings
from runtime.work.process import Process
from system_apis import app as system


class Surface(Struct, frozen=True, kw_only=True):
    """Everything that is served, and its descriptions."""

    served: tuple[Served, ...]
    apis: tuple[Api, ...]


def surface(services: Services) -> Surface:
    """What this process serves with these services."""
    processes, views = process.processes(services), experience.views(services)
    system_served = system.served(services.ports)
    parts = [
        *_described(processes, "process", process.served, services),
        *_described(views, "experience", experience.served, services),
    ]
    apis = (*parts, *_vendors(system_served))
    return Surface(served=(*(s for api in parts for s in api.served), *system_served), apis=apis)


def described() -> tuple[Api, ...]:
    """The descriptions alone: nothing of it is called, so no database or connection is needed."""
    nothing = cast(Any, None)
    return surface(Services(database=nothing, ports=Ports(Connections()), settings=Settings())).apis


def _described(found: Iterable[Process], wing: str, serve: Any, services: Services) -> list[Api]:
    return [
        Api(
            file=f"{wing}/{one.name}.json",
            title=f"Ledgerway {one.name.replace('_', ' ')}",
            description=(one.contract.__doc__ or "").strip(),
            served=serve((one,), services),
            public=True,
        )
        for one in found
        if one.contract is not None
    ]


def _vendors(served: tuple[Served, ...]) -> list[Api]:
    return [
        Api(
            file=f"system/{manifest.id}.json",
            title=f"Ledgerway system API: {manifest.name}",
            description=f"What a connection to {manifest.name} serves; `instance` is the connection's name.",
            served=tuple(s for s in served if s.operation.api in manifest.ports),
            unsupported=manifest.unsupported,
        )
        for manifest in catalogue.vendors().values()
    ]
