"""A certificate authority and a loopback certificate for the simulators' TLS ports. Sandbox only."""

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from contracts.periods import Clock

AUTHORITY = "sandbox-ca.pem"
_CERTIFICATE, _KEY = "sandbox-cert.pem", "sandbox-key.pem"
_YEARS = dt.timedelta(days=3650)


def ensure(folder: Path, clock: Clock) -> tuple[Path, Path]:
    """The certificate and key files for localhost, made on first use; clients trust `sandbox-ca.pem` beside them."""
    certificate, key = folder / _CERTIFICATE, folder / _KEY
    if not (certificate.exists() and key.exists() and (folder / AUTHORITY).exists()):
        _make(folder, clock.now())
    return certificate, key


def _make(folder: Path, now: dt.datetime) -> None:
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _name("Ledgerway sandbox authority")
    root = _builder(authority, authority, authority_key, now).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    server = _builder(_name("localhost"), authority, server_key, now).add_extension(
        x509.SubjectAlternativeName(names), critical=False
    )
    _write(folder / AUTHORITY, root.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    _write(folder / _CERTIFICATE, server.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    _write(
        folder / _KEY,
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + _YEARS)
    )


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
