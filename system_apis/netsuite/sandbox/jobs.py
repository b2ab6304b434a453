"""Asynchronous execution: accepted requests become jobs with one task per record, run when they are due, asked for by polling."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from runtime.http.simulate import Request, Response, Row
from system_apis.netsuite.sandbox.account import Account, stamp
from system_apis.netsuite.sandbox.errors import Refused, missing

JOBS = "/services/rest/async/v1/job"
MOST_RECORDS = 100
_COLLECTION = "application/vnd.oracle.resource+json; type=collection"

Outcome = dict[str, Any]
Run = Callable[[Row], Outcome]


class Jobs:
    """Jobs of the account. `run` performs one stored task and answers {"status", "location"?, "body"?}; it never raises."""

    def __init__(self, account: Account, run: Run) -> None:
        self._account, self._run = account, run

    def accept(self, request: Request, tasks: Sequence[Row], delay: timedelta) -> Response:
        """202 with the job's address, or the conflict of an idempotency key seen before."""
        key = request.header("x-netsuite-idempotency-key")
        if key and (earlier := self._account.store.get("_job_keys", key)):
            raise self._conflict(request, earlier["job"])
        job_id = str(self._account.store.next("job-number"))
        due = stamp(self._account.now + delay)
        job: Row = {
            "id": job_id,
            "due": due,
            "size": len(tasks),
            "tasks": list(tasks),
            "outcomes": None,
            "accepted": stamp(self._account.now),
        }
        with self._account.store.transaction() as change:
            change.put("_jobs", job_id, job)
            change.put("_jobs_due", job_id, {"due": due})
            if key:
                change.put("_job_keys", key, {"job": job_id})
        location = ("Location", f"{request.base_url}{JOBS}/{job_id}")
        return Response(202, b"", (("Preference-Applied", "respond-async"), location))

    def _conflict(self, request: Request, job_id: str) -> Refused:
        return Refused(
            400,
            "IDEMPOTENCY_ERROR",
            "A request with this idempotency key was already accepted.",
            where="X-NetSuite-Idempotency-Key",
            locator="o:errorHeader",
            title="Conflict",
            headers={"Location": f"{request.base_url}{JOBS}/{job_id}"},
        )

    def run_due(self) -> None:
        """Perform what is due; each task alone, so that one failure leaves the others standing."""
        store, now = self._account.store, stamp(self._account.now)
        for job_id in [key for key, row in store.rows("_jobs_due").items() if row["due"] <= now]:
            job = store.rows("_jobs")[job_id]
            outcomes = [self._run(task) for task in job["tasks"]]
            with store.transaction() as change:
                change.put("_jobs", job_id, {**job, "tasks": [], "outcomes": outcomes, "ended": now})
                change.delete("_jobs_due", job_id)

    def status(self, request: Request) -> Response:
        """The job: completed or pending, and where its tasks are."""
        job = self._job(request)
        here = f"{request.base_url}{JOBS}/{job['id']}"
        task = {"links": [{"rel": "self", "href": f"{here}/task"}]}
        done = job["outcomes"] is not None
        body = {"links": [{"rel": "self", "href": here}], "id": job["id"], "completed": done}
        return Response.of(200, {**body, "progress": "succeeded" if done else "pending", "task": task})

    def tasks(self, request: Request) -> Response:
        """The job's tasks, one per record in the order they were sent."""
        job = self._job(request)
        here = f"{request.base_url}{JOBS}/{job['id']}/task"
        items = [{"id": str(n), "links": [{"rel": "self", "href": f"{here}/{n}"}]} for n in range(1, job["size"] + 1)]
        body = {"links": [{"rel": "self", "href": here}], "items": items, "count": len(items)}
        return Response.of(200, {**body, "hasMore": False, "offset": 0, "totalResults": len(items)})

    def task(self, request: Request) -> Response:
        """One task and how it went."""
        job, number = self._task(request)
        here = f"{request.base_url}{JOBS}/{job['id']}/task/{number}"
        links = [{"rel": "self", "href": here}]
        body: dict[str, Any] = {"links": links, "id": str(number), "completed": job["outcomes"] is not None}
        if job["outcomes"] is None:
            return Response.of(200, {**body, "progress": "pending"})
        failed = job["outcomes"][number - 1]["status"] >= 400
        links.append({"rel": "related", "href": f"{here}/result"})
        times = {"startTime": job["due"], "endTime": job["ended"]}
        return Response.of(200, {**body, "progress": "failed" if failed else "succeeded", **times})

    def result(self, request: Request) -> Response:
        """What the synchronous call would have answered."""
        job, number = self._task(request)
        if job["outcomes"] is None:
            raise missing()
        outcome = job["outcomes"][number - 1]
        if "body" in outcome:
            return Response.of(outcome["status"], outcome["body"], media="application/vnd.oracle.resource+json")
        return Response(outcome["status"], b"", (("Location", f"{request.base_url}{outcome['location']}"),))

    def _job(self, request: Request) -> Row:
        self.run_due()
        job = self._account.store.get("_jobs", request.params["job"])
        if job is None:
            raise missing()
        return job

    def _task(self, request: Request) -> tuple[Row, int]:
        job, text = self._job(request), request.params["task"]
        if not (text.isdigit() and 1 <= int(text) <= job["size"]):
            raise missing()
        return job, int(text)


def batch_items(request: Request) -> list[Any] | None:
    """The records of a batch call, or None for a call about one record. Raises the vendor's 400 for a malformed batch."""
    media = (request.header("content-type") or "").replace(" ", "").lower()
    if media != _COLLECTION.replace(" ", ""):
        return None
    body = request.json()
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items:
        raise Refused(
            400, "INVALID_CONTENT", "A batch needs a non-empty 'items' array.", where="items", locator="o:errorPath"
        )
    if len(items) > MOST_RECORDS:
        raise Refused(400, "INVALID_REQUEST", f"A batch takes at most {MOST_RECORDS} records.")
    return items
