"""Every command block of the README and of the tutorials, in order, in one shell a page, against the product as it is started there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from runtime.data.embedded import running
from tests.support.demo import ROOT, Demo, demo, free_port

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
README, EVENTS, MONTH = "README.md", "docs/tutorials/receiving-events.md", "docs/tutorials/billing-a-month.md"
VENDOR = "docs/tutorials/first-operation-of-a-vendor.md"  # played in a checkout of its own: test_new_vendor.py
Shell = subprocess.Popen[str]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo(tmp_path_factory.mktemp("readme") / "state") as product:
        yield product


def blocks(page: str) -> list[str]:
    return _BLOCK.findall((ROOT / page).read_text("utf-8"))


def test_command_blocks_run_and_end_well(product: Demo, tmp_path: Path) -> None:
    """The README first: after it the seeded months are taken in, and the tutorial of events hears its own."""
    assert "is posted as" in said(start(product, README, tmp_path / "readme"))
    taken = said(start(product, EVENTS, tmp_path / "events"))
    assert "received time.submitted" in taken
    assert '"type":"time.approved"' in taken


def test_a_month_is_billed(product: Demo, tmp_path: Path) -> None:
    told = said(start(product, MONTH, tmp_path / "month"))
    assert "Purchase order PO-CU-8802 has 2,065.00 USD left" in told
    assert "PO-CU-8802" in told[told.index("none (dry run)") :]
    assert "posted" in told[told.index("INVOICE") :]


def test_each_seeded_deal_has_a_correlation_id_of_its_own(product: Demo) -> None:
    servers = running(product.state_dir)
    assert servers is not None
    with psycopg.connect(servers.database_url) as session:
        row = session.execute("select count(*), count(distinct correlation_id) from project").fetchone()
    assert row is not None
    assert row[0] == row[1] > 30


def test_every_tutorial_is_played() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/tutorials").glob("*.md")}
    assert found == {EVENTS, MONTH, VENDOR}
    assert all(len(blocks(page)) >= 4 for page in (README, *found))


def start(product: Demo, page: str, folder: Path) -> Shell:
    """The only differences from the page: other ports and state directory, so that it runs beside others."""
    script = "\n".join(blocks(page)).replace("http://127.0.0.1:8080", product.url).replace("3999", str(free_port()))
    script = script.replace('export PATH="$PWD/.venv/bin:$PATH"', "")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWAY_")}
    environment |= {"LEDGERWAY_STATE_DIR": str(product.state_dir), "PATH": _path(folder)}
    return subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(shell: Shell) -> str:
    """All it said, once it ended well."""
    told, _ = shell.communicate(timeout=480)
    assert shell.returncode == 0, told[-5000:]
    return told


def _path(folder: Path) -> str:
    """A `ledgerway` of this interpreter first on the path."""
    command = folder / "bin" / "ledgerway"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m gateway.cli.main "$@"\n')
    command.chmod(0o755)
    return f"{command.parent}:{os.environ['PATH']}"
