"""What one demo installation remembers between starts: the day it was seeded and the ports of its simulated systems."""

import socket
from contextlib import closing
from datetime import date
from pathlib import Path

import msgspec
from msgspec import Struct

SYSTEMS = ("salesforce", "netsuite", "workday")
_FILE = "demo.json"


class SimulatedSystem(Struct, frozen=True, kw_only=True):
    """A simulator's ports on loopback: plain, and TLS for clients that refuse plain."""

    name: str
    port: int
    tls_port: int

    @property
    def url(self) -> str:
        """The plain address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """The TLS address; its certificate is signed by the authority in the state directory."""
        return f"https://localhost:{self.tls_port}"


class Demo(Struct, frozen=True, kw_only=True):
    """The file `demo.json` of a state directory. `loaded_into` names the database that holds the hub's own objects."""

    as_of: date
    url: str
    systems: tuple[SimulatedSystem, ...]
    loaded_into: str | None = None
    worker_port: int | None = None

    @property
    def worker_address(self) -> str | None:
        """Where the worker answers operators; None in what an older version left."""
        return None if self.worker_port is None else f"127.0.0.1:{self.worker_port}"

    def system(self, name: str) -> SimulatedSystem:
        """The simulator of that name."""
        return next(s for s in self.systems if s.name == name)


def read(state_dir: Path) -> Demo | None:
    """What the last start left, or None before the first."""
    try:
        return msgspec.json.decode((state_dir / _FILE).read_bytes(), type=Demo)
    except (FileNotFoundError, NotADirectoryError):
        return None


def write(state_dir: Path, demo: Demo) -> None:
    """Remember; readers never see half a file."""
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = state_dir / f"{_FILE}.new"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(demo)))
    draft.replace(state_dir / _FILE)


def plan(state_dir: Path, port: int, url: str, today: date) -> Demo:
    """The installation as it will run: what was remembered, else the preferred ports, else any free ones."""
    known = read(state_dir)
    systems = tuple(
        SimulatedSystem(
            name=name,
            port=_usable(known.system(name).port if known else _first(port) + 2 * place),
            tls_port=_usable(known.system(name).tls_port if known else _first(port) + 2 * place + 1),
        )
        for place, name in enumerate(SYSTEMS, start=1)
    )
    return Demo(
        as_of=known.as_of if known else today,
        url=url,
        systems=systems,
        loaded_into=known.loaded_into if known else None,
        worker_port=_usable((known and known.worker_port) or _first(port)),
    )


def _first(port: int) -> int:
    """Where the preferred ports begin: instances on neighbouring ports that start together do not meet."""
    return 10_000 + port * 10 % 20_000


def _usable(preferred: int) -> int:
    return preferred if _free(preferred) else _any_free()


def _free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _any_free() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
