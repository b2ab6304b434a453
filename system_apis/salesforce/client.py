"""The queries and writes Sales Cloud is asked for; rows come back as wire structs."""

from datetime import datetime

from system_apis.platforms.salesforce.client import OrgClient, record
from system_apis.platforms.salesforce.cursors import Changes, Mark
from system_apis.platforms.salesforce.statements import Is, Select
from system_apis.salesforce import wire

OPPORTUNITY, ACCOUNT = "Opportunity", "Account"


class CrmClient:
    """Opportunities and accounts of one org."""

    def __init__(self, org: OrgClient) -> None:
        self._org = org

    async def opportunity(self, record_id: str) -> wire.Opportunity:
        """One opportunity in any stage. Raises NotFound."""
        return await self._org.one(Select(source=OPPORTUNITY, kind=wire.Opportunity, where=Is("Id", "=", record_id)))

    async def won_opportunities(
        self, since: datetime | None, mark: Mark | None, limit: int
    ) -> Changes[wire.Opportunity]:
        """Won opportunities, oldest change first."""
        query = Select(source=OPPORTUNITY, kind=wire.Opportunity, where=Is("IsWon", "=", True))
        return await self._org.changes(query, since, mark, limit)

    async def account(self, record_id: str) -> wire.Account:
        """One account with its contacts. Raises NotFound."""
        return await self._org.one(Select(source=ACCOUNT, kind=wire.Account, where=Is("Id", "=", record_id)))

    async def annotate(self, record_id: str, annotation: wire.Annotation) -> None:
        """Set what Ledgerway writes back. Raises NotFound."""
        await self._org.update(OPPORTUNITY, record_id, record(annotation))
