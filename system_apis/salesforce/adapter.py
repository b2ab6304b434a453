"""Salesforce Sales Cloud as the CRM."""

from datetime import datetime

from contracts.call import Call
from contracts.canon.deal import Deal, DealAnnotation, DealPage
from contracts.canon.party import Account
from contracts.periods import Clock
from runtime.connections import Connection
from runtime.http.outbound import TransportFactory, direct_transport
from system_apis.platforms.salesforce.cursors import mark_of
from system_apis.platforms.salesforce.references import own_id
from system_apis.platforms.salesforce.session import open_org
from system_apis.salesforce import mapping
from system_apis.salesforce.client import CrmClient

_DEALS = "deals"


class CrmAdapter:
    """Deals are Opportunities, accounts are Accounts with their Contacts."""

    def __init__(self, client: CrmClient, instance: str) -> None:
        self._client, self._instance = client, instance

    async def get_deal(self, call: Call, deal_ref: str) -> Deal:
        row = await self._client.opportunity(own_id(deal_ref, self._instance, "deal"))
        return mapping.deal_from_wire(row, self._instance)

    async def list_won_deals(
        self, call: Call, changed_since: datetime | None = None, cursor: str | None = None, limit: int = 50
    ) -> DealPage:
        found = await self._client.won_opportunities(changed_since, mark_of(cursor, _DEALS), limit)
        items = tuple(mapping.deal_from_wire(row, self._instance) for row in found.rows)
        return DealPage(items=items, next_cursor=found.cursor(_DEALS), as_of=found.read_at)

    async def get_account(self, call: Call, account_ref: str) -> Account:
        row = await self._client.account(own_id(account_ref, self._instance, "account"))
        return mapping.account_from_wire(row, self._instance)

    async def annotate_deal(self, call: Call, deal_ref: str, body: DealAnnotation) -> Deal:
        record_id = own_id(deal_ref, self._instance, "deal")
        await self._client.annotate(record_id, mapping.annotation_from_canon(body))
        return mapping.deal_from_wire(await self._client.opportunity(record_id), self._instance)


def connect(
    connection: Connection, transport: TransportFactory = direct_transport, clock: Clock | None = None
) -> dict[str, object]:
    """The adapters of one connection by port, sharing one client."""
    client = CrmClient(open_org(connection, transport, clock))
    return {"crm": CrmAdapter(client, connection.instance)}
