"""Options of every command: forms of data, talk, questions, profiles."""

import os
import pty
import subprocess
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

import msgspec
import pytest

from contracts.process.runs import RunPage
from tests.unit.gateway.cli.conftest import TOKEN, Product, Run, problem
from tests.unit.gateway.cli.test_runs import run

RUNS = "/process/v1/runs"
RESUME = "/process/v1/runs/run_1/resume"
LIVE = {"ledgerway-mode": "live"}
ACME = "e30." + urlsafe_b64encode(b'{"tenant":"acme"}').decode().rstrip("=") + ".x"


class TestForms:
    """What goes to stdout."""

    def test_jsonl_has_an_item_on_each_line(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", RUNS, RunPage(items=(run(), run("completed"))))
        lines = ledgerway("runs", "list", "--jsonl").out.splitlines()
        assert [msgspec.json.decode(line)["status"] for line in lines] == ["running", "completed"]

    def test_jsonl_of_one_object_is_one_line(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", f"{RUNS}/run_1", run())
        (line,) = ledgerway("runs", "show", "run_1", "--jsonl").out.splitlines()
        assert msgspec.json.decode(line)["id"] == "run_1"

    def test_jsonl_of_nothing_is_nothing(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", RUNS, RunPage(items=()))
        assert ledgerway("runs", "list", "--jsonl").out == ""

    def test_problems_are_documents_then(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", RUNS, problem(503, "store-away"))
        assert msgspec.json.decode(ledgerway("runs", "list", "--jsonl").err)["code"] == "store-away"


def test_verbose_tells_each_request(ledgerway: Run, product: Product) -> None:
    product.headers["ledgerway-request-id"] = "req_7"
    product.on("GET", RUNS, RunPage(items=()))
    said = ledgerway("-v", "runs", "list", "--limit", "3")
    assert f"GET {RUNS}?sort=-id&limit=3: 200 in " in said.err
    assert "request req_7" in said.err


class TestStateDirectory:
    """A directory that was named is meant: no other installation is asked instead."""

    def test_one_that_is_not_there(self, ledgerway: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("LEDGERWAY_URL", raising=False)
        nowhere = tmp_path / "no where"
        said = ledgerway("runs", "list", "--state-dir", str(nowhere))
        assert said == (
            7,
            "",
            f"There is no state directory {nowhere}, so nothing was started there.\n"
            f"Look: ledgerway demo --state-dir '{nowhere}'\n",
        )

    def test_one_where_nothing_runs(self, ledgerway: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("LEDGERWAY_URL", raising=False)
        monkeypatch.setenv("LEDGERWAY_PORT", "1")
        said = ledgerway("runs", "list", "--state-dir", str(tmp_path))
        assert said.code == 7
        assert said.err.endswith(f"\nLook: ledgerway demo --state-dir {tmp_path}\n")


def test_a_timeout_below_a_second_is_misuse(ledgerway: Run) -> None:
    assert ledgerway("runs", "list", "--timeout", "0").code == 2


class TestLive:
    """A write in live mode."""

    @pytest.fixture
    def live(self, ledgerway: Run, product: Product, monkeypatch: pytest.MonkeyPatch) -> Run:
        product.headers |= LIVE
        product.on("GET", "/health/live", {"status": "live"})
        product.on("GET", RUNS, RunPage(items=()))
        product.on("POST", RESUME, (202, run()))
        monkeypatch.setenv("LEDGERWAY_TOKEN", ACME)
        return ledgerway

    @pytest.mark.parametrize("more", [(), ("--no-input",)])
    def test_is_refused_where_nobody_can_be_asked(self, live: Run, product: Product, more: tuple[str, ...]) -> None:
        said = live("runs", "resume", "run_1", *more)
        assert said.code == 2
        assert "live data of acme; repeat it with --yes" in said.err
        assert product.requests(RESUME) == []

    def test_goes_on_with_yes(self, live: Run, product: Product) -> None:
        assert live("runs", "resume", "run_1", "--yes").code == 0
        assert len(product.requests(RESUME)) == 1

    def test_reads_are_not_asked_about(self, live: Run) -> None:
        assert live("runs", "list").code == 0

    @pytest.mark.parametrize(("typed", "code", "sent"), [("acme", 0, 1), ("Acme", 4, 0)])
    def test_asks_for_the_name_of_the_tenant(
        self, live: Run, product: Product, tmp_path: Path, typed: str, code: int, sent: int
    ) -> None:
        environment = os.environ | {"LEDGERWAY_URL": product.url, "LEDGERWAY_STATE_DIR": str(tmp_path)}
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "gateway.cli.main", "runs", "resume", "run_1"]
        process = subprocess.Popen(
            command, env=environment, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        os.write(ours, f"{typed}\n".encode())
        _, err = process.communicate(timeout=30)
        os.close(ours)
        os.close(theirs)
        assert (process.returncode, len(product.requests(RESUME))) == (code, sent), err
        assert b"Type the tenant's name, acme" in err


class TestProfiles:
    """`--profile` names an installation."""

    @pytest.fixture
    def profiles(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        place = tmp_path / "profiles.toml"
        monkeypatch.setenv("LEDGERWAY_PROFILES", str(place))
        return place

    def test_says_where_and_whose_token(
        self, ledgerway: Run, product: Product, profiles: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (profiles.parent / "token").write_text("of-staging\n")
        profiles.write_text(f'[staging]\nurl = "{product.url}"\ntoken_file = "{profiles.parent / "token"}"\n')
        monkeypatch.setenv("LEDGERWAY_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("LEDGERWAY_TOKEN", "of-elsewhere")
        product.on("GET", RUNS, RunPage(items=()))
        assert ledgerway("runs", "list", "--profile", "staging").code == 0
        assert product.requests(RUNS)[0].headers["authorization"] == "Bearer of-staging"
        assert product.requests(TOKEN) == []

    def test_options_win(self, ledgerway: Run, product: Product, profiles: Path) -> None:
        profiles.write_text('[staging]\nurl = "http://127.0.0.1:9"\n')
        product.on("GET", RUNS, RunPage(items=()))
        assert ledgerway("runs", "list", "--profile", "staging", "--url", product.url).code == 0

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            (None, "is not there"),
            ('[stagin]\nurl = "x"', "did you mean stagin?"),
            ('[staging]\ntoken = "t"', "staging.token is no part of a profile"),
            ("[staging]\nurl = 1", "use a text"),
            ('[staging]\nmode = "prod"', "use sandbox or live"),
            ("[staging", "cannot be read"),
        ],
    )
    def test_what_cannot_be_used(self, ledgerway: Run, profiles: Path, text: str | None, told: str) -> None:
        if text is not None:
            profiles.write_text(text)
        said = ledgerway("runs", "list", "--profile", "staging")
        assert said.code == 2
        assert told in said.err


class TestTerminal:
    """On a terminal of its own."""

    def _on_terminal(self, *argv: str, **environment: str) -> str:
        ours, theirs = pty.openpty()
        clean = os.environ | {"TERM": "xterm", "LEDGERWAY_URL": "http://127.0.0.1:9"} | environment
        command = [sys.executable, "-m", "gateway.cli.main", *argv]
        subprocess.run(command, env=clean, stdout=theirs, stderr=theirs, timeout=30, check=False)
        os.close(theirs)
        said = os.read(ours, 65536).decode()
        os.close(ours)
        return said

    def test_problems_are_red(self) -> None:
        assert "\x1b[31mNothing answers" in self._on_terminal("runs", "list")

    @pytest.mark.parametrize(("more", "environment"), [(("--no-color",), {}), ((), {"NO_COLOR": "1"})])
    def test_unless_nobody_wants_colours(self, more: tuple[str, ...], environment: dict[str, str]) -> None:
        assert "\x1b[31m" not in self._on_terminal("runs", "list", *more, **environment)
