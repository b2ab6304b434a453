"""The firm's share of the account: master data, periods, customers, projects, and the invoices and payments of earlier months."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal

from runtime.http.simulate import Row, Store
from system_apis.netsuite.sandbox.account import Account
from system_apis.netsuite.sandbox.credentials import issue
from system_apis.netsuite.sandbox.effects import after_save, settle
from system_apis.netsuite.sandbox.signatures import Signatures
from system_apis.netsuite.sandbox.tokens import Tokens
from system_apis.platforms.firm import Client, Firm, PastInvoice, Project, firm

ITEM = "LW-SERVICES"
_ACCOUNTS = (
    ("1000", "Bank", "Bank"),
    ("1100", "Accounts Receivable", "AcctRec"),
    ("1150", "Unbilled Receivable", "UnbilledRec"),
    ("2100", "Sales Tax Payable", "OthCurrLiab"),
    ("4000", "Professional Services Revenue", "Income"),
)
_PLACES = dict.fromkeys(("JPY", "KRW", "CLP", "VND", "ISK"), 0) | dict.fromkeys(("KWD", "BHD", "OMR", "JOD", "TND"), 3)


def fill(
    store: Store, *, account: Account, tokens: Tokens, signatures: Signatures, as_of: date, pem: str | None
) -> None:
    """Everything a fresh account holds."""
    issue(store.folder, tokens, signatures, pem)
    _Books(account, firm(as_of)).write()


class _Books:
    """Writes the firm's records, in the order in which they refer to each other."""

    def __init__(self, account: Account, whole: Firm) -> None:
        self._account, self._firm = account, whole
        self._long_ago = datetime.combine(whole.as_of.replace(day=1), time(8), UTC)

    def write(self) -> None:
        """All of it. Periods are closed last, as invoices of earlier months were posted while they were open."""
        self._reference_data()
        self._organisation()
        self._periods(closed=False)
        self._people()
        for client, entity in self._debtors():
            self._customer(client, entity)
        for project in self._firm.projects:
            if project.in_erp:
                self._job(project)
        for invoice in self._firm.invoices:
            if invoice.state == "posted":
                self._invoice(invoice)
        self._periods(closed=True)
        self._contacts()

    def _put(self, record_type: str, row: Row, at: datetime | None = None) -> Row:
        return self._account.save(record_type, {k: v for k, v in row.items() if v is not None}, at=at or self._long_ago)

    def _id(self, record_type: str, external_id: str) -> str:
        row = self._account.by_external_id(record_type, external_id)
        assert row is not None, (record_type, external_id)
        return str(row["id"])

    def _reference_data(self) -> None:
        whole = self._firm
        used = {e.currency for e in whole.entities} | {c.currency for c in whole.clients}
        for code in sorted(used | {p.currency for p in whole.projects}):
            row = {"externalId": code, "name": code, "symbol": code, "currencyPrecision": Decimal(_PLACES.get(code, 2))}
            self._put("currency", row)
        terms = {c.payment_terms for c in whole.clients} | {d.payment_terms for d in whole.deals}
        terms |= {c.payment_terms for c in whole.contracts}
        for code in sorted(filter(None, terms)):
            days = Decimal("".join(filter(str.isdigit, code)) or 0)
            self._put("term", {"externalId": code, "name": code, "daysUntilNetDue": days})
        accounts = {number: (name, kind) for number, name, kind in _ACCOUNTS}
        for rule in whole.cost_center_maps:
            accounts.setdefault(rule.gl_account, (f"Project {rule.kind}", "COGS"))
        for number, (name, kind) in sorted(accounts.items()):
            self._put("account", {"externalId": number, "acctNumber": number, "acctName": name, "acctType": kind})
        self._put("serviceSaleItem", {"externalId": ITEM, "itemId": "Professional Services"})
        for tax in whole.tax_codes:
            self._tax(tax.erp_code, tax.country, tax.rate_pct, tax.treatment, tax.valid_from, tax.valid_to)

    def _tax(
        self, code: str, country: str, rate: Decimal, treatment: str, valid_from: date, valid_to: date | None
    ) -> None:
        flag = {"exempt": "exempt", "reverse_charge": "reverseCharge", "out_of_scope": "export"}.get(treatment)
        row: Row = {"externalId": code, "itemId": code, "country": country, "rate": rate}
        row |= {"effectiveFrom": valid_from.isoformat(), "validUntil": valid_to.isoformat() if valid_to else None}
        self._put("salesTaxItem", row | ({flag: True} if flag else {}))

    def _organisation(self) -> None:
        for entity in self._firm.entities:
            calendar = self._put(
                "fiscalCalendar", {"externalId": entity.code, "name": f"Fiscal Calendar {entity.code}"}
            )
            row = {"externalId": entity.code, "name": entity.name, "legalName": entity.name, "country": entity.country}
            row |= {"currency": self._id("currency", entity.currency), "fiscalCalendar": calendar["id"]}
            self._put("subsidiary", row | {"custrecord_lw_hours_per_day": entity.hours_per_day})
        for center in self._firm.cost_centers:
            subsidiary = self._id("subsidiary", center.entity)
            self._put("department", {"externalId": center.code, "name": center.name, "subsidiary": subsidiary})
        for number, quote in enumerate(self._firm.fx_quotes, 1):
            self._quote(number, quote.base, quote.quote, quote.on, quote.rate)

    def _quote(self, number: int, base: str, quote: str, on: date, rate: Decimal) -> None:
        """One unit of the transaction currency costs `rate` units of the base currency."""
        row = {"id": str(number), "effectiveDate": on.isoformat(), "exchangeRate": rate}
        row |= {"baseCurrency": self._id("currency", quote), "transactionCurrency": self._id("currency", base)}
        with self._account.store.transaction() as change:
            change.put("currencyRate", str(number), row)

    def _periods(self, *, closed: bool) -> None:
        for period in self._firm.periods:
            state = period.state if closed else "open"
            external_id = f"{period.entity}-{period.starts_on:%Y-%m}"
            row = self._account.by_external_id("accountingPeriod", external_id) or {"externalId": external_id}
            row = {**row, "periodName": period.name, "startDate": period.starts_on.isoformat()}
            row |= {"endDate": period.ends_on.isoformat(), "fiscalCalendar": self._id("fiscalCalendar", period.entity)}
            row |= {"closed": state == "closed", "allLocked": state == "closed", "isQuarter": False, "isYear": False}
            self._put("accountingPeriod", {**row, "arLocked": state in ("closed", "soft_closed")})

    def _people(self) -> None:
        for person in self._firm.people:
            row: Row = {"externalId": person.number, "entityId": person.name, "email": person.email}
            row |= {"firstName": person.given_name, "lastName": person.family_name, "isInactive": False}
            row |= {"subsidiary": self._id("subsidiary", person.entity), "hireDate": person.hired_on.isoformat()}
            row["department"] = self._id("department", person.cost_center)
            row["releaseDate"] = person.ends_on.isoformat() if person.ends_on else None
            self._put("employee", row)

    def _debtors(self) -> Iterator[tuple[Client, str]]:
        """Clients with each entity that bills them: their own first."""
        billed = [(p.client, p.entity) for p in self._firm.projects if p.in_erp]
        billed += [(i.client, i.entity) for i in self._firm.invoices if i.state == "posted"]
        for client in self._firm.clients:
            if client.in_erp:
                yield client, client.entity
                others = {entity for code, entity in billed if code == client.code} - {client.entity}
                yield from ((client, entity) for entity in sorted(others))

    def _customer_key(self, client: str, entity: str) -> str:
        own = next(c.entity for c in self._firm.clients if c.code == client)
        return client if own == entity else f"{client}@{entity}"

    def _customer(self, client: Client, entity: str) -> None:
        key = self._customer_key(client.code, entity)
        terms = client.payment_terms
        row: Row = {"externalId": key, "entityId": key, "companyName": client.name, "isPerson": False}
        row |= {"subsidiary": self._id("subsidiary", entity), "currency": self._id("currency", client.currency)}
        row |= {"terms": self._id("term", terms) if terms else None, "isInactive": not client.active}
        row |= {
            "vatRegNumber": client.tax_id if client.tax_id_valid else None,
            "creditHoldOverride": "ON" if client.credit_hold else "AUTO",
        }
        row |= {"custentity_lw_legal_name": client.legal_name, "custentity_lw_billing_hold": client.billing_hold}
        row["email"] = next((c.email for c in client.contacts if "billing" in c.roles), None)
        row["addressBook"] = [_address(client)]
        self._put("customer", settle(self._account, "customer", {k: v for k, v in row.items() if v is not None}, None))

    def _contacts(self) -> None:
        """The people of a client, at the customer of its own entity."""
        for client in (client for client in self._firm.clients if client.in_erp):
            for person in client.contacts:
                first, _, last = person.name.partition(" ")
                row: Row = {"externalId": person.code, "entityId": person.name, "firstName": first, "lastName": last}
                row |= {"email": person.email, "company": self._id("customer", client.code), "isInactive": False}
                self._put("contact", {**row, "subsidiary": self._id("subsidiary", client.entity)})

    def _job(self, project: Project) -> None:
        line = next((ln for c in self._firm.contracts for ln in c.lines if ln.project == project.code), None)
        row: Row = {"externalId": project.code, "entityId": project.code, "companyName": project.name}
        row["parent"] = self._id("customer", self._customer_key(project.client, project.entity))
        row |= {
            "subsidiary": self._id("subsidiary", project.entity),
            "currency": self._id("currency", project.currency),
        }
        row |= {"startDate": project.starts_on.isoformat(), "projectedEndDate": project.ends_on.isoformat()}
        row |= {"isInactive": project.stage == "closed", "allowTime": project.stage in ("active", "on_hold", "closing")}
        row |= {"custentity_lw_contract": project.contract, "custentity_lw_billing_method": project.method}
        if line is not None:
            row["custentity_lw_revenue_method"] = line.revenue_method
            row["custentity_lw_cost_center"] = self._id("department", line.cost_center)
        self._put("job", settle(self._account, "job", row, None))

    def _invoice(self, past: PastInvoice) -> None:
        at = datetime.combine(past.invoiced_on, time(16), UTC)
        job = self._account.by_external_id("job", past.project)
        customer = self._customer_key(past.client, past.entity)
        line: Row = {"line": 1, "item": self._id("serviceSaleItem", ITEM), "description": past.description}
        line |= {"quantity": past.hours or Decimal(1), "amount": past.net}
        line["taxCode"] = self._id("salesTaxItem", past.tax_code)
        row: Row = {"externalId": past.number, "tranId": past.number, "item": [line]}
        row |= {"entity": self._id("customer", customer), "subsidiary": self._id("subsidiary", past.entity)}
        row |= {"currency": self._id("currency", past.currency), "tranDate": past.invoiced_on.isoformat()}
        row |= {"dueDate": past.due_on.isoformat(), "otherRefNum": past.po_number, "job": job["id"] if job else None}
        kept = settle(self._account, "invoice", {k: v for k, v in row.items() if v is not None}, None)
        if kept["total"] != past.gross:
            raise ValueError(f"The lines of {past.number} make {kept['total']}, not {past.gross}.")
        saved = self._put("invoice", kept, at)
        for payment in past.payments:
            self._payment(saved, payment.code, payment.amount, payment.received_on, payment.reference)

    def _payment(self, invoice: Row, code: str, amount: Decimal, on: date, reference: str) -> None:
        line = {"line": 1, "doc": invoice["id"], "apply": True, "amount": amount}
        row = {"externalId": code, "customer": invoice["entity"], "tranDate": on.isoformat(), "checkNumber": reference}
        row |= {
            "subsidiary": invoice["subsidiary"],
            "currency": invoice["currency"],
            "apply": [line],
            "payment": amount,
        }
        kept = settle(self._account, "customerPayment", row, None)
        at = datetime.combine(on, time(10), UTC)
        after_save(self._account, self._put("customerPayment", kept, at), None, at)


def _address(client: Client) -> Row:
    parts = {"addressee": client.legal_name, "addr1": client.street, "city": client.city, "zip": client.postal_code}
    parts |= {"state": client.region, "country": client.country}
    filled = {name: value for name, value in parts.items() if value}
    return {"line": 1, "label": "Billing", "defaultBilling": True, "addressBookAddress": filled}
