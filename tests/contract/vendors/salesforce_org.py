"""The simulated org that Salesforce and Certinia share, and a way to ask it on its own wire."""

from datetime import date

import httpx

from runtime.http.simulate import ASGIApp
from system_apis.certinia.sandbox import CONTRIBUTION as PSA
from system_apis.platforms.firm import Firm
from system_apis.platforms.firm import firm as firm_on
from system_apis.platforms.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, salesforce_org
from system_apis.salesforce.sandbox import CONTRIBUTION as CRM

AS_OF = date(2026, 11, 20)
URL = "http://org.test"
SECRET = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
READS = (("GET", "^/services/data/"),)
WRITES = (("POST", "^/services/(data|apexrest)/"), ("PATCH", "^/services/data/"))


def simulator() -> ASGIApp:
    return salesforce_org([CRM, PSA], state_dir=None, as_of=AS_OF, public_url=URL)


def firm() -> Firm:
    return firm_on(AS_OF)


async def query(http: httpx.AsyncClient, soql: str) -> list[dict]:
    """Rows of a query, as the vendor answers them."""
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    token = (await http.post("/services/oauth2/token", data=form)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    answer = (await http.get("/services/data/v62.0/query", params={"q": soql}, headers=headers)).json()
    rows = answer["records"]
    while not answer["done"]:
        answer = (await http.get(answer["nextRecordsUrl"], headers=headers)).json()
        rows += answer["records"]
    return rows


async def ids(http: httpx.AsyncClient, sobject: str, field: str) -> dict[str, str]:
    """Value of a field -> record id."""
    return {row[field]: row["Id"] for row in await query(http, f"SELECT Id, {field} FROM {sobject}")}
