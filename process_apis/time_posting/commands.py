"""What people do with transactions of time: look, hold, release."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from contracts.call import Call
from contracts.process.orders import TransactionSort
from contracts.process.time_posting import Hold, Transaction, TransactionKind, TransactionPage, TransactionState
from process_apis.registers import transactions
from process_apis.registers.unit import Unit
from process_apis.time_posting import giving_up, headroom
from process_apis.time_posting.keys import posting_key
from runtime.data.listing import Wanted
from runtime.services import Services
from runtime.work.unit import unit_of_work


class TransactionCommands:
    """Implements contracts.process.time_posting.TimePosting."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @asynccontextmanager
    async def _unit(self, call: Call) -> AsyncIterator[Unit]:
        async with unit_of_work(self._services.database) as connection:
            yield Unit(connection, call, self._services.clock.now())

    async def list_transactions(
        self,
        call: Call,
        state: TransactionState | None = None,
        project_id: str | None = None,
        contract_id: str | None = None,
        source_ref: str | None = None,
        bill_group_id: str | None = None,
        kind: TransactionKind | None = None,
        invoice_id: str | None = None,
        changed_since: datetime | None = None,
        sort: TransactionSort = "id",
        cursor: str | None = None,
        limit: int = 50,
    ) -> TransactionPage:
        filters = {
            "state": state,
            "project_id": project_id,
            "contract_id": contract_id,
            "source_ref": source_ref,
            "bill_group_id": bill_group_id,
            "kind": kind,
            "invoice_id": invoice_id,
            "changed_since": changed_since,
        }
        async with self._unit(call) as unit:
            return await transactions.page(unit, Wanted(filters=filters, sort=sort, cursor=cursor, limit=limit))

    async def get_transaction(self, call: Call, transaction_id: str) -> Transaction:
        async with self._unit(call) as unit:
            return await transactions.get(unit, transaction_id)

    async def hold_transaction(self, call: Call, transaction_id: str, body: Hold) -> Transaction:
        async with self._unit(call) as unit:
            found = await transactions.get(unit, transaction_id)
            return await transactions.change(unit, found, "hold", reason=body.reason)

    async def request_write_off(self, call: Call, transaction_id: str, body: Hold) -> Transaction:
        async with self._unit(call) as unit:
            return await giving_up.request(unit, await transactions.get(unit, transaction_id), body.reason)

    async def write_off(self, call: Call, transaction_id: str, body: Hold) -> Transaction:
        async with self._unit(call) as unit:
            found = await transactions.get(unit, transaction_id)
            return await giving_up.write_off(self._services.database, unit, found, body.reason)

    async def decline_write_off(self, call: Call, transaction_id: str, body: Hold) -> Transaction:
        async with self._unit(call) as unit:
            return await giving_up.decline(unit, await transactions.get(unit, transaction_id), body.reason)

    async def release_transaction(self, call: Call, transaction_id: str, body: Hold) -> Transaction:
        async with self._unit(call) as unit:
            found = await transactions.get(unit, transaction_id)
            if found.part == "overage" and found.state == "held":
                return await headroom.release(unit, found, body.reason)
            released = await transactions.change(unit, found, "release", reason=body.reason)
            if released.erp_ref is None:
                return released
            # The ERP took it while it was held: there is nothing left to post.
            values = {"posting_key": posting_key(released), "queued_at": unit.now}
            return await transactions.change(unit.unconditional(), released, "post", values=values)
