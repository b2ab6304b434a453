"""NetSuite as the ERP and the billing system: client call and mapping."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from contracts.call import Call
from contracts.canon.billing import (
    CreditNote,
    Invoice,
    InvoiceDraft,
    InvoicePage,
    NewCreditNote,
    OpenItemPage,
    ReceiptPage,
    SendRequest,
)
from contracts.canon.ledger import (
    BalancePage,
    DimensionPage,
    FiscalPeriodPage,
    FxQuotePage,
    Journal,
    LegalEntityPage,
    LineOutcome,
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
from contracts.canon.party import BillingCustomer, BillingCustomerPage, NewBillingCustomer
from contracts.periods import Clock, SystemClock
from contracts.problems import VendorCredentials
from runtime import catalogue
from runtime.connections import Connection
from runtime.http.credentials import CLIENT_ASSERTION, Grant, OAuthToken, read_secret
from runtime.http.outbound import Outbound, TransportFactory, VendorBudget, direct_transport
from system_apis.netsuite import mapping, postings, queries, rows, sales, wire
from system_apis.netsuite.batch import Batches
from system_apis.netsuite.client import NetSuiteClient, Setup

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - an address
_LARGEST_PAGE = 200
_MOST_CUSTOMERS = 50
_OVERLAP = timedelta(hours=12)


class ErpAdapter:
    """Entities are subsidiaries, shells are jobs, posted lines are time records under the step's key."""

    def __init__(self, client: NetSuiteClient, instance: str, clock: Clock) -> None:
        self._client, self._instance, self._clock = client, instance, clock
        self._batches = Batches(client)

    async def list_entities(self, call: Call, cursor: str | None = None, limit: int = 50) -> LegalEntityPage:
        found = await self._client.select(queries.subsidiaries(cursor), rows.SubsidiaryRow, _size(limit))
        items = tuple(mapping.entity_from_wire(row, self._instance) for row in found.items)
        next_cursor = found.items[-1].id if found.more else None
        return LegalEntityPage(items=items, next_cursor=next_cursor, as_of=self._clock.now())

    async def find_project_shells(self, call: Call, key: str) -> ProjectShellPage:
        row = await self._client.find("job", key, wire.Job)
        items = (mapping.shell_from_wire(row, self._instance),) if row else ()
        return ProjectShellPage(items=items, as_of=self._clock.now())

    async def put_project_shell(self, call: Call, body: NewProjectShell) -> ProjectShell:
        record_id = await self._client.put("job", body.key, mapping.shell_from_canon(body, self._instance))
        return await self._shell(record_id)

    async def deactivate_project_shell(self, call: Call, shell_ref: str) -> ProjectShell:
        record_id = mapping.own_id(shell_ref, self._instance, "job")
        await self._client.update("job", record_id, {"isInactive": True})
        return await self._shell(record_id)

    async def _shell(self, record_id: str) -> ProjectShell:
        return mapping.shell_from_wire(await self._client.read("job", record_id, wire.Job), self._instance)

    async def _postings(self, keys: Sequence[str]) -> dict[str, rows.PostingRow]:
        found = await self._client.select(queries.postings(keys), rows.PostingRow) if keys else None
        return {row.externalid: row for row in found.items} if found else {}

    async def find_postings(self, call: Call, body: PostingKeys) -> PostingPage:
        found = await self._postings(postings.bounded(body.keys))
        items = tuple(postings.posting_from_wire(row, self._instance) for row in found.values())
        return PostingPage(items=items, as_of=self._clock.now())

    async def post_lines(self, call: Call, body: PostingLines) -> LineOutcomes:
        posted = await self._postings([line.key for line in postings.bounded(body.items)])
        outcomes = self._there(posted)
        for line in body.items:
            if line.key not in outcomes and (refused := postings.unpostable_outcome(line, self._instance)):
                outcomes[line.key] = refused
        item = self._client.setup.item
        left = [line for line in body.items if line.key not in outcomes]
        outcomes |= await self._post(call, [postings.time_bill_from_canon(line, self._instance, item) for line in left])
        return LineOutcomes(items=tuple(outcomes[line.key] for line in body.items))

    async def reverse_lines(self, call: Call, body: Reversals) -> LineOutcomes:
        known = await self._postings(
            [key for one in postings.bounded(body.items) for key in (one.key, one.original_key)]
        )
        outcomes = self._there({one.key: known[one.key] for one in body.items if one.key in known})
        left = [one for one in body.items if one.key not in outcomes]
        outcomes |= {one.key: postings.unknown_outcome(one) for one in left if one.original_key not in known}
        item = self._client.setup.item
        bills = [
            postings.reversal_from_wire(known[one.original_key], one, item) for one in left if one.key not in outcomes
        ]
        outcomes |= await self._post(call, bills)
        return LineOutcomes(items=tuple(outcomes[one.key] for one in body.items))

    def _there(self, posted: dict[str, rows.PostingRow]) -> dict[str, LineOutcome]:
        return {key: postings.posted_outcome(key, row.id, self._instance) for key, row in posted.items()}

    async def _post(self, call: Call, bills: Sequence[wire.TimeBill]) -> dict[str, LineOutcome]:
        written = await self._batches.upsert("timeBill", bills, call.idempotency_key or "")
        return {
            key: postings.refused_outcome(key, one.refusal)
            if one.refusal
            else postings.posted_outcome(key, one.id or "", self._instance)
            for key, one in written.items()
        }

    async def post_journal(self, call: Call, body: NewJournal) -> Journal:
        row = await self._client.find("journalEntry", body.key, wire.Journal)
        if row is None:
            record = postings.journal_from_canon(body)
            record_id = await self._client.upsert("journalEntry", body.key, record, replace="line")
            row = await self._client.read("journalEntry", record_id, wire.Journal)
        return postings.journal_from_wire(row, body.key, self._instance)

    async def list_periods(
        self, call: Call, entity_code: str | None = None, cursor: str | None = None, limit: int = 200
    ) -> FiscalPeriodPage:
        found = await self._client.select(queries.periods(entity_code, cursor), rows.PeriodRow, _size(limit))
        today = self._clock.now().date()
        items = tuple(mapping.period_from_wire(row, self._instance, today) for row in found.items)
        last = found.items[-1] if found.more else None
        next_cursor = f"{last.starts}|{last.id}|{last.subsidiary}" if last else None
        return FiscalPeriodPage(items=items, next_cursor=next_cursor, as_of=self._clock.now())

    async def list_dimensions(self, call: Call, cursor: str | None = None, limit: int = 200) -> DimensionPage:
        found = await self._client.select(queries.departments(cursor), rows.DepartmentRow, _size(limit))
        items = tuple(mapping.dimension_from_wire(row, self._instance) for row in found.items)
        next_cursor = found.items[-1].id if found.more else None
        return DimensionPage(items=items, next_cursor=next_cursor, as_of=self._clock.now())

    async def list_tax_codes(self, call: Call, cursor: str | None = None, limit: int = 200) -> TaxCodePage:
        found = await self._client.select(queries.tax_items(cursor), rows.TaxRow, _size(limit))
        items = tuple(mapping.tax_code_from_wire(row, self._instance) for row in found.items)
        next_cursor = found.items[-1].id if found.more else None
        return TaxCodePage(items=items, next_cursor=next_cursor, as_of=self._clock.now())

    async def list_fx_quotes(
        self, call: Call, since: date | None = None, cursor: str | None = None, limit: int = 200
    ) -> FxQuotePage:
        day = since.isoformat() if since else None
        found = await self._client.select(queries.rates(day, cursor), rows.RateRow, _size(limit))
        items = tuple(mapping.fx_quote_from_wire(row) for row in found.items)
        last = found.items[-1] if found.more else None
        next_cursor = f"{last.effective}|{last.id}" if last else None
        return FxQuotePage(items=items, next_cursor=next_cursor, as_of=self._clock.now())

    async def list_balances(self, call: Call, entity_code: str | None = None) -> BalancePage:
        now = self._clock.now()
        owed, posted, billed = [
            (await self._client.select(statement, rows.SumRow)).items
            for statement in (
                queries.receivables(entity_code),
                queries.posted(entity_code),
                queries.billed_time(entity_code),
            )
        ]
        receivables = [mapping.receivable_from_wire(row, now.date()) for row in owed]
        unbilled = mapping.unbilled_from_wire(posted, billed, now.date())
        return BalancePage(items=(*receivables, *unbilled), as_of=now)


