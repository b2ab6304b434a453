"""Which layers a process serves, and what it has to know for that."""

from pathlib import Path

import pytest

from gateway import layers
from runtime.connections import Connections
from runtime.ports import Ports, system_operations
from runtime.settings import Settings, SettingsError

ALL = frozenset(layers.LAYERS)
SYSTEM, PROCESS, EXPERIENCE = (frozenset({name}) for name in layers.LAYERS)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(b"k" * 32)
    return path


def test_none_named_means_all_and_all_stand_behind_the_front_door():
    assert layers.chosen(None) == layers.chosen(()) == layers.chosen(layers.LAYERS) == ALL
    assert layers.whole(ALL)
    assert not layers.whole(layers.chosen(["process"]))


def test_what_is_no_layer_is_named():
    with pytest.raises(SettingsError, match=r"no layer gateway; layers are system, process, experience"):
        layers.chosen(["system", "gateway"])


def test_a_layer_serves_its_own_operations_only():
    served = system_operations(Ports(Connections()))
    assert layers.only(SYSTEM, served) == served
    assert layers.only(PROCESS | EXPERIENCE, served) == ()


def test_layers_apart_need_a_key_of_32_bytes(key: Path):
    with pytest.raises(SettingsError, match="LEDGERWAY_SIGNING_KEY_FILE"):
        layers.tokens(Settings())
    layers.tokens(Settings(signing_key_file=key))
    key.write_bytes(b"k" * 31)
    with pytest.raises(ValueError, match="31 bytes"):
        layers.tokens(Settings(signing_key_file=key))


async def test_the_system_layer_is_elsewhere_where_its_address_says_so(key: Path):
    there = Settings(system_url="http://system.test:9/", signing_key_file=key)
    for here in (ALL, PROCESS, PROCESS | EXPERIENCE):
        remote = layers.system_elsewhere(there, here)
        assert remote is not None
        await remote.close()
    for here in (SYSTEM, SYSTEM | PROCESS):
        assert layers.system_elsewhere(there, here) is None


def test_a_process_without_the_system_layer_has_to_know_where_it_is():
    assert layers.system_elsewhere(Settings(), ALL) is None
    assert layers.system_elsewhere(Settings(), EXPERIENCE) is None
    with pytest.raises(SettingsError, match="LEDGERWAY_SYSTEM_URL"):
        layers.system_elsewhere(Settings(), PROCESS)
