"""Every command block of the README, in order, in one shell, against the product as it is started there."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.demo import ROOT, demo

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[str]:
    return _BLOCK.findall((ROOT / "README.md").read_text("utf-8"))


def test_command_blocks_run_and_end_well(tmp_path: Path) -> None:
    assert len(blocks()) >= 5
    with demo(tmp_path / "state") as product:
        # The only differences from the page: another port and state directory, so that it runs beside others.
        script = "\n".join(blocks()).replace("http://127.0.0.1:8080", product.url)
        script = script.replace('export PATH="$PWD/.venv/bin:$PATH"', "")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWAY_")}
        environment |= {"LEDGERWAY_STATE_DIR": str(product.state_dir), "PATH": _path(tmp_path)}
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=480,
        )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert "is posted as" in ran.stdout


def _path(folder: Path) -> str:
    """A `ledgerway` of this interpreter first on the path."""
    command = folder / "bin" / "ledgerway"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m gateway.cli.main "$@"\n')
    command.chmod(0o755)
    return f"{command.parent}:{os.environ['PATH']}"
