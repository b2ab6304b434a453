"""Makes this checkout the `ledgerway` of its .venv: importable, with its command and its version; nothing is built.

Run with the .venv's Python, by the Makefile. What a wheel would do for users, a .pth file does for a checkout.
"""

import sys
import sysconfig
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The path of .venv may hold blanks or be too long for a `#!` line, so the script starts as shell and goes on as Python.
COMMAND = """#!/bin/sh
'''exec' "$(dirname "$0")/python" "$0" "$@"
' '''
import sys

from {module} import {function}

sys.exit({function}())
"""


def main() -> None:
    """Writes the .pth file, the metadata and one script per entry of [project.scripts]."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    packages = Path(sysconfig.get_path("purelib"))
    packages.joinpath(f"{project['name']}.pth").write_text(f"{ROOT}\n", "utf-8")
    _describe(packages, project["name"], project["version"])
    for name, entry in project["scripts"].items():
        module, _, function = entry.partition(":")
        script = Path(sys.prefix, "bin", name)
        script.write_text(COMMAND.format(module=module, function=function), "utf-8")
        script.chmod(0o755)


def _describe(packages: Path, name: str, version: str) -> None:
    for old in packages.glob(f"{name}-*.dist-info"):
        for file in old.iterdir():
            file.unlink()
        old.rmdir()
    folder = packages / f"{name}-{version}.dist-info"
    folder.mkdir()
    folder.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
    folder.joinpath("INSTALLER").write_text("make\n", "utf-8")


if __name__ == "__main__":
    main()
