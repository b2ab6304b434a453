"""Resource planning: demand and bookings."""

from datetime import datetime
from typing import Protocol

from contracts.call import Call
from contracts.canon.project import Assignment, AssignmentPage, Demand, DemandPage, NewAssignment, NewDemand
from contracts.canon.ref import Code, Cursor, Limit, Ref
from contracts.operation import operation
from contracts.problems import Conflict, NotFound, OutcomeUnknown, VendorRefused, VendorUnavailable

_READ = (NotFound, VendorRefused, VendorUnavailable)
_WRITE = (*_READ, Conflict, OutcomeUnknown)


class Planning(Protocol):
    """Demands and assignments."""

    @operation("GET", "/demands/search", scope="planning:read", problems=_READ)
    async def find_demands(self, call: Call, project_ref: Ref | None = None, key: Code | None = None) -> DemandPage:
        """Find the demands of a project, or the one with our key."""
        ...

    @operation("POST", "/demands", scope="planning:write", status=201, problems=_WRITE)
    async def put_demand(self, call: Call, body: NewDemand) -> Demand:
        """Publish a demand, or update the one with the same key."""
        ...

    @operation("POST", "/demands/{demand_ref}/cancellation", scope="planning:write", problems=_WRITE)
    async def cancel_demand(self, call: Call, demand_ref: Ref) -> Demand:
        """Cancel a demand; a cancelled one stays so."""
        ...

    @operation("POST", "/assignments", scope="planning:write", status=201, problems=_WRITE)
    async def put_assignment(self, call: Call, body: NewAssignment) -> Assignment:
        """Book a person, or update the booking with the same key."""
        ...

    @operation("GET", "/assignments", scope="planning:read", problems=_READ)
    async def list_assignments(
        self, call: Call, changed_since: datetime | None = None, cursor: Cursor | None = None, limit: Limit = 50
    ) -> AssignmentPage:
        """List assignments that changed at or after an instant (UTC), oldest change first."""
        ...
