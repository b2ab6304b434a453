"""Secrets of an installation that it makes for itself at first use: files of the state directory that only its owner reads."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of the file; made first when it is not there. Of several processes that start at once, the first one's stays."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
        made.touch(mode=0o600)
        made.write_bytes(make())
        with suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    return path.read_bytes()
