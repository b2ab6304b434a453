"""The command line as a whole: versions, help, misuse, and what is imported when."""

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from gateway.cli import root
from gateway.cli.reference import commands, page
from tests.unit.gateway.cli.conftest import Run


def test_version(ledgerway: Run) -> None:
    assert ledgerway("--version").out.startswith("ledgerway ")


def test_without_a_command_the_help_is_shown(ledgerway: Run) -> None:
    said = ledgerway()
    assert said.code == 0
    for name in ("demo", "billing", "openapi", "--json", "Exit codes"):
        assert name in said.out


@pytest.mark.parametrize("path", list(commands(root.make())), ids=" ".join)
def test_every_command_has_help_with_an_example(ledgerway: Run, path: tuple[str, ...]) -> None:
    said = ledgerway(*path, "--help")
    assert said.code == 0
    assert f"ledgerway {' '.join(path)}" in said.out.split("Example: ")[1].splitlines()[0]


def test_the_reference_page_is_what_the_help_says() -> None:
    written = (Path(__file__).parents[4] / "docs/reference/cli.md").read_text("utf-8")
    assert written == page(), "run `make docs`"


@pytest.mark.parametrize(
    ("line", "near"),
    [
        (("biling", "ready"), '"billing"'),
        (("runs", "lst"), '"list"'),
        (("runs", "list", "--lmit", "3"), "--limit"),
        (("runs", "list", "--josn"), "--json"),
        (("runs", "list", "--as", "finanse"), "finance"),
        (("sandbox", "fault", "netsuite"), "--list"),
    ],
)
def test_misuse_ends_with_2_and_the_nearest_name(ledgerway: Run, line: tuple[str, ...], near: str) -> None:
    said = ledgerway(*line)
    assert (said.code, said.out) == (2, "")
    assert near in said.err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("billing explain", "`billing explain` needs SUBJECT."),
        ("held replay x", "`held replay` needs a value for `--reason`."),
        ("runs list --limit", "`runs list` needs a value for `--limit`."),
        ("runs list --limit x", "`--limit` is x; use a whole number."),
        ("completion csh", "`SHELL` is csh; use bash, zsh or fish."),
        ("billing draft bg_1 --invoice-date x", "`--invoice-date` is x; use a day such as 2026-11-30."),
        ("sandbox clock netsuite --set x", "`--set` is x; use an instant such as 2026-11-30T08:00:00Z."),
        ("runs list now please", "Too much on this line: now please."),
    ],
)
def test_misuse_says_what_was_given_and_what_would_do(ledgerway: Run, line: str, told: str) -> None:
    said = ledgerway(*line.split())
    assert (said.code, said.out, said.err.partition("\n")[0]) == (2, "", told)


@pytest.mark.parametrize("url", ["junk", "ftp://gw.example", "http://", "http://gw.example:99999", ""])
def test_what_is_no_address_is_misuse(ledgerway: Run, url: str) -> None:
    said = ledgerway("runs", "list", "--url", url)
    assert (said.code, said.out) == (2, "")
    assert "http://127.0.0.1:8080" in said.err


# macOS has no device that is always full, and to fill a real disk would hurt whatever else runs there.
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_an_output_that_cannot_be_written_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        said = subprocess.run(
            [sys.executable, "-m", "gateway.cli.main", "calc", "--list"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (said.returncode, said.stderr) == (1, b"The output cannot be written: No space left on device.\n")


def test_misuse_with_json_is_a_document(ledgerway: Run) -> None:
    said = ledgerway("runs", "show", "--json")
    assert said.code == 2
    assert "RUN_ID" in msgspec.json.decode(said.err)["detail"]


def test_an_unknown_setting_is_misuse(ledgerway: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGERWAY_PROT", "1")
    said = ledgerway("runs", "list")
    assert said.code == 2
    assert "LEDGERWAY_PORT" in said.err


@pytest.mark.parametrize(("shell", "says"), [("bash", "complete -F"), ("zsh", "#compdef"), ("fish", "complete -c")])
def test_completion_knows_commands_and_shared_options(ledgerway: Run, shell: str, says: str) -> None:
    said = ledgerway("completion", shell)
    assert said.code == 0
    for told in (says, "recheck", "jsonl"):
        assert told in said.out
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=said.out, text=True, check=True, timeout=20)


def _imported(*argv: str) -> set[str]:
    code = f"import sys; from gateway.cli.main import main; main({argv!r}); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20)
    return set(done.stderr.split())


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    assert not {"cyclopts", "msgspec", "asyncio"} & _imported("--version")
    assert not {"httpx", "aiohttp", "asyncpg", "joserfc", "uvicorn", "litestar", "rich.markdown"} & _imported("--help")
