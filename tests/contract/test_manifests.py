"""Every vendor folder says truthfully what it is, serves and cannot do."""

import importlib
import inspect

import pytest

from contracts.manifest import VendorManifest
from contracts.operation import operations
from contracts.system import PORTS
from runtime import catalogue

VENDORS = sorted(catalogue.vendors().items())


@pytest.fixture(params=[manifest for _, manifest in VENDORS], ids=[vendor for vendor, _ in VENDORS])
def manifest(request: pytest.FixtureRequest) -> VendorManifest:
    return request.param


def _operations(manifest: VendorManifest) -> dict[str, str]:
    return {operation.id: operation.name for port in manifest.ports for operation in operations(PORTS[port])}


def test_id_is_the_folder(manifest: VendorManifest):
    importlib.import_module(f"system_apis.{manifest.id}.adapter")


def test_ports_exist(manifest: VendorManifest):
    assert manifest.ports
    assert set(manifest.ports) <= set(PORTS)
    assert len(set(manifest.ports)) == len(manifest.ports)


def test_unsupported_names_operations_of_its_ports_with_a_reason(manifest: VendorManifest):
    assert set(manifest.unsupported) <= set(_operations(manifest))
    assert all(reason.strip() for reason in manifest.unsupported.values())


def test_limitations_have_distinct_codes_and_a_text(manifest: VendorManifest):
    codes = [limitation.code for limitation in manifest.limitation]
    assert len(set(codes)) == len(codes)
    assert all(limitation.text.strip() for limitation in manifest.limitation)


def test_limits_are_usable(manifest: VendorManifest):
    assert manifest.limits.concurrency > 0
    assert manifest.limits.page_size > 0
    assert manifest.limits.search_lag_s >= 0


def test_sources_and_owner_are_named(manifest: VendorManifest):
    assert manifest.sources
    assert manifest.owner
    assert manifest.auth


def test_no_secret_value_stands_in_a_manifest(manifest: VendorManifest):
    assert all(auth.secret and "://" not in auth.secret and "BEGIN" not in auth.secret for auth in manifest.auth)


def test_adapters_have_exactly_the_supported_operations_with_the_port_s_parameters(manifest: VendorManifest):
    module = catalogue.vendor_module(manifest.id, "adapter")
    classes = {name.lower(): value for name, value in inspect.getmembers(module, inspect.isclass)}
    for port in manifest.ports:
        adapter = classes[f"{port}adapter"]
        for operation in operations(PORTS[port]):
            if operation.id in manifest.unsupported:
                continue
            declared = inspect.signature(getattr(PORTS[port], operation.name)).parameters
            served = inspect.signature(getattr(adapter, operation.name)).parameters
            assert list(served) == list(declared), operation.id
            assert {n: p.default for n, p in served.items()} == {n: p.default for n, p in declared.items()}, (
                operation.id
            )


def test_level_is_computed(manifest: VendorManifest):
    assert catalogue.level(manifest) in ("mapped", "simulated", "proven")
