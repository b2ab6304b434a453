"""Looks into the simulated systems over the vendors' own wire, without our adapters: an independent witness."""

import asyncio
import json
import urllib.parse
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey

from contracts.periods import SystemClock
from gateway import addresses
from gateway.consultant import RecordedTime, SimulatedPsa
from runtime.settings import Settings
from system_apis.platforms.firm import firm
from tests.support.demo import Demo, request

_NETSUITE_TOKEN = "/services/rest/auth/oauth2/v1/token"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def won_deal_names(running: Demo, code: str) -> set[str]:
    """The name of a seeded deal."""
    known = addresses.read(running.state_dir)
    assert known is not None
    return {d.name for d in firm(known.as_of).deals if d.code == code}


def approve_time(running: Demo, project: str, hours: str, on: str, person: str | None = None) -> RecordedTime:
    """Record and approve a day's time in the simulated PSA."""

    async def act() -> RecordedTime:
        known = addresses.read(running.state_dir)
        assert known is not None
        psa = SimulatedPsa(known, Settings(state_dir=running.state_dir))
        try:
            return await psa.approve_time(project, hours, date.fromisoformat(on), person)
        finally:
            await psa.close()

    return asyncio.run(act())


def _org_token(running: Demo) -> str:
    secret = json.loads((running.state_dir / "sandbox" / "salesforce" / "client-secret.json").read_text())
    form = {"grant_type": "client_credentials", **secret}
    token: str = request("POST", f"{running.systems['salesforce']}/services/oauth2/token", form=form).body[
        "access_token"
    ]
    return token


def soql(running: Demo, query: str) -> list[dict[str, Any]]:
    """Rows of a SOQL query, first page."""
    url = f"{running.systems['salesforce']}/services/data/v62.0/query?q={urllib.parse.quote(query)}"
    got = request("GET", url, headers={"authorization": f"Bearer {_org_token(running)}"})
    assert got.status == 200, got
    rows: list[dict[str, Any]] = got.body["records"]
    return rows


def _netsuite_token(running: Demo) -> str:
    folder: Path = running.state_dir / "sandbox" / "netsuite"
    secret = json.loads((folder / "netsuite-secret.json").read_text())
    key = ECKey.import_key((folder / "netsuite-key.pem").read_text())
    now, url = int(SystemClock().now().timestamp()), running.systems["netsuite"] + _NETSUITE_TOKEN
    claims = {"iss": secret["client_id"], "scope": "rest_webservices", "aud": url, "iat": now, "exp": now + 120}
    header = {"alg": "ES256", "typ": "JWT", "kid": secret["key_id"]}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": _ASSERTION,
        "client_assertion": jwt.encode(header, claims, key),
    }
    token: str = request("POST", url, form=form).body["access_token"]
    return token


def suiteql(running: Demo, query: str, *params: str) -> list[dict[str, Any]]:
    """Rows of a SuiteQL query."""
    url = f"{running.systems['netsuite']}/services/rest/query/v1/suiteql"
    headers = {"authorization": f"Bearer {_netsuite_token(running)}", "prefer": "transient"}
    got = request("POST", url, headers=headers, body={"q": query, "params": list(params)})
    assert got.status == 200, got
    rows: list[dict[str, Any]] = got.body["items"]
    return rows


def netsuite_invoice(running: Demo, ref: str) -> dict[str, Any]:
    """An invoice record as the ERP shows it."""
    url = (
        f"{running.systems['netsuite']}/services/rest/record/v1/invoice/{ref.rsplit(':', 1)[1]}?expandSubResources=true"
    )
    got = request("GET", url, headers={"authorization": f"Bearer {_netsuite_token(running)}"})
    assert got.status == 200, got
    found: dict[str, Any] = got.body
    return found


_BOOKED = """
SELECT Id, pse__Project__c, pse__Resource__c, pse__Start_Date__c, pse__End_Date__c FROM pse__Assignment__c
WHERE pse__Project__r.pse__Is_Active__c = true AND pse__Closed_for_Time_Entry__c = false
"""


def bookings(running: Demo) -> list[dict[str, Any]]:
    """Who is booked on which active project, and until when."""
    return soql(running, " ".join(_BOOKED.split()))


def approve_booked_time(running: Demo, booking: dict[str, Any], hours: float, on: date) -> str:
    """A day's time of somebody who is booked, recorded, submitted and approved; the entry's reference."""
    monday, day = on - timedelta(days=on.weekday()), f"{on:%A}"
    card = {
        "pse__Project__c": booking["pse__Project__c"],
        "pse__Resource__c": booking["pse__Resource__c"],
        "pse__Assignment__c": booking["Id"],
        "pse__Start_Date__c": monday.isoformat(),
        "pse__End_Date__c": (monday + timedelta(days=6)).isoformat(),
        "pse__Billable__c": True,
        f"pse__{day}_Hours__c": hours,
        f"pse__{day}_Notes__c": f"Workshop {uuid4().hex[:6]}",
        "pse__Status__c": "Saved",
    }
    url = f"{running.systems['salesforce']}/services/data/v62.0/sobjects/pse__Timecard_Header__c/"
    made = request("POST", url, headers={"authorization": f"Bearer {_org_token(running)}"}, body=card)
    assert made.status == 201, made
    for change in ({"pse__Submitted__c": True, "pse__Status__c": "Submitted"}, {"pse__Status__c": "Approved"}):
        change_in_org(running, "pse__Timecard_Header__c", made.body["id"], **change)
    return f"certinia:time:{made.body['id']}-{on}"


def change_in_org(running: Demo, sobject: str, row_id: str, **fields: Any) -> None:
    """What somebody edits on a record of the CRM or PSA."""
    url = f"{running.systems['salesforce']}/services/data/v62.0/sobjects/{sobject}/{row_id}"
    got = request("PATCH", url, headers={"authorization": f"Bearer {_org_token(running)}"}, body=fields)
    assert got.status == 204, got


def correct_time(running: Demo, source_ref: str, hours: str) -> None:
    """Other hours for an approved day, by an administrator: it stays approved."""
    card, on = source_ref.rsplit(":", 1)[1].split("-", 1)
    day = f"pse__{date.fromisoformat(on):%A}_Hours__c"
    change_in_org(running, "pse__Timecard_Header__c", card, **{day: float(hours), "pse__Admin_Global_Edit__c": True})


def void_time(running: Demo, source_ref: str) -> None:
    """The approval is taken back."""
    card = source_ref.rsplit(":", 1)[1].split("-", 1)[0]
    back = {"pse__Status__c": "Saved", "pse__Approved__c": False, "pse__Submitted__c": False}
    change_in_org(running, "pse__Timecard_Header__c", card, pse__Admin_Global_Edit__c=True, **back)
