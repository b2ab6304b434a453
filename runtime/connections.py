"""Which vendor instance serves a port for a tenant and a legal entity: rows of `connection`, kept in memory.

The rows are few and asked for on every call, so each process holds them and reloads when a NOTIFY says that they changed.
"""

from typing import Any, Literal

from msgspec import Struct
from msgspec.json import encode

from contracts.periods import SystemClock
from contracts.problems import NotFound
from runtime.data.database import Database
from runtime.data.trail import note_change

CHANNEL = "connection_changed"


class Connection(Struct, frozen=True, kw_only=True):
    """A tenant's instance of a vendor. `scope` lists legal entity codes; empty means all that no other connection names.

    `secret` is a reference (`env:NAME`, `file:PATH`), never the secret itself.
    """

    tenant: str
    instance: str
    vendor: str
    ports: tuple[str, ...]
    base_url: str
    secret: str
    scope: tuple[str, ...] = ()
    settings: dict[str, Any] = {}
    mode: Literal["sandbox", "live"] = "sandbox"


def record_url(settings: dict[str, Any]) -> str | None:
    """Where people look at a record of the system, the setting `record_url`: an address with `{id}`, and `{kind}` where one is needed.

    None where nobody said, and for what is no such address.
    """
    address = settings.get("record_url")
    usable = isinstance(address, str) and address.startswith(("https://", "http://")) and "{id}" in address
    return address if usable else None


_SELECT = """
select tenant, instance, vendor, array_agg(port order by port) as ports, base_url, secret, scope, settings, mode
from connection group by tenant, instance, vendor, base_url, secret, scope, settings, mode order by tenant, instance
"""
_UPSERT = """
insert into connection (tenant, port, instance, vendor, scope, base_url, secret, settings, mode)
select $1, port, $3, $4, $5, $6, $7, $8, $9 from unnest($2::text[]) as port
on conflict (tenant, port, instance) do update set vendor = excluded.vendor, scope = excluded.scope,
  base_url = excluded.base_url, secret = excluded.secret, settings = excluded.settings, mode = excluded.mode
"""


class Connections:
    """All connections, in memory."""

    def __init__(self, rows: tuple[Connection, ...] = ()) -> None:
        self._rows = rows
        self.generation = 0

    async def load(self, database: Database) -> None:
        """Read the rows again."""
        found = await database.fetch(_SELECT)
        rows = tuple(Connection(**{**r, "ports": tuple(r["ports"]), "scope": tuple(r["scope"])}) for r in found)
        if rows != self._rows:
            self._rows = rows
            self.generation += 1

    async def watch(self, database: Database) -> None:
        """Load now, and again whenever a row changes."""

        async def changed(_payload: str) -> None:
            await self.load(database)

        await self.load(database)
        await database.listen(CHANNEL, changed)

    def all(self) -> tuple[Connection, ...]:
        """The connections of all tenants."""
        return self._rows

    def tenants(self) -> tuple[str, ...]:
        """Tenants that have a connection."""
        return tuple(sorted({c.tenant for c in self._rows}))

    def of_tenant(self, tenant: str) -> tuple[Connection, ...]:
        """The tenant's connections, by instance."""
        return tuple(c for c in self._rows if c.tenant == tenant)

    def of_port(self, port: str) -> tuple[Connection, ...]:
        """Connections of all tenants that serve a port: what sweeps ask."""
        return tuple(c for c in self._rows if port in c.ports)

    def at(self, tenant: str, port: str, instance: str) -> Connection:
        """The connection of that name, if it serves the port. Raises NotFound."""
        for row in self.of_tenant(tenant):
            if row.instance == instance and port in row.ports:
                return row
        others = ", ".join(c.instance for c in self.of_tenant(tenant) if port in c.ports)
        raise NotFound(f"No connection {instance} serves {port} here; {f'use {others}' if others else 'none does'}.")

    def choose(self, tenant: str, port: str, entity: str | None = None) -> Connection:
        """The connection whose scope holds the entity, else the one without a scope. Raises NotFound."""
        rows = [c for c in self.of_tenant(tenant) if port in c.ports]
        for row in rows:
            if entity is not None and entity in row.scope:
                return row
        for row in rows:
            if not row.scope:
                return row
        wanted = f"{port} for {entity}" if entity else port
        raise NotFound(f"No connection serves {wanted} here; an operator has to add one.")


async def put(database: Database, connection: Connection) -> None:
    """Add or replace a connection and note it in the audit trail; running processes see it at once."""
    c = connection
    # house: transaction a connection is one upsert and its audit row: no business row depends on them
    async with database.transaction() as session:
        args = (c.tenant, list(c.ports), c.instance, c.vendor, list(c.scope), c.base_url, c.secret, c.settings, c.mode)
        await session.execute(_UPSERT, *args)
        await session.execute(
            "delete from connection where tenant = $1 and instance = $2 and port <> all($3::text[])",
            c.tenant,
            c.instance,
            list(c.ports),
        )
        told = {"vendor": c.vendor, "ports": c.ports, "base_url": c.base_url, "secret": c.secret}
        await note_change(session, c.tenant, "connections.put", c.instance, SystemClock().now(), **told)
        await session.execute("select pg_notify($1, $2)", CHANNEL, encode([c.tenant, c.instance]).decode())
