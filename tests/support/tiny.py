"""A contract of the test suite's own, so that the gateway is tested without any layer: notes that can be read and written."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Protocol

from msgspec import Meta, Struct

from contracts.call import Call
from contracts.canon.ref import Code, Cursor, Limit, Page
from contracts.money import Exact
from contracts.operation import operation
from contracts.problems import Conflict, NotFound, OutcomeUnknown, RuleViolated, VendorUnavailable
from runtime.data.database import Database
from runtime.work.unit import unit_of_work


class NewNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note to write."""

    text: Annotated[str, Meta(min_length=1, max_length=20)]
    amount: Exact | None = None
    tags: tuple[Code, ...] = ()


class Note(Struct, frozen=True, kw_only=True):
    """A note."""

    id: str
    text: str
    amount: Exact | None = None
    written_at: datetime
    version: int = 1


class NotePage(Page[Note], frozen=True, kw_only=True):
    """A page of notes."""


class NoteRun(Struct, frozen=True, kw_only=True):
    """Work on notes."""

    id: str
    status: Literal["running", "completed"]
    version: int = 1


class Notes(Protocol):
    """Notes."""

    @operation("GET", "/notes", scope="notes:read")
    async def list_notes(
        self,
        call: Call,
        since: datetime | None = None,
        kind: Literal["short", "long"] | None = None,
        exact: bool = False,
        cursor: Cursor | None = None,
        limit: Limit = 50,
    ) -> NotePage:
        """List notes."""
        ...

    @operation("GET", "/notes/{note_id}", scope="notes:read", problems=(NotFound,))
    async def get_note(self, call: Call, note_id: Code) -> Note:
        """Read a note."""
        ...

    @operation("POST", "/notes", scope="notes:write", status=201, problems=(Conflict, RuleViolated))
    async def write_note(self, call: Call, body: NewNote) -> Note:
        """Write a note."""
        ...

    @operation("POST", "/notes/search", scope="notes:read", effects=False)
    async def find_notes(self, call: Call, body: NewNote) -> NotePage:
        """Find notes like this one."""
        ...

    @operation("PUT", "/notes/{note_id}", scope="notes:write", problems=(NotFound,))
    async def replace_note(self, call: Call, note_id: Code, body: NewNote) -> Note:
        """Replace a note."""
        ...

    @operation("POST", "/notes/{note_id}/sending", scope="notes:send", problems=(VendorUnavailable, OutcomeUnknown))
    async def send_note(self, call: Call, note_id: Code) -> Note:
        """Send a note."""
        ...

    @operation("POST", "/notes/runs", scope="notes:write", status=202)
    async def start(self, call: Call, body: NewNote) -> NoteRun:
        """Work on notes."""
        ...

    @operation("GET", "/runs/{run_id}", scope="notes:read", problems=(NotFound,))
    async def get_run(self, call: Call, run_id: Code) -> NoteRun:
        """Read a run."""
        ...


NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CREATE = "create table if not exists note (tenant text, id text, text text, primary key (tenant, id))"


class Desk:
    """Notes in a table. `fail_with` is raised after the row was written; `hold` lets a test keep an operation open."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.calls: list[tuple[str, Call, dict[str, Any]]] = []
        self.fail_with: Exception | None = None
        self.hold: asyncio.Event | None = None
        self.entered = asyncio.Event()
        self.looks = 0

    def _note(self, note_id: str, body: NewNote | None = None, version: int = 1) -> Note:
        text, amount = ("hello", None) if body is None else (body.text, body.amount)
        return Note(id=note_id, text=text, amount=amount, written_at=NOW, version=version)

    async def _pause(self) -> None:
        self.entered.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.fail_with is not None:
            raise self.fail_with

    async def list_notes(self, call: Call, **given: Any) -> NotePage:
        self.calls.append(("list_notes", call, given))
        return NotePage(items=(self._note("n1"),), next_cursor=None if given.get("cursor") else "abc", as_of=NOW)

    async def get_note(self, call: Call, note_id: str) -> Note:
        self.calls.append(("get_note", call, {"note_id": note_id}))
        if note_id == "none":
            raise NotFound("There is no note none.")
        return self._note(note_id, version=17)

    async def write_note(self, call: Call, body: NewNote) -> Note:
        self.calls.append(("write_note", call, {"body": body}))
        note_id = f"n{len(self.calls)}"
        async with unit_of_work(self.database) as connection:
            await connection.execute("insert into note values ($1, $2, $3)", call.tenant, note_id, body.text)
        await self._pause()
        return self._note(note_id, body)

    async def find_notes(self, call: Call, body: NewNote) -> NotePage:
        return NotePage(items=())

    async def replace_note(self, call: Call, note_id: str, body: NewNote) -> Note:
        self.calls.append(("replace_note", call, {"note_id": note_id, "body": body}))
        if note_id == "none":
            raise NotFound("There is no note none.")
        return self._note(note_id, body, version=max(call.expected_versions or (0,)) + 1)

    async def send_note(self, call: Call, note_id: str) -> Note:
        self.calls.append(("send_note", call, {"note_id": note_id}))
        await self._pause()
        return self._note(note_id)

    async def start(self, call: Call, body: NewNote) -> NoteRun:
        return NoteRun(id="run_1", status="running")

    async def get_run(self, call: Call, run_id: str) -> NoteRun:
        self.looks += 1
        return NoteRun(id=run_id, status="completed", version=2)
