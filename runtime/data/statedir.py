"""The state directory: who holds it, which account its servers run under, and where their data may lie.

PostgreSQL refuses to run as root. Started by root, the servers run as an unprivileged account instead; when that account
cannot reach the state directory (a private home), their data lies outside it and the state directory names the place.
No permission of a directory we did not make is ever changed.
"""

import fcntl
import os
import pwd
import secrets
import shutil
import socket
import stat
import tempfile
from pathlib import Path
from typing import Self

from msgspec import Struct

MARKER, HOME_RECORD, RUN_RECORD, LOCK, OWNER = "state", "servers-home", "servers-run", "lock", "state-dir"
ACCOUNTS = ("ledgerway", "postgres", "nobody")
PUBLIC_PLACES = (Path("/var/lib"), Path("/usr/local/var"), Path("/var/tmp"))  # noqa: S108  only as a parent of our own


class EmbeddedServerError(Exception):
    """An embedded server cannot be had; the message says why and what to do, `exit_code` what a command ends with."""

    exit_code = 7


class NotAStateDirectory(EmbeddedServerError):
    """The path cannot hold our state, or holds something else."""

    exit_code = 2


class StateDirectoryInUse(EmbeddedServerError):
    """Another supervisor holds the directory; `pid` is its process, None when it could not be read."""

    exit_code = 6

    def __init__(self, path: Path, pid: int | None) -> None:
        who = "another ledgerway" if pid is None else f"another ledgerway (process {pid})"
        stop = "Stop that one" if pid is None else f"Stop that one (kill {pid})"
        super().__init__(f"State directory {path} is in use by {who}. {stop}, or choose another with --state-dir.")
        self.path = path
        self.pid = pid


class Account(Struct, frozen=True, kw_only=True):
    """The unprivileged account servers run under when we are root."""

    uid: int
    gid: int


class Home(Struct, frozen=True, kw_only=True):
    """Where the servers' data lies (`path`), and as whom they run (None: as ourselves)."""

    path: Path
    account: Account | None = None

    def folder(self, name: str) -> Path:
        """A folder of the servers' account alone (0700), made if missing."""
        folder = self.path / name
        if not folder.exists():
            folder.mkdir(mode=0o700)
            self.give(folder)
        return folder

    def give(self, path: Path) -> None:
        """Hands a file or folder to the servers' account."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def reaches(self, path: Path) -> bool:
        """Whether the servers' account can enter the folder."""
        return self.account is None or _traversable(path, self.account.uid)