class BillingAdapter:
    """Customers, invoices, credit memos and payments."""

    def __init__(self, client: NetSuiteClient, instance: str, clock: Clock) -> None:
        self._client, self._instance, self._clock = client, instance, clock

    async def find_customers(
        self,
        call: Call,
        key: str | None = None,
        tax_id: str | None = None,
        name: str | None = None,
        entity_code: str | None = None,
    ) -> BillingCustomerPage:
        known = await self._by_key(key) if key else await self._searched(tax_id, name, entity_code)
        found = [mapping.customer_from_wire(row, self._instance) for row in known]
        items = tuple(one for one in found if sales.matches(one, tax_id, name, entity_code))
        return BillingCustomerPage(items=items, as_of=self._clock.now())

    async def _by_key(self, key: str) -> list[wire.Customer]:
        row = await self._client.find("customer", key, wire.Customer)
        return [row] if row else []

    async def _searched(self, tax_id: str | None, name: str | None, entity: str | None) -> list[wire.Customer]:
        found = await self._client.select(queries.customers(tax_id, name, entity), rows.IdRow, _MOST_CUSTOMERS)
        return [await self._client.read("customer", row.id, wire.Customer) for row in found.items]

    async def get_customer(self, call: Call, customer_ref: str) -> BillingCustomer:
        return await self._customer(mapping.own_id(customer_ref, self._instance, "customer"))

    async def put_customer(self, call: Call, body: NewBillingCustomer) -> BillingCustomer:
        record = mapping.customer_from_canon(body)
        return await self._customer(await self._client.put("customer", body.key, record, replace="addressBook"))

    async def deactivate_customer(self, call: Call, customer_ref: str) -> BillingCustomer:
        record_id = mapping.own_id(customer_ref, self._instance, "customer")
        await self._client.update("customer", record_id, {"isInactive": True})
        return await self._customer(record_id)

    async def _customer(self, record_id: str) -> BillingCustomer:
        return mapping.customer_from_wire(await self._client.read("customer", record_id, wire.Customer), self._instance)

    async def find_invoices(self, call: Call, key: str) -> InvoicePage:
        row = await self._client.find("invoice", key, wire.Invoice)
        items = (sales.invoice_from_wire(row, self._instance),) if row else ()
        return InvoicePage(items=items, as_of=self._clock.now())

    async def post_invoice(self, call: Call, body: InvoiceDraft) -> Invoice:
        row = await self._client.find("invoice", body.key, wire.Invoice)
        if row is None:
            record = sales.invoice_from_canon(body, self._instance, self._client.setup.item)
            record_id = await self._client.upsert("invoice", body.key, record, replace="item")
            row = await self._client.read("invoice", record_id, wire.Invoice)
        return sales.invoice_from_wire(row, self._instance)

    async def get_invoice(self, call: Call, invoice_ref: str) -> Invoice:
        return sales.invoice_from_wire(await self._invoice(invoice_ref), self._instance)

    async def _invoice(self, invoice_ref: str) -> wire.Invoice:
        record_id = mapping.own_id(invoice_ref, self._instance, "invoice")
        return await self._client.read("invoice", record_id, wire.Invoice)

    async def send_invoice(self, call: Call, invoice_ref: str, body: SendRequest) -> Invoice:
        row = await self._invoice(invoice_ref)
        if not row.toBeEmailed:
            await self._client.update("invoice", row.id, sales.sending_from_canon(body, self._clock.now()))
            row = await self._invoice(invoice_ref)
        return sales.invoice_from_wire(row, self._instance)

    async def post_credit_note(self, call: Call, body: NewCreditNote) -> CreditNote:
        row = await self._client.find("creditMemo", body.key, wire.CreditMemo)
        if row is None:
            record = sales.credit_from_canon(body, await self._invoice(body.invoice_ref), self._client.setup.item)
            record_id = await self._client.upsert("creditMemo", body.key, record, replace="item,apply")
            row = await self._client.read("creditMemo", record_id, wire.CreditMemo)
        return sales.credit_from_wire(row, body, self._instance)

    async def list_open_items(self, call: Call, cursor: str | None = None, limit: int = 50) -> OpenItemPage:
        found = await self._client.select(queries.open_invoices(cursor), rows.OpenRow, _size(limit))
        items = tuple(sales.open_item_from_wire(row, self._instance) for row in found.items)
        next_cursor = found.items[-1].id if found.more else None
        return OpenItemPage(items=items, next_cursor=next_cursor, as_of=self._clock.now())

    async def list_receipts(
        self, call: Call, changed_since: datetime | None = None, cursor: str | None = None, limit: int = 50
    ) -> ReceiptPage:
        since = sales.account_stamp(changed_since - _OVERLAP) if changed_since else None
        found = await self._client.select(queries.receipts(since, cursor), rows.ReceiptRow, _size(limit))
        items = tuple(sales.receipt_from_wire(row, self._instance) for row in found.items)
        last = found.items[-1] if found.more else None
        next_cursor = f"{last.changed}|{last.payment}|{last.invoice}" if last else None
        return ReceiptPage(items=items, next_cursor=next_cursor, as_of=self._clock.now())


