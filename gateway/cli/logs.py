"""`ledgerway logs`: the lines of the processes a supervisor keeps here, in the order of time."""

import itertools
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from cyclopts import Parameter
from msgspec import Struct

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Asked, Session

Level: TypeAlias = Literal["debug", "info", "warning", "error"]

_LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")
_LOOK_S, _LATE = 0.3, 1000
_FIRST = ("at", "level", "role", "event")


class Wanted(Struct, frozen=True, kw_only=True):
    """Which lines; None lets any through."""

    problem: str | None
    correlation: str | None
    run: str | None
    level: Level | None

    def takes(self, line: dict[str, Any]) -> bool:
        """A line that is no event of ours (a trace of a crash) is taken when nothing was asked for."""
        if self.level is not None and _severity(line) < _LEVELS.index(self.level):
            return False
        asked = (("problem", self.problem), ("correlation_id", self.correlation), ("run", self.run))
        return all(value is None or line.get(name) == value for name, value in asked)


def logs(
    *,
    follow: Annotated[bool, Parameter(name=("--follow", "-f"))] = False,
    problem: str | None = None,
    correlation: str | None = None,
    run: str | None = None,
    level: Level | None = None,
    process: str | None = None,
    lines: Annotated[int, Parameter(name=("--lines", "-n"))] = 200,
    session: Asked,
) -> Exit:
    """Show what the processes of this state directory log, oldest line first; --jsonl gives the lines as they were written.

    Example: `ledgerway logs --problem vendor-unavailable --follow`

    Parameters
    ----------
    follow
        Go on with new lines until Ctrl-C.
    problem
        Lines about this problem slug.
    correlation
        Lines of this correlation id: what one request did in all processes.
    run
        Lines of this run.
    level
        Lines of this level and above.
    process
        Lines of this process alone: api, worker, sandboxes.
    lines
        How many of the last lines to show first.
    """
    files = _files(session.settings.state_dir / "log", process)
    wanted = Wanted(problem=problem, correlation=correlation, run=run, level=level)
    tails = [_Tail(path) for path in files]
    # Within a file lines of requests and events come a moment late: enough of each file is kept to put them in order.
    kept = [deque(filter(wanted.takes, tail.read()), maxlen=max(0, lines) + _LATE) for tail in tails]
    ordered = sorted(itertools.chain(*kept), key=_moment)
    _show(session, ordered[max(0, len(ordered) - max(0, lines)) :])
    while follow:
        sys.stdout.flush()
        time.sleep(_LOOK_S)
        fresh = sorted((line for tail in tails for line in tail.read()), key=_moment)
        _show(session, (line for line in fresh if wanted.takes(line)))
    return Exit.DONE


def _files(folder: Path, process: str | None) -> list[Path]:
    files = sorted(folder.glob("*.log")) if folder.is_dir() else []
    if not files:
        detail = f"There are no logs in {folder}. Processes without a supervisor log to stderr."
        raise Complaint(Exit.NOT_FOUND, detail, look="ledgerway demo")
    if process is None:
        return files
    named = [path for path in files if path.stem == process]
    if not named:
        raise Complaint(
            Exit.NOT_FOUND, f"No process {process} logs here; there are {', '.join(p.stem for p in files)}."
        )
    return named


class _Tail:
    """One file, from its beginning on; a file that was begun again is read from there."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset, self._last_at = path, 0, ""

    def read(self) -> Iterator[dict[str, Any]]:
        """Whole lines that were not read yet."""
        with self._path.open("rb") as file:
            if file.seek(0, 2) < self._offset:
                self._offset = 0
            file.seek(self._offset)
            for raw in file:
                if not raw.endswith(b"\n"):
                    break
                self._offset += len(raw)
                yield self._line(raw)

    def _line(self, raw: bytes) -> dict[str, Any]:
        try:
            line = msgspec.json.decode(raw, type=dict[str, Any])
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
            return {"at": self._last_at, "role": self._path.stem, "text": raw.decode("utf-8", "replace").rstrip("\n")}
        self._last_at = str(line.get("at", self._last_at))
        return line


def _moment(line: dict[str, Any]) -> str:
    return str(line["at"]) if "at" in line else ""


def _severity(line: dict[str, Any]) -> int:
    level = line.get("level", "error" if "text" in line else "info")
    return _LEVELS.index(level) if level in _LEVELS else len(_LEVELS)


def _show(session: Session, lines: Iterable[dict[str, Any]]) -> None:
    for line in lines:
        if session.as_json:
            sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        else:
            sys.stdout.write(line.get("text") or _text(line))
            sys.stdout.write("\n")


def _text(line: dict[str, Any]) -> str:
    """`17:03:38 warning worker step.failed step=post problem=vendor-unavailable`."""
    rest = " ".join(f"{name}={value}" for name, value in line.items() if name not in _FIRST and value is not None)
    at = str(line.get("at", ""))[:19].replace("T", " ")
    return f"{at} {line.get('level', ''):<7} {line.get('role', ''):<9} {line.get('event', '')} {rest}".rstrip()