class StateDirectory:
    """An open state directory, made if missing; `with StateDirectory(path) as state:` holds its lock."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self._lock: int | None = None

    def __enter__(self) -> Self:
        """Makes the directory if need be and takes its lock. Raises StateDirectoryInUse, NotAStateDirectory."""
        try:
            descriptor = self._opened()
        except OSError as error:
            raise NotAStateDirectory(
                f"{self.path} cannot be a state directory: {error.strerror}. Choose another with --state-dir."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.read(descriptor, 20).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise StateDirectoryInUse(self.path, int(text) if text.isdigit() else None) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._lock = descriptor
        return self

    def _opened(self) -> int:
        if not self.path.exists():
            self.path.mkdir(parents=True)
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        if not any(self.path.iterdir()):
            (self.path / MARKER).write_text("Ledgerway keeps its state here.\n")
        return os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None

    def home(self) -> Home:
        """Where the servers of this directory live: chosen once, then always the same, also when the directory moves."""
        place = self._recorded(HOME_RECORD)
        if place is not None and self._is_copy(place):
            place = None
        account = _account(place or self.path) if os.geteuid() == 0 else None
        if place is None:
            place = self._choose(account)
        place.mkdir(mode=0o711, exist_ok=True)
        if place != self.path:
            (place / OWNER).write_text(f"{self.path}\n")
        self._note(HOME_RECORD, place)
        return Home(path=place, account=account)

    def run_folder(self, home: Home) -> Path:
        """A folder for unix sockets, ours alone (0700) and short enough for their 104 bytes; the same after a kill."""
        folder = self._recorded(RUN_RECORD) or home.folder("run")
        if not (_private(folder, home) and _takes_sockets(folder)):
            folder = Path(tempfile.mkdtemp(prefix="lw-", dir="/tmp"))  # 0700; TMPDIR may be too long
            home.give(folder)
        self._note(RUN_RECORD, folder)
        return folder

    def check_ours(self) -> None:
        """Raises NotAStateDirectory when the directory held foreign files before it became a state directory."""
        if self.path.is_dir() and any(self.path.iterdir()) and not (self.path / MARKER).exists():
            raise NotAStateDirectory(f"{self.path} was not made by ledgerway, so it is not erased. Delete it yourself.")

    def erase(self) -> None:
        """Deletes everything in it but the lock, and the servers' data outside it. Raises as `check_ours`."""
        self.check_ours()
        for place in filter(None, map(self._recorded, (HOME_RECORD, RUN_RECORD))):
            if place != self.path and self.path not in place.parents:
                shutil.rmtree(place, ignore_errors=True)
        for entry in self.path.iterdir():
            if entry.name not in (LOCK, MARKER):
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()

    def _recorded(self, name: str) -> Path | None:
        record = self.path / name
        return self.path / record.read_text().strip() if record.exists() else None

    def _note(self, name: str, place: Path) -> None:
        inside = place == self.path or self.path in place.parents
        (self.path / name).write_text(f"{place.relative_to(self.path) if inside else place}\n")

    def _is_copy(self, place: Path) -> bool:
        """Whether another directory, still there, has the place: then this one was copied from it and starts empty."""
        owner = place / OWNER
        if place == self.path or not owner.exists():
            return False
        other = Path(owner.read_text().strip())
        return other != self.path and (other / HOME_RECORD).exists()

    def _choose(self, account: Account | None) -> Path:
        if account is None or _traversable(self.path, account.uid):
            return self.path
        return public_place(account) / secrets.token_hex(6)


def public_place(account: Account) -> Path:
    """A folder `ledgerway` outside private homes which the account can enter."""
    for parent in (*PUBLIC_PLACES, Path(tempfile.gettempdir())):
        place = parent / "ledgerway"
        if parent.is_dir() and os.access(parent, os.W_OK) and _traversable(parent, account.uid):
            place.mkdir(mode=0o755, exist_ok=True)
            if not place.is_symlink() and place.stat().st_uid == 0 and _traversable(place, account.uid):
                return place
    raise EmbeddedServerError(
        "No place for the embedded servers' data; set LEDGERWAY_DATABASE_URL or run without root."
    )


def _account(place: Path) -> Account:
    """Who owns the data there already, else the first account of ACCOUNTS this machine has."""
    data = place / "postgres"
    if data.exists() and data.stat().st_uid != 0:
        return Account(uid=data.stat().st_uid, gid=data.stat().st_gid)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise EmbeddedServerError("PostgreSQL does not run as root and there is no account `nobody`; run as another user.")


def _traversable(path: Path, uid: int) -> bool:
    resolved = path.resolve()
    return all(_enters(folder.stat(), uid) for folder in (resolved, *resolved.parents))


def _enters(folder: os.stat_result, uid: int) -> bool:
    return bool(folder.st_mode & (stat.S_IXUSR if folder.st_uid == uid else stat.S_IXOTH))


def _private(folder: Path, home: Home) -> bool:
    if not folder.is_dir() or folder.is_symlink():
        return False
    owner = os.geteuid() if home.account is None else home.account.uid
    found = folder.stat()
    return found.st_uid == owner and stat.S_IMODE(found.st_mode) == 0o700


def _takes_sockets(folder: Path) -> bool:
    """False where the path is too long or the file system has no sockets."""
    probe = folder / ".s.PGSQL.54321"
    with socket.socket(socket.AF_UNIX) as trial:
        try:
            trial.bind(str(probe))
        except OSError:
            return False
    probe.unlink()
    return True
