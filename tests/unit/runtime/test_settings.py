"""Settings: read from LEDGERWAY_* names only, refused by name, handed on to children unchanged."""

from pathlib import Path

import pytest

from runtime import settings
from runtime.settings import SettingsError


def test_variables_become_typed_fields() -> None:
    read = settings.load(
        {"LEDGERWAY_PORT": "9000", "LEDGERWAY_STATE_DIR": "/srv/x", "LEDGERWAY_REDIS_URL": "", "PATH": "/bin"}
    )
    assert (read.port, read.state_dir, read.redis_url) == (9000, Path("/srv/x"), None)


def test_options_win_over_variables() -> None:
    assert settings.load({"LEDGERWAY_PORT": "9000"}, port=9100, host=None).port == 9100


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match="did you mean LEDGERWAY_DATABASE_URL"):
        settings.load({"LEDGERWAY_DATABSE_URL": "postgresql://x"})


def test_names_of_secrets_and_of_the_test_suite_are_not_settings() -> None:
    assert settings.load({"LEDGERWAY_SECRET_ERP": "s", "LEDGERWAY_TEST_REDIS_URL": "redis://x"}) == settings.Settings()


@pytest.mark.parametrize(("name", "value"), [("LEDGERWAY_PORT", "eighty"), ("LEDGERWAY_MODE", "production")])
def test_a_wrong_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        settings.load({name: value})


@pytest.mark.parametrize(("name", "value"), [("DATABASE_URL", "mysql://u:hush@h/x"), ("REDIS_URL", "http://h:1")])
def test_an_address_of_something_else_is_refused_without_its_secrets(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"LEDGERWAY_{name} begins with none of") as refused:
        settings.load({f"LEDGERWAY_{name}": value})
    assert "hush" not in str(refused.value)


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    assert settings.Settings(host="::1", port=9000).base_url == "http://[::1]:9000"


def test_a_child_reads_back_what_its_parent_knew() -> None:
    known = settings.Settings(database_url="postgresql://a@/b?host=/x", port=1, supervised=True, token_file=Path("/t"))
    assert settings.load(settings.child_environment(known)) == known


def test_secrets_are_read_by_reference_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("hush\n")
    monkeypatch.setenv("LEDGERWAY_SECRET_ERP", "quiet")
    assert settings.secret(f"file:{tmp_path / 'key'}") == "hush"
    assert settings.secret("env:LEDGERWAY_SECRET_ERP") == "quiet"
    for reference in ("hush", "env:LEDGERWAY_SECRET_NONE", f"file:{tmp_path / 'none'}"):
        with pytest.raises(SettingsError):
            settings.secret(reference)
