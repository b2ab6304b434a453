"""The demo firm's simulated systems in memory, what people do in them, and what they say on their own wire."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey

from runtime.connections import Connections
from runtime.http.simulate import ASGIApp
from runtime.ports import Ports
from system_apis.platforms.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET
from tests.contract.vendors import certinia, netsuite, salesforce, salesforce_org, workday
from tests.support.clock import FixedClock

_DATA = "/services/data/v62.0"
_CARDS = f"{_DATA}/sobjects/pse__Timecard_Header__c/"
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SYSTEMS = {"psa": salesforce_org.URL, "erp": netsuite.URL, "hcm": workday.URL}
_SUITEQL = "/services/rest/query/v1/suiteql"
_ERP_TOKEN = "/services/rest/auth/oauth2/v1/token"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_numbers = msgspec.json.Encoder(decimal_format="number")


class Systems:
    """PSA (and CRM), ERP and HCM, seeded as of 20 Nov 2026; their clocks follow ours when `tell_time` says so."""

    def __init__(self, folder: Path, clock: FixedClock) -> None:
        self._clock = clock
        self._apps: dict[str, ASGIApp] = {
            salesforce_org.URL: salesforce_org.simulator(),
            netsuite.URL: netsuite.simulator(clock),
            workday.URL: workday.simulator(clock),
        }
        self.connections = Connections(tuple(_connection(vendor, folder) for vendor in _VENDORS))
        self.ports = Ports(self.connections, transport=self._transport, clock=clock)
        self._token: str | None = None

    def _transport(self, base_url: str) -> httpx.AsyncBaseTransport:
        return httpx.ASGITransport(self._apps[base_url.rstrip("/")])

    def http(self, system: str) -> httpx.AsyncClient:
        """A client of one system's own wire."""
        url = _SYSTEMS[system]
        return httpx.AsyncClient(transport=self._transport(url), base_url=url)

    async def tell_time(self) -> None:
        """Set every system's clock to ours; it stands still there, too."""
        for system in _SYSTEMS:
            async with self.http(system) as http:
                body = {"now": self._clock.now().isoformat(), "frozen": True}
                (await http.post("/_sandbox/clock", json=body)).raise_for_status()

    async def fault(self, system: str, **fault: Any) -> None:
        """Arm a fault switch."""
        async with self.http(system) as http:
            (await http.post("/_sandbox/faults", json=fault)).raise_for_status()

    async def fired(self, system: str) -> list[str]:
        """Kinds of the faults that happened."""
        async with self.http(system) as http:
            return sorted(fault["kind"] for fault in (await http.get("/_sandbox/faults")).json()["fired"])

    async def approve(self, project: str, person: str, on: date, hours: str, **more: Any) -> str:
        """A timecard of one day, recorded, submitted and approved; the entry's reference. `notes`, `task`, `billable`."""
        card = await self._create(await self._card(project, person, on, hours, **more))
        await self._decide(card, "Submitted", pse__Submitted__c=True)
        await self._decide(card, "Approved")
        return f"certinia:time:{card}-{on}"

    async def correct(self, ref: str, hours: str, **columns: Any) -> None:
        """Other hours for an approved day, by an administrator: it stays approved."""
        card, on = _split(ref)
        edit = {f"pse__{_DAYS[on.weekday()]}_Hours__c": Decimal(hours), "pse__Admin_Global_Edit__c": True, **columns}
        await self._send("PATCH", _CARDS + card, edit)

    async def void(self, ref: str) -> None:
        """The approval is taken back."""
        card, _ = _split(ref)
        edit = {"pse__Status__c": "Saved", "pse__Admin_Global_Edit__c": True, "pse__Approved__c": False}
        await self._send("PATCH", _CARDS + card, {**edit, "pse__Submitted__c": False})

    async def touch(self, ref: str) -> None:
        """A change that says nothing new to billing."""
        card, _ = _split(ref)
        await self._send("PATCH", _CARDS + card, {"pse__Admin_Global_Edit__c": True})

    async def _card(self, project: str, person: str, on: date, hours: str, **more: Any) -> dict[str, Any]:
        monday, day = on - timedelta(days=on.weekday()), _DAYS[on.weekday()]
        place = await self._id("pse__Proj__c", f"Project_Code__c = '{project}'")
        worker = await self._id("Contact", f"Employee_Number__c = '{person}'")
        booked = f"pse__Project__c = '{place}' AND pse__Resource__c = '{worker}'"
        return {
            "pse__Project__c": place,
            "pse__Resource__c": worker,
            "pse__Assignment__c": await self._id("pse__Assignment__c", booked),
            "pse__Start_Date__c": monday.isoformat(),
            "pse__End_Date__c": (monday + timedelta(days=6)).isoformat(),
            "pse__Billable__c": more.get("billable", True),
            f"pse__{day}_Hours__c": Decimal(hours),
            f"pse__{day}_Notes__c": more.get("notes", f"Workshop {uuid4().hex[:6]}"),
            "pse__Status__c": "Saved",
            "Ext_Id__c": f"test-{uuid4().hex}",
        }

    async def _decide(self, card: str, status: str, **columns: Any) -> None:
        await self._send("PATCH", _CARDS + card, {"pse__Status__c": status, **columns})

    async def _create(self, fields: Mapping[str, Any]) -> str:
        return str((await self._send("POST", _CARDS, fields))["id"])

    async def _id(self, sobject: str, where: str) -> str:
        return str((await self.soql(f"SELECT Id FROM {sobject} WHERE {where}"))[0]["Id"])

    async def soql(self, query: str) -> list[dict[str, Any]]:
        """Rows as the PSA states them."""
        async with self.http("psa") as http:
            return await salesforce_org.query(http, query)

    async def _send(self, method: str, path: str, fields: Mapping[str, Any]) -> Any:
        async with self.http("psa") as http:
            if self._token is None:
                form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
                self._token = (await http.post("/services/oauth2/token", data=form)).json()["access_token"]
            headers = {"authorization": f"Bearer {self._token}", "content-type": "application/json"}
            answer = await http.request(method, path, content=_numbers.encode(fields), headers=headers)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None

    async def change_project(self, code: str, **fields: Any) -> None:
        """What the project manager changes on a project in the PSA."""
        project = await self._id("pse__Proj__c", f"Project_Code__c = '{code}'")
        await self._send("PATCH", f"{_DATA}/sobjects/pse__Proj__c/{project}", fields)

    async def change_in_erp(self, record: str, key: str, fields: Mapping[str, Any]) -> None:
        """What somebody changes on a record of the ERP, named by its external id."""
        (row,) = await self.suiteql(f"SELECT id FROM {record} WHERE externalid = '{key}'")
        await self._patch_in_erp(record, row["id"], fields)

    async def close_period(self, period_id: str) -> None:
        """An accountant closes a period in the ERP."""
        await self._patch_in_erp("accountingPeriod", period_id, {"closed": True})

    async def _patch_in_erp(self, record: str, record_id: str, fields: Mapping[str, Any]) -> None:
        async with self.http("erp") as http:
            headers = {"authorization": f"Bearer {await self._erp_token(http)}", "content-type": "application/json"}
            path = f"/services/rest/record/v1/{record}/{record_id}"
            answer = await http.patch(path, content=_numbers.encode(fields), headers=headers)
        assert answer.status_code < 400, answer.text

    async def lines(self) -> list[dict[str, Any]]:
        """Every line in the ERP that came from us, in the ERP's order: key, txn, hours, amount, day, service, reversal_of, cor."""
        return await self.suiteql(
            "SELECT externalid AS key, custcol_lw_transaction AS txn, custcol_lw_hours AS hours, "
            "custcol_lw_amount AS amount, TO_CHAR(trandate, 'YYYY-MM-DD') AS day, custcol_lw_reversal_of AS reversal_of, "
            "TO_CHAR(custcol_lw_service_date, 'YYYY-MM-DD') AS service, custcol_lw_correlation AS cor, memo "
            "FROM timebill WHERE custcol_lw_transaction IS NOT NULL ORDER BY id"
        )

    async def suiteql(self, query: str) -> list[dict[str, Any]]:
        """Rows as the ERP states them."""
        async with self.http("erp") as http:
            headers = {"authorization": f"Bearer {await self._erp_token(http)}", "prefer": "transient"}
            rows: list[dict[str, Any]] = []
            while True:
                params = {"limit": 1000, "offset": len(rows)}
                answer = await http.post(_SUITEQL, params=params, json={"q": query}, headers=headers)
                assert answer.status_code == 200, answer.text
                rows += answer.json()["items"]
                if not answer.json()["hasMore"]:
                    return rows

    async def _erp_token(self, http: httpx.AsyncClient) -> str:
        now = int(self._clock.now().timestamp())
        secret = netsuite.SECRET
        claims = {"iss": secret["client_id"], "scope": ["rest_webservices"], "aud": netsuite.URL + _ERP_TOKEN}
        header = {"typ": "JWT", "alg": "ES256", "kid": secret["key_id"]}
        key = ECKey.import_key(secret["private_key"])
        assertion = jwt.encode(header, {**claims, "iat": now, "exp": now + 300}, key, algorithms=["ES256"])
        form = {"client_assertion_type": _ASSERTION, "client_assertion": assertion}
        answer = await http.post(_ERP_TOKEN, data={"grant_type": "client_credentials", **form})
        return str(answer.json()["access_token"])


_VENDORS = (salesforce, certinia, netsuite, workday)


def _connection(vendor: Any, folder: Path) -> Any:
    secret = folder / f"{vendor.__name__.rpartition('.')[2]}.json"
    secret.write_text(json.dumps(vendor.SECRET))
    return vendor.connection(f"file:{secret}")


def _split(ref: str) -> tuple[str, date]:
    record = ref.split(":", 2)[2]
    return record[:-11], date.fromisoformat(record[-10:])
