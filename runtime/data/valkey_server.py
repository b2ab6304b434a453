"""The embedded Valkey (Redis protocol) on a unix socket: counters, caches and wake-ups, nothing that may not be lost.

It daemonises, so it outlives a killed supervisor and the next one adopts it. The socket's folder (0700) is the access rule.
"""

import socket
import time
from pathlib import Path
from urllib.parse import quote

from runtime.data.programs import run, valkey_program
from runtime.data.statedir import EmbeddedServerError, Home

START_S, STOP_S, PAUSE_S = 10.0, 5.0, 0.02


class ValkeyServer:
    """One server with its socket in `run_folder`; at most 64 MB, least recently used keys go first; nothing on disk."""

    def __init__(self, home: Home, run_folder: Path) -> None:
        self._home = home
        self._socket = run_folder / "valkey.sock"

    @property
    def url(self) -> str:
        """Address as redis-py reads it."""
        return f"unix://{quote(str(self._socket), safe='/')}?db=0"

    def start(self) -> bool:
        """Adopts or starts the server; True when one was found running. Raises EmbeddedServerError."""
        if self.alive():
            return True
        folder = self._home.folder("valkey")
        run(self._home, [valkey_program(self._home), *_options(folder, self._socket)])
        if not self._within(START_S, answering=True):
            raise EmbeddedServerError(f"Embedded Valkey did not start: see {folder / 'valkey.log'}.")
        return False

    def alive(self) -> bool:
        """Whether it answers."""
        return self._ask("PING") == "+PONG"

    def stop(self) -> None:
        """Ends it; what it held is gone. Does nothing when it is not running."""
        self._ask("SHUTDOWN NOSAVE")
        self._within(STOP_S, answering=False)

    def _within(self, seconds: float, *, answering: bool) -> bool:  # house: float seconds
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if self.alive() is answering:
                return True
            time.sleep(PAUSE_S)
        return False

    def _ask(self, command: str) -> str:
        """One inline command; the first line of the answer, empty when nobody answers."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(2)
            try:
                link.connect(str(self._socket))
                link.sendall(f"{command}\r\n".encode())
                return link.recv(512).decode("ascii", "replace").strip()
            except OSError:
                return ""


def _options(folder: Path, unix_socket: Path) -> list[str | Path]:
    return [
        *("--port", "0", "--unixsocket", unix_socket, "--unixsocketperm", "700"),
        *("--daemonize", "yes", "--dir", folder, "--logfile", folder / "valkey.log", "--loglevel", "warning"),
        *("--save", "", "--appendonly", "no", "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"),
        *("--hz", "2", "--databases", "16", "--maxclients", "200"),
    ]
