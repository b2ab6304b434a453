"""Many records at once: asynchronous batch jobs, then one by one for what a job did not write, an outcome per record.

What a job wrote is read back by external id, not from its task results: the vendor documents no order of tasks. A record that
is not there (refused, or not searchable yet) is written alone: that either converges on the record or says why not.
"""

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from contracts.problems import OutcomeUnknown, VendorRefused
from runtime.http.outbound import Answer
from system_apis.netsuite import queries
from system_apis.netsuite.client import RECORDS, NetSuiteClient, accepted, decoded, errors_of, located
from system_apis.netsuite.rows import IdRow
from system_apis.netsuite.wire import AsyncJob, TimeBill

JOBS = "/services/rest/async/v1/job"
MOST_RECORDS = 100
_COLLECTION = "application/vnd.oracle.resource+json; type=collection"
_SPACE = uuid.UUID("5e2f6a0c-51f4-4d0b-9a53-0a6f6f3d2b11")
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 5.0
_ALONE_AT_ONCE = 4


class Written(Struct, frozen=True):
    """One record: its internal id, or the vendor's refusal."""

    id: str | None = None
    refusal: VendorRefused | None = None


class Batches:
    """Bulk upserts of one account."""

    def __init__(self, client: NetSuiteClient) -> None:
        self._client = client

    async def upsert(self, record: str, bodies: Sequence[TimeBill], step: str) -> dict[str, Written]:
        """Upsert records under their external ids. `step` names the attempt, so that a repeat finds the same job."""
        written: dict[str, Written] = {}
        if self._client.setup.batch and len(bodies) > 1:
            for start in range(0, len(bodies), MOST_RECORDS):
                written |= await self._job(record, bodies[start : start + MOST_RECORDS], step)
        left = [body for body in bodies if body.externalId not in written]
        for start in range(0, len(left), _ALONE_AT_ONCE):
            written |= await self._alone(record, left[start : start + _ALONE_AT_ONCE])
        return written

    async def _job(self, record: str, bodies: Sequence[TimeBill], step: str) -> Mapping[str, Written]:
        keys = [body.externalId for body in bodies]
        await self._wait(await self._submit(record, bodies, step))
        rows = await self._client.select(queries.ids(record.lower(), keys), IdRow)
        return {row.externalid: Written(row.id) for row in rows.items if row.externalid is not None}

    async def _submit(self, record: str, bodies: Sequence[TimeBill], step: str) -> str:
        """The job's id. After a lost answer the same key is sent again: the vendor then names the first job."""
        content = self._client.encoded({"items": bodies})
        key = uuid.uuid5(_SPACE, "\n".join([step, *(body.externalId for body in bodies)]))
        try:
            answer = await self._post(record, content, str(key))
        except OutcomeUnknown:
            answer = await self._post(record, content, str(key))
        if any(error.code == "IDEMPOTENCY_ERROR" for error in errors_of(answer)) and answer.headers.get("location"):
            return located(answer, f"batch {record}")
        return located(accepted(answer, f"batch {record}"), f"batch {record}")

    async def _post(self, record: str, content: bytes, key: str) -> Answer:
        headers = {"prefer": "respond-async", "content-type": _COLLECTION, "x-netsuite-idempotency-key": key}
        path = f"{RECORDS}/{record}"
        return await self._client.outbound.send(
            "PUT", path, operation=f"batch {record}", content=content, headers=headers
        )

    async def _wait(self, job_id: str) -> None:
        ends, wait = time.monotonic() + self._client.setup.job_wait_s, _FIRST_WAIT_S
        while not await self._completed(job_id):
            if time.monotonic() >= ends:
                detail = f"NetSuite's job {job_id} is still running; it is looked for again later."
                raise OutcomeUnknown(detail, vendor="netsuite", operation="batch")
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT_S)

    async def _completed(self, job_id: str) -> bool:
        answer = await self._client.outbound.send("GET", f"{JOBS}/{job_id}", operation="batch")
        return msgspec.convert(decoded(accepted(answer, "batch"), "batch"), AsyncJob).completed

    async def _alone(self, record: str, bodies: Sequence[TimeBill]) -> dict[str, Written]:
        found = await asyncio.gather(*(self._one(record, body) for body in bodies), return_exceptions=True)
        for result in found:
            if isinstance(result, BaseException):
                raise result
        return {b.externalId: w for b, w in zip(bodies, found, strict=True) if isinstance(w, Written)}

    async def _one(self, record: str, body: TimeBill) -> Written:
        try:
            return Written(await self._client.upsert(record, body.externalId, body))
        except VendorRefused as refusal:
            return Written(refusal=refusal)
