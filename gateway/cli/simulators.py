"""Talking to the simulated systems: their addresses, and the switches under `/_sandbox/`."""

import difflib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from contracts.problems import OutcomeUnknown, VendorUnavailable
from gateway import addresses
from gateway.addresses import Demo, SimulatedSystem
from gateway.cli.client import requests_to
from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Session
from gateway.cli.tables import fields, table
from runtime.http.faults import KINDS
from runtime.http.outbound import Answer

SAME_ORG = {"certinia": "salesforce"}
_SHORT = re.compile(r"([0-9]+)\s*([smhd])\Z")
_ISO = re.compile(r"P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def remembered(session: Session) -> Demo:
    """The installation of the state directory. Complains when there is none."""
    demo = addresses.read(session.settings.state_dir)
    if demo is None:
        detail = f"There are no simulated systems in {session.settings.state_dir}; `ledgerway demo` makes them."
        raise Complaint(Exit.UNAVAILABLE, detail, look="ledgerway demo --help")
    return demo


def system_named(demo: Demo, name: str) -> SimulatedSystem:
    """A simulated system by its name, or a product in it. Complains with the nearest name."""
    known = {system.name: system for system in demo.systems}
    found = known.get(SAME_ORG.get(name, name))
    if found is not None:
        return found
    raise Complaint(Exit.MISUSE, _unknown("simulated system", name, [*known, *SAME_ORG]), look="ledgerway sandbox list")


def _unknown(what: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"There is no {what} {name}; " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}.")


def fault_body(kind: str, **options: Any) -> dict[str, Any]:
    """A fault as `/_sandbox/faults` takes it; `lost-response` is `lost_response`. Complains of unknown kinds."""
    named = kind.replace("-", "_")
    if named not in KINDS:
        raise Complaint(Exit.MISUSE, _unknown("fault", kind, list(KINDS)), look="ledgerway sandbox fault --help")
    return {"kind": named} | {name: value for name, value in options.items() if value is not None}


def clock_body(moment: datetime | None, advance: str | None, freeze: bool) -> dict[str, Any] | None:
    """A change of the clock as `/_sandbox/clock` takes it, or None."""
    if moment is not None:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return {"now": aware.isoformat(), "frozen": freeze}
    return None if advance is None else {"advance_s": seconds(advance)}


def seconds(duration: str) -> int:
    """`90s`, `15m`, `2h`, `3d` or ISO 8601 (`P1DT2H`), with a sign before it or not."""
    sign, text = (-1, duration[1:]) if duration.startswith("-") else (1, duration)
    if short := _SHORT.match(text):
        return sign * int(short[1]) * _UNITS[short[2]]
    iso = _ISO.match(text)
    if iso is None or not any(iso.groups()):
        raise Complaint(Exit.MISUSE, f"`--advance` is {duration}; use 90s, 15m, 2h, 3d or PT2H.")
    days, hours, minutes, rest = (int(part or 0) for part in iso.groups())
    return sign * int(timedelta(days=days, hours=hours, minutes=minutes, seconds=rest).total_seconds())


async def ask(
    session: Session, system: str, method: str, switch: str, told: str | None, body: Mapping[str, Any] | None = None
) -> Exit:
    """Turn a switch and show what came of it: `told`, or the answer's members."""
    answer = await _send(session, system_named(remembered(session), system), method, switch, body)
    raw = answer.body or b"{}"
    session.show(raw, told or fields(list(msgspec.json.decode(raw).items())))
    return Exit.DONE


async def faults(session: Session, system: str) -> Exit:
    """Show armed and fired faults."""
    answer = await _send(session, system_named(remembered(session), system), "GET", "faults")
    found = msgspec.json.decode(answer.body)
    armed = [
        ("armed", f["id"], f["kind"], f.get("times", 1), f.get("method", ""), f.get("path", "")) for f in found["armed"]
    ]
    fired = [("fired", f["id"], f["kind"], 1, f["method"], f["target"]) for f in found["fired"]]
    session.show(
        answer.body, table(("STATE", "FAULT", "KIND", "TIMES", "METHOD", "PATH"), [*armed, *fired], right="TIMES")
    )
    return Exit.DONE


async def _send(
    session: Session, system: SimulatedSystem, method: str, switch: str, body: Mapping[str, Any] | None = None
) -> Answer:
    outbound = requests_to(system.name, system.url, session)
    request: dict[str, Any] = {} if body is None else {"json": dict(body)}
    try:
        answer = await outbound.send(method, f"/_sandbox/{switch}", operation=f"sandbox.{switch}", **request)
    except (VendorUnavailable, OutcomeUnknown) as away:
        detail = f"The simulated {system.name} does not answer at {system.url}."
        raise Complaint(Exit.UNAVAILABLE, detail, look="ledgerway demo") from away
    finally:
        await outbound.close()
    if answer.status >= 400:
        raise Complaint(Exit.MISUSE, f"{system.name}: {_refusal(answer)}")
    return answer


def _refusal(answer: Answer) -> str:
    try:
        return str(msgspec.json.decode(answer.body, type=dict[str, Any])["error"])
    except (msgspec.DecodeError, KeyError):
        return f"the answer was {answer.status}."


def show(session: Session) -> Exit:
    """Show the simulated systems with what a client needs to reach them."""
    from gateway import sandboxes
    from gateway.certificates import AUTHORITY

    demo, settings = remembered(session), session.settings
    known = sandboxes.connections(demo, settings.state_dir, settings.tenant)
    systems = [
        {
            "name": c.instance,
            "system": SAME_ORG.get(c.instance, c.instance),
            "ports": list(c.ports),
            "url": c.base_url,
            "tls_url": system_named(demo, c.instance).tls_url,
            "credentials_file": c.secret.removeprefix("file:"),
        }
        for c in known
    ]
    authority = str(sandboxes.folder(settings.state_dir, "tls") / AUTHORITY)
    heads = ("SYSTEM", "URL", "TLS", "CREDENTIALS")
    rows = [(s["name"], s["url"], s["tls_url"], s["credentials_file"]) for s in systems]
    session.show(
        msgspec.json.encode({"systems": systems, "tls_authority_file": authority}),
        f"{table(heads, rows)}\n\nAuthority of the TLS certificates: {authority}",
    )
    return Exit.DONE
