"""Which process a number in a lock file stands for: numbers are used again, and zombies still answer to signal 0."""

import os
from pathlib import Path

PROC = Path("/proc")


def exists(pid: int) -> bool:
    """Whether the number is taken, by a zombie or by anybody."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def works_in(pid: int, folder: Path) -> bool:
    """Whether the process lives with the folder as its working directory; without /proc, whether the number is taken."""
    if not PROC.joinpath("self").exists():
        return exists(pid)
    try:
        return PROC.joinpath(str(pid), "cwd").readlink() == folder.resolve()
    except OSError:  # gone, a zombie, or another user's
        return False


def any_works_in(folder: Path) -> bool:
    """Whether any process we may look at works in the folder."""
    return PROC.is_dir() and any(works_in(int(entry.name), folder) for entry in PROC.iterdir() if entry.name.isdigit())
