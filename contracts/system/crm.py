"""Customer relationship management: sold deals and who bought them."""

from datetime import datetime
from typing import Protocol

from contracts.call import Call
from contracts.canon.deal import Deal, DealAnnotation, DealPage
from contracts.canon.party import Account
from contracts.canon.ref import Cursor, Limit, Ref
from contracts.operation import operation
from contracts.problems import NotFound, VendorRefused, VendorUnavailable

_READ = (NotFound, VendorRefused, VendorUnavailable)


class Crm(Protocol):
    """Deals and accounts."""

    @operation("GET", "/deals/{deal_ref}", scope="crm:read", problems=_READ)
    async def get_deal(self, call: Call, deal_ref: Ref) -> Deal:
        """Read a deal with its roles profile and milestones."""
        ...

    @operation("GET", "/deals", scope="crm:read", problems=_READ)
    async def list_won_deals(
        self, call: Call, changed_since: datetime | None = None, cursor: Cursor | None = None, limit: Limit = 50
    ) -> DealPage:
        """List won deals that changed at or after an instant (UTC), oldest change first."""
        ...

    @operation("GET", "/accounts/{account_ref}", scope="crm:read", problems=_READ)
    async def get_account(self, call: Call, account_ref: Ref) -> Account:
        """Read an account with its contacts."""
        ...

    @operation("POST", "/deals/{deal_ref}/annotation", scope="crm:write", problems=_READ)
    async def annotate_deal(self, call: Call, deal_ref: Ref, body: DealAnnotation) -> Deal:
        """Write back which project the deal became. Repeating it changes nothing."""
        ...
