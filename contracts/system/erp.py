"""Enterprise resource planning: entities, periods, project shells, postings, journals."""

from datetime import date
from typing import Protocol

from contracts.call import Call
from contracts.canon.ledger import (
    BalancePage,
    DimensionPage,
    FiscalPeriodPage,
    FxQuotePage,
    Journal,
    LegalEntityPage,
    LineOutcomes,
    NewJournal,
    NewProjectShell,
    PostingKeys,
    PostingLines,
    PostingPage,
    ProjectShell,
    ProjectShellPage,
    Reversals,
    TaxCodePage,
)
from contracts.canon.ref import Code, Cursor, Limit, Ref
from contracts.operation import operation
from contracts.problems import NotFound, OutcomeUnknown, VendorRefused, VendorUnavailable

_READ = (NotFound, VendorRefused, VendorUnavailable)
_WRITE = (*_READ, OutcomeUnknown)


class Erp(Protocol):
    """The ledger's side of delivery. The fiscal truth stays with the ERP."""

    @operation("GET", "/entities", scope="erp:read", problems=_READ)
    async def list_entities(self, call: Call, cursor: Cursor | None = None, limit: Limit = 50) -> LegalEntityPage:
        """List legal entities."""
        ...

    @operation("GET", "/project-shells/search", scope="erp:read", problems=_READ)
    async def find_project_shells(self, call: Call, key: Code) -> ProjectShellPage:
        """Find the shell with our key. Empty means not there."""
        ...

    @operation("POST", "/project-shells", scope="erp:write", status=201, problems=_WRITE)
    async def put_project_shell(self, call: Call, body: NewProjectShell) -> ProjectShell:
        """Create a shell, or update the one with the same key."""
        ...

    @operation("POST", "/project-shells/{shell_ref}/deactivation", scope="erp:write", problems=_WRITE)
    async def deactivate_project_shell(self, call: Call, shell_ref: Ref) -> ProjectShell:
        """Make a shell inactive; an inactive one stays so."""
        ...

    @operation("POST", "/postings/search", scope="erp:read", effects=False, problems=_READ)
    async def find_postings(self, call: Call, body: PostingKeys) -> PostingPage:
        """Find which of these keys were posted (WF-3)."""
        ...

    @operation("POST", "/postings", scope="erp:write", problems=_WRITE)
    async def post_lines(self, call: Call, body: PostingLines) -> LineOutcomes:
        """Post cost and unbilled lines in bulk, an outcome per line. A line whose key is there already is not posted again."""
        ...

    @operation("POST", "/postings/reversals", scope="erp:write", problems=_WRITE)
    async def reverse_lines(self, call: Call, body: Reversals) -> LineOutcomes:
        """Reverse posted lines exactly (DEC-6), an outcome per line."""
        ...

    @operation("POST", "/journals", scope="erp:write", status=201, problems=_WRITE)
    async def post_journal(self, call: Call, body: NewJournal) -> Journal:
        """Post a journal, all or nothing. A repeated key answers with the first one."""
        ...

    @operation("GET", "/periods", scope="erp:read", problems=_READ)
    async def list_periods(
        self, call: Call, entity_code: Code | None = None, cursor: Cursor | None = None, limit: Limit = 200
    ) -> FiscalPeriodPage:
        """List accounting periods, oldest first."""
        ...

    @operation("GET", "/dimensions", scope="erp:read", problems=_READ)
    async def list_dimensions(self, call: Call, cursor: Cursor | None = None, limit: Limit = 200) -> DimensionPage:
        """List the values of financial dimensions."""
        ...

    @operation("GET", "/tax-codes", scope="erp:read", problems=_READ)
    async def list_tax_codes(self, call: Call, cursor: Cursor | None = None, limit: Limit = 200) -> TaxCodePage:
        """List tax codes with their rates."""
        ...

    @operation("GET", "/fx-quotes", scope="erp:read", problems=_READ)
    async def list_fx_quotes(
        self, call: Call, since: date | None = None, cursor: Cursor | None = None, limit: Limit = 200
    ) -> FxQuotePage:
        """List daily exchange rates on or after a day, oldest first."""
        ...

    @operation("GET", "/balances", scope="erp:read", problems=_READ)
    async def list_balances(self, call: Call, entity_code: Code | None = None) -> BalancePage:
        """Read open receivables and unbilled postings per entity and currency."""
        ...
