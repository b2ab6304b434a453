"""`ledgerway key`: API keys of this installation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from cyclopts import App

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Asked, Session

if TYPE_CHECKING:
    from gateway.keys import ApiKeys

app = App(name="key")
_LONGEST_OVERLAP_DAYS = 90


@app.command
async def create(client: str, /, *, scope: tuple[str, ...], days: int | None = None, session: Asked) -> Exit:
    """Make a key for a client. It is printed this once; a client may have two, so that one can replace the other.

    Example: `ledgerway key create reporting --scope finance:read --scope billing-queue:read --days 90`

    Parameters
    ----------
    client
        Who will use it.
    scope
        What it may do; may be given several times.
    days
        Days until it ends; no end unless given.
    """
    from contracts.periods import SystemClock

    if days is not None and days < 1:
        raise Complaint(Exit.MISUSE, f"`--days` is {days}; use 1 or more.")
    _check(scope)
    ends = None if days is None else SystemClock().now() + timedelta(days=days)
    async with _keys(session) as keys:
        made, text = await keys.create(session.settings.tenant, client, scope, ends)
    session.show(msgspec.json.encode({**msgspec.to_builtins(made), "key": text}), text)
    session.suggest(f"{made.id} for {client}. This is the only time the key is shown.")
    return Exit.DONE


def _check(scopes: tuple[str, ...]) -> None:
    """Complains about a scope that nothing asks for."""
    from difflib import get_close_matches

    from gateway.apis import described
    from gateway.app import EXTRA_SCOPES

    known = {served.operation.scope for api in described() for served in api.served} | set(EXTRA_SCOPES)
    for scope in scopes:
        if scope not in known:
            near = get_close_matches(scope, known, n=1)
            hint = (
                f"did you mean {near[0]}?"
                if near
                else "`ledgerway catalogue show` tells the scopes of an API's operations."
            )
            raise Complaint(Exit.MISUSE, f"There is no scope {scope}; {hint}")


@app.command
async def rotate(key_id: str, /, *, overlap_days: int = 7, session: Asked) -> Exit:
    """Make a new key with the same client and scopes; the old one lives on until everybody has changed over.

    Example: `ledgerway key rotate key_... --overlap-days 14 > new-key.txt`

    Parameters
    ----------
    key_id
        The key to replace: `ledgerway key list`.
    overlap_days
        Days the old key still works; 0 ends it now.
    """
    from gateway.cli.tables import moment

    if not 0 <= overlap_days <= _LONGEST_OVERLAP_DAYS:
        raise Complaint(Exit.MISUSE, f"`--overlap-days` is {overlap_days}; use 0 to {_LONGEST_OVERLAP_DAYS}.")
    async with _keys(session) as keys:
        old, new, text = await keys.rotate(session.settings.tenant, key_id, timedelta(days=overlap_days))
    session.show(msgspec.json.encode({**msgspec.to_builtins(new), "key": text, "replaces": old}), text)
    session.suggest(f"{new.id} for {new.client}. This is the only time the key is shown.")
    session.suggest(f"{old.id} ends {moment(old.expires_at)}; sooner: ledgerway key revoke {old.id}")
    return Exit.DONE


@app.command(name="list")
async def list_(*, session: Asked) -> Exit:
    """List keys, oldest first; never their text.

    Example: `ledgerway key list`
    """
    from gateway.cli.tables import NOTHING, moment, table

    async with _keys(session, changes=False) as keys:
        found = await keys.list_keys(session.settings.tenant)
    rows = [
        (k.id, k.prefix, k.client, moment(k.expires_at), moment(k.revoked_at), " ".join(k.scopes) or NOTHING)
        for k in found
    ]
    session.show(
        msgspec.json.encode({"items": found}), table(("KEY", "STARTS", "CLIENT", "ENDS", "REVOKED", "SCOPES"), rows)
    )
    return Exit.DONE


@app.command
async def revoke(key_id: str, /, *, session: Asked) -> Exit:
    """End a key now.

    Example: `ledgerway key revoke key_...`

    Parameters
    ----------
    key_id
        The key: `ledgerway key list`.
    """
    from gateway.cli.tables import moment

    async with _keys(session) as keys:
        ended = await keys.revoke(session.settings.tenant, key_id)
    session.show(msgspec.json.encode(ended), f"{ended.id} of {ended.client} ended {moment(ended.revoked_at)}")
    return Exit.DONE


@asynccontextmanager
async def _keys(session: Session, *, changes: bool = True) -> "AsyncIterator[ApiKeys]":
    from contracts.periods import SystemClock
    from gateway.cli.stores import database
    from gateway.keys import ApiKeys, pepper_in

    settings = session.settings
    if changes:
        session.assure(settings.mode, settings.tenant)
    async with database(session) as opened:
        yield ApiKeys(opened, pepper_in(settings.state_dir), settings.mode, SystemClock())
