"""A fresh scaffold of a vendor passes every check, says truthfully that nothing is built, and refuses what it cannot do."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.demo import ROOT

TUTORIAL = ROOT / "docs/tutorials/first-operation-of-a-vendor.md"
MADE = ("new-vendor", "acme_psa", "--ports", "psa,time,planning", "--name", "Acme PSA")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with the scaffold in it."""
    copy = tmp_path_factory.mktemp("scaffold") / "checkout"
    copy.mkdir()
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    ).stdout.split(b"\0")
    for name in filter(None, map(bytes.decode, listed)):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    made = run(copy, "-m", "gateway.cli.main", *MADE)
    assert made.returncode == 0, made
    return copy


def run(checkout: Path, *line: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *line],
        cwd=checkout,
        env=_bare(checkout),
        capture_output=True,
        text=True,
        timeout=500,
    )


def _bare(checkout: Path) -> dict[str, str]:
    return {"PATH": str(Path(sys.executable).parent), "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.mark.parametrize(
    "line",
    [
        ("-m", "ruff", "check", "system_apis", "tests/contract/vendors"),
        ("-m", "ruff", "format", "--check", "system_apis", "tests/contract/vendors"),
        ("-m", "mypy", "-p", "system_apis.acme_psa"),
        ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),
        ("-m", "tests.contract.house"),
        ("-m", "gateway.cli.main", "openapi", "--check"),
        ("-m", "pytest", "-q", "tests/contract/test_manifests.py", "tests/contract/test_ports.py", "-k", "acme_psa"),
    ],
    ids=lambda line: " ".join(line[:4]),
)
def test_a_fresh_scaffold_passes(checkout: Path, line: tuple[str, ...]) -> None:
    done = run(checkout, *line)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_pretended(checkout: Path) -> None:
    shown = run(checkout, "-m", "gateway.cli.main", "catalogue", "show", "acme_psa")
    assert shown.returncode == 0, shown
    assert "Level       mapped" in shown.stdout
    assert "Cannot do   psa.create_project: not built yet" in shown.stdout
    listed = run(checkout, "-m", "gateway.cli.main", "catalogue", "list").stdout
    (row,) = (line.split() for line in listed.splitlines() if line.startswith("acme_psa"))
    assert row[1:4] == ["system", "mapped", "0"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (MADE, 6),
        (("new-vendor", "Acme", "--ports", "psa"), 2),
        (("new-vendor", "other", "--ports", "psa,tme"), 2),
        (("new-vendor", "other", "--ports", "psa", "--folder", "docs"), 2),
        (("new-vendor", "other", "--ports", "psa", "--name", 'a"b'), 2),
    ],
)
def test_what_cannot_be_made(checkout: Path, line: tuple[str, ...], code: int) -> None:
    said = run(checkout, "-m", "gateway.cli.main", *line)
    assert said.returncode == code, said
    assert not (checkout / "system_apis" / "other").exists()


def test_the_tutorial_builds_an_operation_that_keeps_its_promises(checkout: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", TUTORIAL.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    script = "\n".join(blocks).replace('export PATH="$PWD/.venv/bin:$PATH"', "")
    played = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=checkout,
        env=_bare(checkout) | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert "acme cannot do psa.create_project, as its manifest says" in played.stdout
    assert "Level       simulated" in played.stdout
    for line in (("check",), ("format", "--check")):
        done = run(checkout, "-m", "ruff", *line, "system_apis/acme", "tests/contract/vendors/acme.py")
        assert done.returncode == 0, done.stdout
