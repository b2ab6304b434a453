"""NetSuite: the simulated account and what its seed holds."""

from datetime import date

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from contracts.periods import Clock, SystemClock
from runtime.connections import Connection
from runtime.http.simulate import ASGIApp
from system_apis.netsuite.sandbox import CERTIFICATE_ID, CLIENT_ID, netsuite
from system_apis.platforms.firm import firm as firm_on
from tests.contract.suites import billing, erp

AS_OF = date(2026, 11, 20)
URL = "http://netsuite.test"
READS = (("GET", "^/services/rest/record/"), ("POST", "^/services/rest/query/"))
WRITES = (("PUT", "^/services/rest/record/"), ("PATCH", "^/services/rest/record/"))
_TOKEN = "/services/rest/auth/oauth2/v1/token"
_ENTITY, _CLOSED_ENTITY = "DE01", "UK01"


def _key() -> str:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(*form).decode()


_PEM = _key()
SECRET = {"client_id": CLIENT_ID, "key_id": CERTIFICATE_ID, "private_key": _PEM}


def simulator(clock: Clock | None = None) -> ASGIApp:
    return netsuite(None, AS_OF, URL, private_key=_PEM, clock=clock)


def connection(secret: str) -> Connection:
    return Connection(
        tenant="demo", instance="netsuite", vendor="netsuite", ports=("erp", "billing"), base_url=URL, secret=secret
    )


async def _ids(http: httpx.AsyncClient, table: str) -> dict[str, str]:
    """External id -> internal id, asked on the vendor's wire."""
    now = int(SystemClock().now().timestamp())
    claims = {"iss": CLIENT_ID, "scope": ["rest_webservices"], "aud": URL + _TOKEN, "iat": now, "exp": now + 300}
    header = {"typ": "JWT", "alg": "ES256", "kid": CERTIFICATE_ID}
    assertion = jwt.encode(header, claims, ECKey.import_key(_PEM), algorithms=["ES256"])
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    form = {"grant_type": "client_credentials", "client_assertion_type": kind, "client_assertion": assertion}
    token = (await http.post(_TOKEN, data=form)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}", "prefer": "transient"}
    body = {"q": f"SELECT id, externalid FROM {table}"}
    answer = await http.post("/services/rest/query/v1/suiteql", json=body, headers=headers)
    return {row["externalid"]: row["id"] for row in answer.json()["items"]}


async def facts(port: str, http: httpx.AsyncClient) -> erp.Facts | billing.Facts:
    whole = firm_on(AS_OF)
    customers = await _ids(http, "customer")
    client = next(c for c in whole.clients if c.entity == _ENTITY and c.in_erp and c.currency == "EUR")
    customer = f"netsuite:customer:{customers[client.code]}"
    if port == "billing":
        return billing.Facts(
            entity=_ENTITY,
            currency=client.currency,
            terms="NET30",
            customer=customer,
            customer_name=client.legal_name,
            tax_id=client.tax_id or "",
            on_billing_hold=f"netsuite:customer:{customers['PENNINE']}",
            tax_code="DE-S19",
            tax_rate_pct=next(t.rate_pct for t in whole.tax_codes if t.code == "DE-S19"),
            invoice_date=AS_OF,
            closed_entity_date=next(p.starts_on for p in whole.periods if p.entity == _ENTITY and p.state == "closed"),
            unpaid=sum(
                1 for i in whole.invoices if i.state == "posted" and sum(p.amount for p in i.payments) < i.gross
            ),
            receipts=sum(len(i.payments) for i in whole.invoices),
        )
    return erp.Facts(
        entities=frozenset((e.code, e.country, e.currency) for e in whole.entities),
        entity=_ENTITY,
        currency=client.currency,
        customer=customer,
        cost_center="CC-310",
        cost_centers=frozenset(c.code for c in whole.cost_centers),
        worker=next(p.number for p in whole.people if p.entity == _ENTITY),
        tax_codes={t.code: (t.rate_pct, t.treatment) for t in whole.tax_codes},
        open_day=AS_OF,
        closed_day=next(p.starts_on for p in whole.periods if p.entity == _ENTITY and p.state == "closed"),
        closed_periods=frozenset((p.entity, p.starts_on) for p in whole.periods if p.state == "closed"),
        periods=len(whole.periods),
        rates={(q.base, q.quote): q.rate for q in whole.fx_quotes if q.on == AS_OF},
        journal_accounts=("1150", "4000"),
    )
