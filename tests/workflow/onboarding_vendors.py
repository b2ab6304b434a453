"""The firm's vendors in memory: Salesforce, Certinia and NetSuite simulators behind their adapters, with ports that can be
tampered with: answers that are lost after their effect, operations that are refused."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from contracts.call import Call
from contracts.problems import OutcomeUnknown, Problem
from runtime.connections import Connection, Connections
from runtime.ports import Ports
from runtime.work.calls import PORT_SCOPES
from system_apis.netsuite.sandbox import CERTIFICATE_ID, CLIENT_ID, netsuite
from tests.contract.vendors import salesforce_org
from tests.support.clock import FixedClock
from tests.workflow.onboarding_stage import SALES

ERP_URL = "http://netsuite.test"
CALL = replace(SALES, scopes=PORT_SCOPES)
Refusal = Callable[..., Problem | None]


def _pem() -> str:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(*form).decode()


def _connections(folder: Path, pem: str) -> Connections:
    (folder / "key.pem").write_text(pem)
    erp = {"client_id": CLIENT_ID, "key_id": CERTIFICATE_ID, "private_key": f"file:{folder / 'key.pem'}"}
    (folder / "erp.json").write_text(json.dumps(erp))
    (folder / "org.json").write_text(json.dumps(salesforce_org.SECRET))

    def connection(vendor: str, url: str, secret: str, *ports: str, **settings: str) -> Connection:
        return Connection(
            tenant=SALES.tenant,
            instance=vendor,
            vendor=vendor,
            ports=ports,
            base_url=url,
            secret=f"file:{folder / secret}",
            settings=settings,
        )

    return Connections(
        (
            connection("salesforce", salesforce_org.URL, "org.json", "crm"),
            connection("certinia", salesforce_org.URL, "org.json", "psa", "time", "planning", crm="salesforce"),
            connection("netsuite", ERP_URL, "erp.json", "erp", "billing"),
        )
    )


class _Port:
    """A bound port whose calls are counted and can go wrong."""

    def __init__(self, port: Any, vendors: "Vendors") -> None:
        self._port, self._vendors = port, vendors

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(call: Call, *args: Any, **kwargs: Any) -> Any:
            self._vendors.calls[name] += 1
            refusal = self._vendors.refused.get(name)
            problem = refusal(*args, **kwargs) if refusal else None
            if problem is not None:
                raise problem
            answer = await getattr(self._port, name)(call, *args, **kwargs)
            if name in self._vendors.losing:
                self._vendors.losing.remove(name)
                raise OutcomeUnknown("No answer came.", operation=name)
            return answer

        return call


class Vendors:
    """`losing`: operations whose next answer is lost; `refused`: what an operation raises instead of acting."""

    def __init__(self, folder: Path) -> None:
        pem, clock = _pem(), FixedClock()
        self._apps: dict[str, Any] = {
            salesforce_org.URL: salesforce_org.simulator(),
            ERP_URL: netsuite(None, salesforce_org.AS_OF, ERP_URL, private_key=pem, clock=clock),
        }
        self.connections = _connections(folder, pem)
        self.ports = Ports(self.connections, transport=self._transport, clock=clock)
        self.calls: Counter[str] = Counter()
        self.losing: set[str] = set()
        self.refused: dict[str, Refusal] = {}

    def _transport(self, base_url: str) -> httpx.AsyncBaseTransport:
        return httpx.ASGITransport(self._apps[base_url.rstrip("/")])

    def crm(self, call: Call) -> Any:
        return _Port(self.ports.crm(call), self)

    def psa(self, call: Call) -> Any:
        return _Port(self.ports.psa(call), self)

    def planning(self, call: Call) -> Any:
        return _Port(self.ports.planning(call), self)

    def erp(self, call: Call, entity: str | None = None) -> Any:
        return _Port(self.ports.erp(call, entity), self)

    def billing(self, call: Call, entity: str | None = None) -> Any:
        return _Port(self.ports.billing(call, entity), self)

    async def deal(self, code: str) -> str:
        """The reference of the firm's deal of that number."""
        async with self._org() as http:
            return f"salesforce:deal:{(await salesforce_org.ids(http, 'Opportunity', 'Deal_Number__c'))[code]}"

    async def correct(self, deal_ref: str, **columns: Any) -> None:
        """What a salesperson changes on a deal."""
        async with self._org() as http:
            form = {"grant_type": "client_credentials", **salesforce_org.SECRET}
            token = (await http.post("/services/oauth2/token", data=form)).json()["access_token"]
            path = f"/services/data/v62.0/sobjects/Opportunity/{deal_ref.rsplit(':', 1)[1]}"
            answer = await http.patch(path, json=columns, headers={"authorization": f"Bearer {token}"})
            answer.raise_for_status()

    def _org(self) -> httpx.AsyncClient:
        url = salesforce_org.URL
        return httpx.AsyncClient(transport=self._transport(url), base_url=url)
