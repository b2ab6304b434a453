"""`ledgerway new-vendor`: the files of a vendor's folder, for those who connect another system. Works in a checkout."""

import json
import re
from importlib import resources
from pathlib import Path
from string import Template

import msgspec

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Asked

_ID = re.compile(r"[a-z][a-z0-9_]{1,29}\Z")
_REASON = "not built yet"
_CLASS = '''

class {name}Adapter:
    """{name}: nothing is built yet."""

    def __init__(self, client: TenantClient, instance: str) -> None:
        self._client, self._instance = client, instance
'''


def new_vendor(
    vendor: str,
    /,
    *,
    ports: str,
    name: str | None = None,
    owner: str = "integration",
    folder: Path = Path(),
    session: Asked,
) -> Exit:
    """Write the folder of another vendor. Every operation is listed as unsupported until you build it, so it pretends nothing.

    Example: `ledgerway new-vendor kantata --ports psa,planning --name "Kantata OX"`

    Parameters
    ----------
    vendor
        Its id, which is the name of the folder: lower-case letters, digits, underscore.
    ports
        What it will serve, comma between them, such as psa,planning.
    name
        Its name for people; the id unless given.
    owner
        Who answers for it.
    folder
        The checkout.
    """
    chosen = _ports(ports)
    shown = name or vendor.replace("_", " ").capitalize()
    for text in (shown, owner):
        if not text.isprintable() or '"' in text or "\\" in text:
            raise Complaint(Exit.MISUSE, f"{text!r} cannot stand in the files; use letters without quotes.")
    places = _places(vendor, folder)
    written = [_write(folder / place, text) for place, text in _files(vendor, shown, owner, chosen, places)]
    written += _describe(folder)
    session.show(msgspec.json.encode({"files": [str(path) for path in written]}), "\n".join(map(str, written)))
    session.suggest("Next: `make check`, then `ledgerway docs adding-a-vendor`.")
    return Exit.DONE


def _ports(text: str) -> tuple[str, ...]:
    from contracts.system import PORTS

    chosen = tuple(dict.fromkeys(port.strip() for port in text.split(",")))
    for port in chosen:
        if port not in PORTS:
            raise Complaint(Exit.MISUSE, f"There is no port {port or 'without a name'}; there are {', '.join(PORTS)}.")
    return chosen


def _places(vendor: str, folder: Path) -> dict[str, Path]:
    """Where each template goes. Complains of an id that cannot be, a folder that is there, and a place that is no checkout."""
    if not _ID.match(vendor):
        raise Complaint(Exit.MISUSE, f"{vendor} is no id; use lower-case letters, digits and underscore.")
    if not (folder / "system_apis" / "__init__.py").exists():
        raise Complaint(Exit.MISUSE, f"{folder.absolute()} is no checkout of Ledgerway; name it with --folder.")
    own, tests = Path("system_apis", vendor), Path("tests", "contract")
    if (folder / own).exists():
        raise Complaint(Exit.CONFLICT, f"{own} is there already; nothing was written.")
    names = ("manifest.toml", "wire.py", "mapping.py", "client.py", "session.py", "adapter.py", "sandbox.py")
    places = {name: own / name for name in names}
    return places | {"stage.py": tests / "vendors" / f"{vendor}.py"}


def _files(
    vendor: str, name: str, owner: str, ports: tuple[str, ...], places: dict[str, Path]
) -> list[tuple[Path, str]]:
    from contracts.operation import operations
    from contracts.periods import SystemClock
    from contracts.system import PORTS

    ids = [operation.id for port in ports for operation in operations(PORTS[port])]
    values = {
        "id": vendor,
        "name": name,
        "owner": owner,
        "today": SystemClock().now().date().isoformat(),
        "ports": ", ".join(map(json.dumps, ports)),
        "unsupported": "\n".join(f'"{one}" = "{_REASON}"' for one in ids),
        "classes": "".join(_CLASS.format(name=port.capitalize()) for port in ports),
        "tuple": f"({', '.join(map(json.dumps, ports))}{',' if len(ports) == 1 else ''})",
        "adapters": "\n".join(f'        "{p}": {p.capitalize()}Adapter(client, connection.instance),' for p in ports),
    }
    template = resources.files("gateway.cli") / "vendor_template"
    made = [
        (place, Template((template / f"{kind}.txt").read_text("utf-8")).substitute(values))
        for kind, place in places.items()
    ]
    note = f"Golden samples of {name}, one file per operation: see docs/adding-a-vendor.md.\n"
    samples = Path("tests", "contract", "samples", vendor, "README.md")
    return [*made, (Path("system_apis", vendor, "__init__.py"), ""), (samples, note)]


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def _describe(folder: Path) -> list[Path]:
    """The API description of the checkout, written anew with the vendor in it."""
    import subprocess
    import sys

    command = [sys.executable, "-m", "gateway.cli.main", "openapi", "--write"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise Complaint(Exit.PROBLEM, f"The files are written, their description is not: {done.stderr.strip()}")
    return [folder / line for line in done.stdout.splitlines()]
