"""Finds vendors, processes and views by scanning the wings, and reads vendor manifests. Nothing is registered by hand."""

import importlib
import importlib.util
import pkgutil
from functools import cache
from pathlib import Path
from types import ModuleType

import msgspec

from contracts.manifest import Level, VendorManifest
from contracts.operation import operations
from contracts.system import PORTS

_NOT_VENDORS = frozenset({"platforms"})
_NOT_VIEWS = frozenset({"portal"})


class ManifestError(Exception):
    """A manifest cannot be read; the message names the file and the field."""


def _folders(wing: str) -> list[str]:
    package = importlib.import_module(wing)
    return sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.ispkg)


def _manifest(folder: Path) -> VendorManifest:
    try:
        return msgspec.toml.decode((folder / "manifest.toml").read_bytes(), type=VendorManifest)
    except (OSError, msgspec.DecodeError) as error:
        raise ManifestError(f"{folder.name}/manifest.toml: {error}") from error


@cache
def vendors() -> dict[str, VendorManifest]:
    """Every vendor folder's manifest by id."""
    root = Path(importlib.import_module("system_apis").__path__[0])
    found = [_manifest(root / name) for name in _folders("system_apis") if name not in _NOT_VENDORS]
    return {manifest.id: manifest for manifest in found}


def vendor_name(vendor: str) -> str:
    """How people call a vendor: `netsuite` -> `Oracle NetSuite`; its id when it has no folder here."""
    return vendors()[vendor].name if vendor in vendors() else vendor


def vendor_module(vendor: str, part: str) -> ModuleType:
    """`vendor_module("netsuite", "adapter")`; the vendor must be one of `vendors()`."""
    return importlib.import_module(f"system_apis.{vendors()[vendor].id}.{part}")


@cache
def processes() -> tuple[str, ...]:
    """Names of the process folders, the registers included."""
    return tuple(_folders("process_apis"))


@cache
def views() -> tuple[str, ...]:
    """Names of the view folders."""
    return tuple(name for name in _folders("experience_apis") if name not in _NOT_VIEWS)


def level(manifest: VendorManifest) -> Level:
    """How far a vendor was shown to work: `proven` by a dated run, `simulated` with a sandbox and anything built, else `mapped`."""
    if manifest.proven_on is not None:
        return "proven"
    has_sandbox = importlib.util.find_spec(f"system_apis.{manifest.id}.sandbox") is not None
    return "simulated" if has_sandbox and any(built(manifest, port) for port in manifest.ports) else "mapped"


def built(manifest: VendorManifest, port: str) -> bool:
    """Whether the vendor can do anything of a port."""
    return any(operation.id not in manifest.unsupported for operation in operations(PORTS[port]))
