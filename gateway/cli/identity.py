"""Whose token a command sends: one that was given, or in sandbox mode one the development issuer makes for a persona."""

import difflib
from base64 import b64encode
from typing import Any

import msgspec

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Session
from gateway.personas import PERSONAS, Persona
from runtime.http.outbound import Outbound

ALIASES = {
    "analyst": "billing-analyst",
    "controller": "finance-controller",
    "developer": "integration-developer",
    "finance": "billing-analyst",
    "manager": "billing-manager",
    "pm": "project-manager",
}
_NO_ISSUER = (
    "{url} has no development issuer: it is not in sandbox mode. Set LEDGERWAY_TOKEN, or LEDGERWAY_TOKEN_FILE to a "
    "file with an access token of your identity provider."
)


def given_token(session: Session) -> str | None:
    """The token of LEDGERWAY_TOKEN or LEDGERWAY_TOKEN_FILE; none when --as names a persona."""
    settings = session.settings
    if session.persona is not None or (settings.token is None and settings.token_file is None):
        return None
    if settings.token is not None or settings.token_file is None:
        return settings.token
    try:
        return settings.token_file.read_text("utf-8").strip()
    except OSError as error:
        raise Complaint(Exit.MISUSE, f"{settings.token_file} cannot be read: {error.strerror}.") from error


def persona_named(name: str) -> Persona:
    """A persona by its id or short name. Complains with the nearest name."""
    known = {persona.id: persona for persona in PERSONAS}
    found = known.get(ALIASES.get(name, name))
    if found is not None:
        return found
    near = difflib.get_close_matches(name, [*known, *ALIASES], n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
    raise Complaint(Exit.MISUSE, f"There is no persona {name}; {hint}", look="ledgerway token --list")


async def issued(outbound: Outbound, url: str, persona: Persona, scope: str | None = None) -> dict[str, Any]:
    """The development issuer's token response. Complains when there is no such issuer, or it refuses."""
    proof = b64encode(f"{persona.id}:{persona.secret}".encode()).decode()
    form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    answer = await outbound.send(
        "POST",
        "/oauth/token",
        operation="oauth.token",
        writes=False,
        data=form,
        headers={"authorization": f"Basic {proof}"},
    )
    if answer.status in (404, 405):
        raise Complaint(Exit.REFUSED, _NO_ISSUER.format(url=url))
    try:
        reply: dict[str, Any] = msgspec.json.decode(answer.body)
    except msgspec.DecodeError as error:
        raise Complaint(Exit.PROBLEM, f"{url} does not answer as Ledgerway does ({answer.status}).") from error
    if answer.status != 200:
        told = reply.get("error_description") or reply.get("detail") or f"The answer was {answer.status}."
        raise Complaint(Exit.REFUSED, str(told))
    return reply