def _size(limit: int) -> int:
    return min(limit, _LARGEST_PAGE)


def connect(
    connection: Connection, transport: TransportFactory = direct_transport, clock: Clock | None = None
) -> dict[str, object]:
    """The adapters of one connection by port, sharing one client. Raises VendorCredentials for unusable settings or secret.

    Settings are those of `Setup`; the secret has client_id, key_id (certificate id) and private_key.
    """
    now = clock or SystemClock()
    try:
        setup = msgspec.convert(connection.settings, Setup)
    except msgspec.ValidationError as error:
        detail = f"The settings of {connection.instance} cannot be used: {error}"
        raise VendorCredentials(detail, vendor=connection.vendor) from error
    client = NetSuiteClient(_outbound(connection, setup, transport, now), setup)
    return {
        "erp": ErpAdapter(client, connection.instance, now),
        "billing": BillingAdapter(client, connection.instance, now),
    }


def _outbound(connection: Connection, setup: Setup, transport: TransportFactory, clock: Clock) -> Outbound:
    found, base_url = read_secret(connection.secret), connection.base_url.rstrip("/")
    grant = Grant(
        token_path=TOKEN_PATH,
        grant_type="client_credentials",
        form={"client_assertion_type": CLIENT_ASSERTION},
        assertion_field="client_assertion",
        assertion_algorithm=setup.algorithm,
        assertion_claims={"iss": found.client_id, "scope": list(setup.scope), "aud": base_url + TOKEN_PATH},
    )
    token = OAuthToken(connection.vendor, base_url, found, grant, transport, clock)
    limits = catalogue.vendors()[connection.vendor].limits
    return Outbound(connection.vendor, base_url, VendorBudget(concurrency=limits.concurrency), token, transport, clock)
