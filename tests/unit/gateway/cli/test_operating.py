"""Commands that need no running product: descriptions, schema, audit trail, keys, tokens."""

from pathlib import Path

import msgspec
import psycopg
import pytest

from tests.unit.gateway.cli.conftest import TOKEN, Product, Run, problem


class TestOpenapi:
    """Writing and checking `openapi/`."""

    def test_write_then_check_then_drift_then_breakage(self, ledgerway: Run, tmp_path: Path) -> None:
        folder = tmp_path / "openapi"
        written = ledgerway("openapi", "--write", "--folder", str(folder))
        assert written.code == 0
        assert str(folder / "ledgerway.json") in written.out.splitlines()
        assert ledgerway("openapi", "--check", "--folder", str(folder)) == (0, "", "")

        whole = folder / "ledgerway.json"
        described = msgspec.json.decode(whole.read_bytes())
        whole.write_bytes(b"{}")
        drifted = ledgerway("openapi", "--check", "--folder", str(folder))
        assert (drifted.code, drifted.out) == (1, f"{whole}\n")

        described["paths"]["/process/v1/gone"] = {"get": {"responses": {"200": {"description": "Was."}}}}
        (folder / "released" / "v1.json").write_bytes(msgspec.json.encode(described))
        broken = ledgerway("openapi", "--folder", str(folder))
        assert broken.code == 1
        assert "GET /process/v1/gone: removed" in broken.err

    def test_check_and_write_exclude_each_other(self, ledgerway: Run) -> None:
        assert ledgerway("openapi", "--check", "--write").code == 2


class TestStores:
    """Commands on the database."""

    @pytest.fixture
    def stored(self, ledgerway: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
        monkeypatch.setenv("LEDGERWAY_DATABASE_URL", database_url)
        return ledgerway

    @pytest.mark.parametrize("line", [("db", "pending"), ("audit", "verify"), ("key", "list")])
    def test_without_a_database_they_say_what_to_do(self, ledgerway: Run, line: tuple[str, ...]) -> None:
        said = ledgerway(*line)
        assert said.code == 7
        assert "LEDGERWAY_DATABASE_URL" in said.err

    @pytest.mark.parametrize("line", [("db", "pending"), ("audit", "verify")])
    def test_a_database_that_is_away_keeps_its_password(
        self, ledgerway: Run, monkeypatch: pytest.MonkeyPatch, line: tuple[str, ...]
    ) -> None:
        monkeypatch.setenv("LEDGERWAY_DATABASE_URL", "postgresql://me:s3cret@127.0.0.1:9/x")
        said = ledgerway(*line)
        assert said.code == 7
        assert "s3cret" not in said.err

    def test_the_schema(self, stored: Run) -> None:
        assert stored("db", "migrate", "--json").out.split() == ["{", '"applied":', "[]", "}"]
        assert "up to date" in stored("db", "pending").out

    def test_an_untouched_trail_is_intact(self, stored: Run) -> None:
        said = stored("audit", "verify", "--tenant", "demo", "--json")
        assert said.code == 0
        assert msgspec.json.decode(said.out)["broken"] is None

    def test_a_broken_trail_is_a_problem(self, stored: Run, database_url: str) -> None:
        with psycopg.connect(database_url, autocommit=True) as session:
            session.execute(
                "insert into audit_seal (tenant, number, positions, leaves, previous_hash, hash, sealed_at)"
                " values ('demo', 1, '{1}', %s, %s, %s, now())",
                (bytes(32), bytes(32), bytes(32)),
            )
        said = stored("audit", "verify")
        assert said.code == 1
        assert "BROKEN" in said.out

    def test_a_key_is_shown_once_and_can_be_ended(self, stored: Run) -> None:
        made = msgspec.json.decode(stored("key", "create", "reports", "--scope", "finance:read", "--json").out)
        assert made["key"].startswith("lw_test_")
        listed = stored("key", "list")
        assert made["id"] in listed.out
        assert made["key"] not in listed.out
        assert stored("key", "revoke", made["id"]).code == 0
        assert stored("key", "revoke", "key_nope").code == 3

    def test_every_change_of_a_key_is_in_the_trail(self, stored: Run, database_url: str) -> None:
        old = msgspec.json.decode(stored("key", "create", "reports", "--scope", "finance:read", "--json").out)
        new = msgspec.json.decode(stored("key", "rotate", old["id"], "--json").out)
        stored("key", "revoke", new["id"])
        with psycopg.connect(database_url) as session:
            rows = session.execute(
                "select operation, object, client, principal <> '', facts ->> 'of' from audit"
                " where tenant = 'demo' and object = any(%s) order by position",
                ([old["id"], new["id"]],),
            ).fetchall()
        assert rows == [
            ("keys.create", old["id"], "command-line", True, "reports"),
            ("keys.rotate", old["id"], "command-line", True, "reports"),
            ("keys.create", new["id"], "command-line", True, "reports"),
            ("keys.revoke", new["id"], "command-line", True, "reports"),
        ]

    def test_a_scope_that_no_operation_asks_for_is_refused(self, stored: Run) -> None:
        said = stored("key", "create", "reports", "--scope", "finance:raed")
        assert (said.code, "finance:read" in said.err) == (2, True)

    def test_a_key_is_rotated_with_overlap(self, stored: Run) -> None:
        old = msgspec.json.decode(stored("key", "create", "reports", "--scope", "finance:read", "--json").out)
        new = msgspec.json.decode(stored("key", "rotate", old["id"], "--overlap-days", "3", "--json").out)
        assert (new["client"], new["scopes"], new["key"] != old["key"]) == ("reports", ["finance:read"], True)
        assert new["replaces"]["id"] == old["id"]
        assert new["replaces"]["expires_at"] > old["created_at"]
        assert new["expires_at"] is None
        third = stored("key", "rotate", new["id"])
        assert (third.code, "two keys alive" in third.err) == (6, True)

    def test_a_rotation_without_overlap_ends_the_old_key(self, stored: Run) -> None:
        old = msgspec.json.decode(
            stored("key", "create", "reports", "--scope", "finance:read", "--days", "9", "--json").out
        )
        new = msgspec.json.decode(stored("key", "rotate", old["id"], "--overlap-days", "0", "--json").out)
        assert new["expires_at"] > old["expires_at"]
        assert stored("key", "rotate", old["id"]).code == 6
        assert stored("key", "rotate", "key_nope").code == 3
        assert stored("key", "rotate", new["id"], "--overlap-days", "400").code == 2


class TestToken:
    """Tokens of the development issuer."""

    def test_the_token_alone_goes_to_stdout(self, ledgerway: Run, product: Product) -> None:
        said = ledgerway("token", "--as", "pm", "--scope", "runs:read", "--scope", "onboarding:run")
        assert (said.code, said.out, said.err) == (0, "issued\n", "")
        assert b"scope=runs%3Aread+onboarding%3Arun" in product.requests(TOKEN)[0].body

    def test_a_refused_scope(self, ledgerway: Run, product: Product) -> None:
        product.on(
            "POST", TOKEN, (400, {"error": "invalid_scope", "error_description": "This client does not hold x."})
        )
        said = ledgerway("token", "--scope", "x")
        assert (said.code, said.err) == (4, "This client does not hold x.\n")

    def test_live_mode_has_no_issuer(self, ledgerway: Run, product: Product) -> None:
        product.on("POST", TOKEN, problem(404, "not-found"))
        assert ledgerway("token").code == 4

    def test_personas(self, ledgerway: Run) -> None:
        assert "billing-manager" in ledgerway("token", "--list").out
