"""Ids of the tenant's instances (WIDs: 32 hex digits), and references by them."""

from hashlib import sha256

from runtime.http.simulate import Row


def wid(kind: str, key: str) -> str:
    """The tenant's id of an object: stable, and unlike any other system's."""
    return sha256(f"fairmont:{kind}:{key}".encode()).hexdigest()[:32]


def reference(kind: str, key: str, descriptor: str) -> Row:
    """An instance reference, without its link."""
    return {"id": wid(kind, key), "descriptor": descriptor}
