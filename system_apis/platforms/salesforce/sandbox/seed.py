"""First state of the org: its integration user, its connected app, then what every contribution takes from the firm.

The credentials below exist in the simulator only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from .org import Org
from .schema import Contribution
from .tokens import APPS, ConnectedApp

CLIENT_ID = "ledgerway-sandbox"
CLIENT_SECRET = "sandbox-salesforce-secret-0001"  # noqa: S105
USERNAME = "integration@ledgerway.example"
PRIVATE_KEY = "jwt-private-key.pem"
"""File in the state directory: the private key whose public half is registered for CLIENT_ID."""


def fill(org: Org, contributions: Sequence[Contribution], as_of: date, state_dir: Path | None) -> None:
    """Seed an empty org as it stands on the morning of `as_of`."""
    from system_apis.platforms.firm import firm

    began = datetime.combine(as_of.replace(year=as_of.year - 2, day=1), time(9), UTC)
    with org.store.transaction() as change:
        change.put("_org", "integration", {"user": _integration_user(org, began)})
    for contribution in contributions:
        contribution.seed(org, firm(as_of))
    users = {str(row["Username"]): str(row["Id"]) for row in org.rows("User")}
    app = ConnectedApp(
        client_id=CLIENT_ID, secret=CLIENT_SECRET, public_key=_public_key(state_dir), run_as=org.user, users=users
    )
    with org.store.transaction() as change:
        change.put(APPS, CLIENT_ID, msgspec.to_builtins(app))


def _integration_user(org: Org, at: datetime) -> str:
    values = {"FirstName": "Ledgerway", "LastName": "Integration", "Name": "Ledgerway Integration"}
    return org.load("User", {**values, "Username": USERNAME, "Email": USERNAME}, at)


def _public_key(state_dir: Path | None) -> str:
    """The public half of the key in the state directory, which is made there on first use."""
    path = state_dir / PRIVATE_KEY if state_dir else None
    if path is not None and path.exists():
        key = load_pem_private_key(path.read_bytes(), password=None)
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if path is not None:
            path.touch(mode=0o600)
            path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
