"""Time recorded by people, in any status."""

from datetime import datetime
from typing import Protocol

from contracts.call import Call
from contracts.canon.ref import Cursor, Limit
from contracts.canon.timesheet import PostedTimes, TimeEntryPage
from contracts.operation import operation
from contracts.problems import OutcomeUnknown, VendorRefused, VendorUnavailable


class Time(Protocol):
    """Time entries."""

    @operation("GET", "/time-entries", scope="time:read", problems=(VendorRefused, VendorUnavailable))
    async def list_time(
        self, call: Call, changed_since: datetime | None = None, cursor: Cursor | None = None, limit: Limit = 200
    ) -> TimeEntryPage:
        """List entries that changed at or after an instant (UTC), oldest change first; ties are broken by the vendor's id."""
        ...

    @operation(
        "POST", "/time-entries/posted", scope="time:write", problems=(VendorRefused, VendorUnavailable, OutcomeUnknown)
    )
    async def mark_posted(self, call: Call, body: PostedTimes) -> PostedTimes:
        """Note on the entries that they reached the ERP. Repeating it changes nothing; answers the entries that carry the mark."""
        ...
