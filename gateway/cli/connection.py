"""`ledgerway connection`: which system of which vendor serves which ports of a tenant, and whether it can be reached."""

import re
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import App, Parameter

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit, exit_of
from gateway.cli.session import Asked, Session

if TYPE_CHECKING:
    from gateway.probe import Probed
    from runtime.connections import Connection, Connections

app = App(name="connection")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}\Z")
_REFERENCE = re.compile(r"(env:[A-Za-z_][A-Za-z0-9_]*|file:\S.*)\Z")
_STATUS = {"vendor-credentials": Exit.REFUSED, "vendor-refused": Exit.REFUSED}
_Several = Annotated[tuple[str, ...], Parameter(consume_multiple=False)]


@app.command(name="list")
async def list_(*, session: Asked) -> Exit:
    """List the tenant's connections; of secrets only where they are.

    Example: `ledgerway connection list`
    """
    from gateway.cli.tables import table

    found = (await _connections(session)).of_tenant(session.settings.tenant)
    rows = [
        (c.instance, c.vendor, " ".join(c.ports), " ".join(c.scope) or "all others", c.mode, c.base_url, c.secret)
        for c in found
    ]
    heads = ("CONNECTION", "VENDOR", "PORTS", "ENTITIES", "MODE", "ADDRESS", "SECRET")
    session.show(msgspec.json.encode({"items": found}), table(heads, rows))
    return Exit.DONE


@app.command
async def add(
    instance: str,
    /,
    *,
    vendor: str,
    url: Annotated[str, Parameter(name="--base-url")],
    secret: str,
    ports: str | None = None,
    entity: _Several = (),
    set_: Annotated[tuple[str, ...], Parameter(name="--set", consume_multiple=False)] = (),
    session: Asked,
) -> Exit:
    """Add a connection, or replace the one of that name; running processes use it at once.

    The secret itself never stands here: it stays in a file or in the environment of the processes that use it.

    Example: `ledgerway connection add netsuite-us --vendor netsuite --base-url https://1234567.example.com --secret file:/run/secrets/netsuite.json`

    Parameters
    ----------
    instance
        Its name, which begins the references to what is in it.
    vendor
        One of `ledgerway catalogue list`.
    url
        Address of the tenant's own system.
    secret
        Where the secret is: file:PATH or env:NAME.
    ports
        Those it serves, comma between them; all the vendor has unless given.
    entity
        Code of a legal entity it serves; may be given several times. All that no other connection names unless given.
    set_
        A setting of the vendor, such as tenant=acme1, or a JSON object; may be given several times. With every vendor:
        record_url, where people look at a record, such as https://acme.example.com/{id}.
    """
    from gateway.cli.stores import database
    from runtime.connections import Connection, put, record_url

    settings = dict(map(_setting, set_))
    if "record_url" in settings and record_url(settings) is None:
        wanted = "an address with {id} in it, such as https://acme.example.com/{id}"
        raise Complaint(Exit.MISUSE, f"`--set record_url` is {settings['record_url']}; use {wanted}.")
    made = Connection(
        tenant=session.settings.tenant,
        instance=_checked(instance, _NAME, "a name", "lower-case letters, digits, dot, dash, underscore"),
        vendor=_vendor(vendor),
        ports=_ports(vendor, ports),
        base_url=_address(url, session.settings.mode),
        secret=_checked(secret, _REFERENCE, "--secret", "file:PATH or env:NAME, never the secret itself", shown=False),
        scope=entity,
        settings=settings,
        mode=session.settings.mode,
    )
    session.assure(made.mode, made.tenant)
    async with database(session) as opened:
        await put(opened, made)
    session.show(msgspec.json.encode(made), f"{instance} serves {', '.join(made.ports)} of {made.tenant}.")
    session.suggest(f"Next: ledgerway connection test {instance}")
    return Exit.DONE


@app.command
async def test(instance: str, /, *, session: Asked) -> Exit:
    """Sign in for real and read something harmless through each port; say what does not work.

    Example: `ledgerway connection test netsuite`

    Parameters
    ----------
    instance
        The connection: `ledgerway connection list`.
    """
    from gateway.cli.tables import NOTHING, table
    from gateway.probe import probe

    own = {c.instance: c for c in (await _connections(session)).of_tenant(session.settings.tenant)}
    if instance not in own:
        raise Complaint(Exit.NOT_FOUND, _none(instance, list(own)), look="ledgerway connection list")
    found = await probe(own[instance])
    rows = [
        (p.port, "works" if p.works else p.problem, p.took_ms, p.asked or NOTHING, p.detail or NOTHING) for p in found
    ]
    session.show(
        msgspec.json.encode({"items": found}), table(("PORT", "STATE", "MS", "ASKED", "DETAIL"), rows, right="MS")
    )
    return _outcome(session, own[instance], found)


def _outcome(session: Session, tested: "Connection", found: "tuple[Probed, ...]") -> Exit:
    failed = [p for p in found if not p.works]
    if any(p.problem == "vendor-credentials" for p in failed):
        session.suggest(f"Put the right secret where {tested.secret} points, then test again.")
    if not failed:
        return Exit.DONE
    if len(failed) < len(found):
        return Exit.PARTLY
    slug = str(failed[0].problem)
    return _STATUS.get(slug) or exit_of(slug, 503 if slug == "vendor-unavailable" else 500)


async def _connections(session: Session) -> "Connections":
    from gateway.cli.stores import database
    from runtime.connections import Connections

    connections = Connections()
    async with database(session) as opened:
        await connections.load(opened)
    return connections


def _vendor(name: str) -> str:
    from runtime import catalogue

    if name not in catalogue.vendors():
        raise Complaint(Exit.MISUSE, _none(name, list(catalogue.vendors()), "vendor"), look="ledgerway catalogue list")
    return name


def _ports(vendor: str, wanted: str | None) -> tuple[str, ...]:
    from runtime import catalogue

    has = catalogue.vendors()[vendor].ports
    named = has if wanted is None else tuple(port.strip() for port in wanted.split(","))
    for port in named:
        if port not in has:
            raise Complaint(
                Exit.MISUSE, f"{vendor} does not serve {port or 'a port without a name'}; it serves {', '.join(has)}."
            )
    return tuple(sorted(set(named)))


def _address(url: str, mode: str) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise Complaint(Exit.MISUSE, "`--base-url` is no address of a system; use https://host, without user or query.")
    if mode == "live" and parts.scheme != "https":
        raise Complaint(Exit.MISUSE, "In live mode `--base-url` begins https://.")
    return url.rstrip("/")


def _checked(value: str, form: re.Pattern[str], what: str, wanted: str, *, shown: bool = True) -> str:
    if not form.match(value):
        raise Complaint(
            Exit.MISUSE, f"`{value if shown else what}` is not {what if shown else 'a reference'}; use {wanted}."
        )
    return value


def _setting(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise Complaint(Exit.MISUSE, f"`--set` is {text}; use NAME=VALUE.")
    if not value.startswith(("{", "[")):
        return name, value
    try:
        return name, msgspec.json.decode(value)
    except msgspec.DecodeError as error:
        raise Complaint(Exit.MISUSE, f"`--set {name}` begins like JSON and is none: {error}.") from error


def _none(name: str, known: list[str], what: str = "connection") -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    return f"There is no {what} {name}; " + (
        f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}."
    )
