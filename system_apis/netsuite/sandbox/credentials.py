"""What a client of the simulated account signs in with: a certificate for assertions and a token for signed requests."""

import secrets
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from runtime.http.simulate import to_json
from system_apis.netsuite.sandbox.account import ACCOUNT_ID
from system_apis.netsuite.sandbox.signatures import Signatures
from system_apis.netsuite.sandbox.tokens import Tokens

CLIENT_ID = "7c1d60f2ab9e4d0c8a57e1f3b2469d05ledgerwaysandbox"
CERTIFICATE_ID = "LW_SANDBOX_CERT_1"
KEY_FILE, SECRET_FILE, TBA_FILE = "netsuite-key.pem", "netsuite-secret.json", "netsuite-tba.json"


def issue(folder: Path | None, tokens: Tokens, signatures: Signatures, pem: str | None) -> None:
    """Register the client's public key and a TBA token; with a folder, leave what a client needs beside the store."""
    kept = folder / KEY_FILE if folder else None
    if pem is None and kept is not None and kept.exists():
        pem = kept.read_text()
    key = serialization.load_pem_private_key(pem.encode(), None) if pem else ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    tokens.register(CLIENT_ID, CERTIFICATE_ID, public.decode())
    tba = {name: secrets.token_hex(32) for name in ("consumer_key", "consumer_secret", "token_id", "token_secret")}
    signatures.register(tba["consumer_key"], tba["consumer_secret"], tba["token_id"], tba["token_secret"])
    if folder is not None and kept is not None:
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _private(kept, private)
        secret = {"client_id": CLIENT_ID, "key_id": CERTIFICATE_ID, "private_key": f"file:{kept.resolve()}"}
        _private(folder / SECRET_FILE, to_json(secret))
        _private(folder / TBA_FILE, to_json({"account": ACCOUNT_ID, **tba}))


def _private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
