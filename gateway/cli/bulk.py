"""Doing the same to several transactions: each has its own outcome, and one that fails stops no other."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from contracts.call import Call
from contracts.process.time_posting import Hold, Transaction
from gateway.cli.client import Answered, Client
from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Session
from gateway.cli.tables import NOTHING, money, table

How = Callable[[Any, Call, str, Hold], Awaitable[Transaction]]
_HEADS = ("TRANSACTION", "STATE", "AMOUNT", "DETAIL")


async def each(session: Session, how: How, transaction_ids: Sequence[str], reason: str) -> Exit:
    """8 when some failed; when all failed, the code of the first failure."""
    done: list[Answered[Transaction] | Complaint] = []
    async with session.product("billing-analyst") as api:
        for transaction_id in dict.fromkeys(transaction_ids):
            done.append(await _one(api, how, transaction_id, reason))
    failed = [one for one in done if isinstance(one, Complaint)]
    if len(done) == 1 and failed:
        raise failed[0]
    items = [msgspec.json.encode({"problem": o.problem}) if isinstance(o, Complaint) else o.raw for o in done]
    rows = [_row(one, name) for one, name in zip(done, dict.fromkeys(transaction_ids), strict=True)]
    session.show(
        msgspec.json.encode({"items": [msgspec.Raw(item) for item in items]}), table(_HEADS, rows, right="AMOUNT")
    )
    if not failed:
        return Exit.DONE
    return Exit.PARTLY if len(failed) < len(done) else failed[0].exit_code


async def _one(api: Client, how: How, transaction_id: str, reason: str) -> Answered[Transaction] | Complaint:
    try:
        return await api.call(how, transaction_id, Hold(reason=reason))
    except Complaint as complaint:
        if complaint.exit_code == Exit.REFUSED:
            raise
        return complaint


def _row(outcome: Answered[Transaction] | Complaint, name: str) -> tuple[str, str, str, str]:
    if isinstance(outcome, Complaint):
        return name, NOTHING, NOTHING, outcome.detail
    found = outcome.value
    return found.id, found.state, money(found.amount, found.currency), NOTHING
