"""`ledgerway catalogue`: what there is, how far it was shown to work, and what another version changes. Needs no running product."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from cyclopts import App

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Asked, Session

if TYPE_CHECKING:
    from contracts.manifest import VendorManifest
    from runtime.http.specs import Api

app = App(name="catalogue")
_HEADS = ("API", "LAYER", "LEVEL", "OPERATIONS", "OWNER", "NAME")
_WHOLE = "ledgerway.json"


@app.command(name="list")
def list_(*, session: Asked) -> Exit:
    """List APIs: systems with the level they were shown to work at, processes, views.

    Levels: mapped (types check), simulated (passes the suites against its simulator), proven (a dated run against the vendor).

    Example: `ledgerway catalogue list`
    """
    from gateway.apis import described
    from gateway.cli.tables import NOTHING, table

    entries = [_entry(api) for api in described()]
    rows = [
        (e["id"], e["layer"], e.get("level", NOTHING), e["operations"], e.get("owner", NOTHING), e["name"])
        for e in entries
    ]
    session.show(msgspec.json.encode({"items": entries}), table(_HEADS, rows, right="OPERATIONS"))
    return Exit.DONE


@app.command
def show(api: str, /, *, session: Asked) -> Exit:
    """Show an API: its operations with their scopes; of a system also its level, limits and what it cannot do.

    Example: `ledgerway catalogue show netsuite`

    Parameters
    ----------
    api
        One of `ledgerway catalogue list`.
    """
    from gateway.cli.tables import table

    found = _named(api)
    operations = [
        {"id": s.operation.id, "method": s.operation.method, "path": s.path, "scope": s.operation.scope}
        for s in found.served
        if s.operation.id not in found.unsupported
    ]
    manifest = _manifest(found)
    document = _entry(found) | {"operations": operations} | ({} if manifest is None else {"manifest": manifest})
    rows = [(o["id"], o["method"], o["path"], o["scope"]) for o in operations]
    text = table(("OPERATION", "METHOD", "PATH", "SCOPE"), rows)
    about = found.description if manifest is None else _about(manifest)
    session.show(msgspec.json.encode(document), f"{about}\n\n{text}")
    return Exit.DONE


@app.command
async def diff(against: Path | None = None, /, *, session: Asked) -> Exit:
    """Tell what this version adds to, and takes from, the API of the running product, or of a description in a file.

    Ends with 1 when callers would break.

    Example: `ledgerway catalogue diff --url https://gw.example`

    Parameters
    ----------
    against
        A file like openapi/ledgerway.json; the running product unless given.
    """
    from gateway.apis import described
    from runtime.http.spec_changes import breaking_changes
    from runtime.http.specs import render

    ours = msgspec.json.decode(render(described())[_WHOLE])
    theirs = _read(against) if against is not None else await _served(session)
    breaks = breaking_changes(theirs, ours)
    adds = sorted(_operations(ours) - _operations(theirs))
    lines = [*(f"breaks  {sentence}" for sentence in breaks), *(f"adds    {operation}" for operation in adds)]
    session.show(msgspec.json.encode({"breaks": breaks, "adds": adds}), "\n".join(lines) or "No difference.")
    return Exit.PROBLEM if breaks else Exit.DONE


def _operations(document: dict[str, Any]) -> set[str]:
    return {f"{method.upper()} {path}" for path, methods in document.get("paths", {}).items() for method in methods}


def _read(place: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(place.read_bytes(), type=dict[str, Any])
    except OSError as error:
        raise Complaint(Exit.MISUSE, f"{place} cannot be read: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise Complaint(Exit.MISUSE, f"{place} is no OpenAPI description: {error}.") from error


async def _served(session: Session) -> dict[str, Any]:
    from gateway.cli.client import address, connected

    async with connected(session) as outbound:
        answer = await outbound.send("GET", f"/openapi/{_WHOLE}", operation="openapi", writes=False)
    if answer.status != 200:
        raise Complaint(Exit.PROBLEM, f"{address(session)} does not describe its API ({answer.status}).")
    return msgspec.json.decode(answer.body, type=dict[str, Any])


def _id(api: "Api") -> str:
    return Path(api.file).stem


def _entry(api: "Api") -> dict[str, Any]:
    from runtime import catalogue

    count = sum(s.operation.id not in api.unsupported for s in api.served)
    entry = {"id": _id(api), "layer": api.file.partition("/")[0], "name": api.title, "operations": count}
    manifest = _manifest(api)
    if manifest is not None:
        entry |= {"name": manifest.name, "owner": manifest.owner, "level": catalogue.level(manifest)}
    return entry


def _manifest(api: "Api") -> "VendorManifest | None":
    from runtime import catalogue

    return catalogue.vendors().get(_id(api)) if api.file.startswith("system/") else None


def _named(name: str) -> "Api":
    import difflib

    from gateway.apis import described

    known = {_id(api): api for api in described()}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
        raise Complaint(Exit.NOT_FOUND, f"There is no API {name}; {hint}", look="ledgerway catalogue list")
    return known[name]


def _about(manifest: "VendorManifest") -> str:
    from gateway.cli.tables import fields
    from runtime import catalogue

    limits = manifest.limits
    return fields(
        (
            ("System", manifest.name),
            ("Level", catalogue.level(manifest)),
            ("Owner", manifest.owner),
            ("Ports", ", ".join(manifest.ports)),
            *(("Sign-in", f"{auth.kind}: {auth.secret}") for auth in manifest.auth),
            ("Limits", f"{limits.concurrency} at a time, {limits.page_size} a page"),
            *(("Cannot do", f"{operation}: {reason}") for operation, reason in manifest.unsupported.items()),
            *(("Limitation", f"{limit.text} ({limit.code})") for limit in manifest.limitation),
            *(("Source", f"{source.title}, read {source.read_on}") for source in manifest.sources),
        )
    )
