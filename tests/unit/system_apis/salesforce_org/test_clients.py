"""Over real sockets: the vendor's public Python client over TLS, a lost answer, and a restart that keeps everything."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest

from runtime.http.simulate import ASGIApp
from system_apis.platforms.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, PRIVATE_KEY, USERNAME
from tests.support.sockets import listening

from .orgs import org


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for the loopback address, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    )
    signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(signed.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return cert, private


@asynccontextmanager
async def over_tls(app: ASGIApp, cert: Path, key: Path) -> AsyncIterator[str]:
    options = {"ssl_certfile": str(cert), "ssl_keyfile": str(key), "ssl_version": ssl.PROTOCOL_TLS_SERVER}
    async with listening(app, **options) as port:
        yield f"https://localhost:{port}"


def session(cert: Path) -> requests.Session:
    made = requests.Session()
    made.verify = str(cert)
    made.trust_env = False
    return made


def signed_in(url: str, cert: Path) -> Salesforce:
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    token = session(cert).post(f"{url}/services/oauth2/token", data=form, timeout=10).json()
    assert token["instance_url"] == url
    return Salesforce(session_id=token["access_token"], instance_url=token["instance_url"], session=session(cert))


def by_assertion(url: str, cert: Path, key: Path) -> Salesforce:
    """Signed in by the client itself, which knows only the vendor's own host: its requests are sent to the org."""

    class Redirected(HTTPAdapter):
        def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
            request.url = (request.url or "").replace("https://login.salesforce.com", url)
            return super().send(request, **options)

    login = session(cert)
    login.mount("https://login.salesforce.com", Redirected())
    return Salesforce(username=USERNAME, consumer_key=CLIENT_ID, privatekey_file=str(key), session=login)


def sell(salesforce: Salesforce) -> str:
    """Create, upsert, read and page with the client's own methods."""
    now = datetime.now(UTC)
    account = salesforce.Account.create({"Name": "Client of a client"})["id"]
    assert salesforce.Account.upsert("Ledgerway_Id__c/c-1", {"Name": "Keyed"}) == 201
    assert salesforce.Account.upsert("Ledgerway_Id__c/c-1", {"Name": "Keyed twice"}) == 200
    assert salesforce.Account.get_by_custom_id("Ledgerway_Id__c", "c-1")["Name"] == "Keyed twice"
    days = salesforce.query_all("select Id from pse__Time_Date__c")
    assert days["totalSize"] == len(days["records"]) > 500
    assert salesforce.describe()["sobjects"] and salesforce.limits()["DailyApiRequests"]
    (job,) = salesforce.bulk2.Account.insert(records=[{"Name": "In bulk"}, {"Name": "In bulk too"}])
    assert (job["numberRecordsTotal"], job["numberRecordsFailed"]) == (2, 0)
    (page,) = salesforce.bulk2.Account.query("SELECT Id, Name FROM Account WHERE Name LIKE 'In bulk%'")
    assert page.count("In bulk") == 2
    with pytest.raises(SalesforceMalformedRequest, match="MALFORMED_QUERY"):
        salesforce.query("select from")
    assert salesforce.is_sandbox() is True
    assert salesforce.quick_search("Keyed twice")["searchRecords"]
    assert account in salesforce.Account.updated(now - timedelta(hours=1), now + timedelta(hours=1))["ids"]
    return str(account)


def lose(salesforce: Salesforce, url: str, cert: Path) -> None:
    """The answer to an upsert never comes, and the record is there all the same."""
    session(cert).post(f"{url}/_sandbox/faults", json={"kind": "lost_response", "method": "PATCH"}, timeout=10)
    with pytest.raises(requests.ConnectionError):
        salesforce.Account.upsert("Ledgerway_Id__c/lost", {"Name": "Lost"})


async def test_simple_salesforce_over_tls_a_lost_answer_and_a_restart(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    async with over_tls(org(tmp_path / "org"), cert, key) as url:
        salesforce = await asyncio.to_thread(signed_in, url, cert)
        account = await asyncio.to_thread(sell, salesforce)
        again = await asyncio.to_thread(by_assertion, url, cert, tmp_path / "org" / PRIVATE_KEY)
        assert again.session_id not in ("", salesforce.session_id)
        await asyncio.to_thread(lose, salesforce, url, cert)
        token = salesforce.session_id
    async with over_tls(org(tmp_path / "org"), cert, key) as url:
        restarted = Salesforce(session_id=token, instance_url=url, session=session(cert))
        assert (await asyncio.to_thread(restarted.Account.get, account))["Name"] == "Client of a client"
        again = await asyncio.to_thread(restarted.Account.upsert, "Ledgerway_Id__c/lost", {"Name": "Lost"})
        assert again == 200
