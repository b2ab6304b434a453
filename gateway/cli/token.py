"""`ledgerway token`: an access token of the development issuer."""

from typing import Annotated

from cyclopts import Parameter

from gateway.cli.exits import Exit
from gateway.cli.session import Asked


async def token(
    *,
    scope: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    personas: Annotated[bool, Parameter(name="--list")] = False,
    session: Asked,
) -> Exit:
    """Print an access token for a persona, for use with curl. Sandbox mode only.

    Example: `curl -H "Authorization: Bearer $(ledgerway token --as billing-analyst)" http://127.0.0.1:8080/process/v1/bill-groups`

    Parameters
    ----------
    scope
        Only this scope; may be given several times. All the persona holds unless given.
    personas
        List the personas and what each does instead.
    """
    import msgspec

    from gateway.cli.client import address, connected
    from gateway.cli.identity import issued, persona_named

    if personas:
        session.show(*_personas())
        return Exit.DONE
    persona = persona_named(session.persona or "integration-developer")
    async with connected(session) as outbound:
        reply = await issued(outbound, address(session), persona, " ".join(scope))
    session.show(msgspec.json.encode(reply), reply["access_token"])
    return Exit.DONE


def _personas() -> tuple[bytes, str]:
    import msgspec

    from gateway.cli.identity import ALIASES
    from gateway.cli.tables import table
    from gateway.personas import PERSONAS

    short: dict[str, str] = {full: alias for alias, full in ALIASES.items()}
    rows = [(p.id, short.get(p.id, ""), p.title) for p in PERSONAS]
    document = [{"id": name, "short": alias or None, "title": title} for name, alias, title in rows]
    return msgspec.json.encode({"items": document}), table(("PERSONA", "SHORT", "WHAT IT DOES"), rows)
