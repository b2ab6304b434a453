"""Professional-services automation: projects, tasks and milestones."""

from datetime import datetime
from typing import Protocol

from contracts.call import Call
from contracts.canon.project import (
    MilestonePage,
    NewMilestones,
    NewProject,
    Project,
    ProjectPage,
    ProjectStatusChange,
    ProjectTaskPage,
    ProjectTemplatePage,
    Tasks,
)
from contracts.canon.ref import Code, Cursor, Limit, Ref
from contracts.operation import operation
from contracts.problems import Conflict, NotFound, OutcomeUnknown, VendorRefused, VendorUnavailable

_READ = (NotFound, VendorRefused, VendorUnavailable)
_WRITE = (*_READ, Conflict, OutcomeUnknown)


class Psa(Protocol):
    """Projects and their structure."""

    @operation("GET", "/project-templates", scope="psa:read", problems=_READ)
    async def list_templates(self, call: Call, cursor: Cursor | None = None, limit: Limit = 50) -> ProjectTemplatePage:
        """List the templates a project can be made from."""
        ...

    @operation("GET", "/projects/search", scope="psa:read", problems=_READ)
    async def find_projects(self, call: Call, deal_ref: Ref | None = None, key: Code | None = None) -> ProjectPage:
        """Find the projects of a deal, or the one with our key. Empty means not there; several are for the caller to judge."""
        ...

    @operation("POST", "/projects", scope="psa:write", status=201, problems=_WRITE)
    async def create_project(self, call: Call, body: NewProject) -> Project:
        """Create a project from a template. A repeated key answers with the first project."""
        ...

    @operation("POST", "/projects/{project_ref}/status", scope="psa:write", problems=_WRITE)
    async def set_project_status(self, call: Call, project_ref: Ref, body: ProjectStatusChange) -> Project:
        """Set the status; `active` opens the project for booking, `cancelled` needs a project without actuals."""
        ...

    @operation("POST", "/projects/{project_ref}/tasks", scope="psa:write", problems=_WRITE)
    async def put_tasks(self, call: Call, project_ref: Ref, body: Tasks) -> Tasks:
        """Create or update tasks by their codes."""
        ...

    @operation("POST", "/projects/{project_ref}/milestones", scope="psa:write", problems=_WRITE)
    async def put_milestones(self, call: Call, project_ref: Ref, body: NewMilestones) -> MilestonePage:
        """Create or update milestones by their keys."""
        ...

    @operation("GET", "/projects", scope="psa:read", problems=_READ)
    async def list_projects(
        self, call: Call, changed_since: datetime | None = None, cursor: Cursor | None = None, limit: Limit = 50
    ) -> ProjectPage:
        """List projects in any status that changed at or after an instant (UTC), oldest change first."""
        ...

    @operation("GET", "/tasks", scope="psa:read", problems=_READ)
    async def list_tasks(
        self, call: Call, changed_since: datetime | None = None, cursor: Cursor | None = None, limit: Limit = 50
    ) -> ProjectTaskPage:
        """List tasks, open and closed, that changed at or after an instant (UTC), oldest change first."""
        ...

    @operation("GET", "/milestones", scope="psa:read", problems=_READ)
    async def list_milestones(
        self, call: Call, changed_since: datetime | None = None, cursor: Cursor | None = None, limit: Limit = 50
    ) -> MilestonePage:
        """List milestones in any state that changed at or after an instant (UTC), oldest change first."""
        ...
