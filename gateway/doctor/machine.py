"""What is here: the state directory, its disk, the Redis-protocol server."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from gateway.doctor.finding import Finding, ill, unknown, warning, well
from runtime.data.statedir import MARKER

_SECRETS = ("api-key-pepper", "cursor-key", "issuer-key.json")
_FULL_BYTES, _NEARLY_BYTES = 200 * 1024**2, 1024**3
_TIMEOUT_S = 3


def state_directory(path: Path) -> Iterator[Finding]:
    """Is it ours, can it be written, and are its secrets ours alone?"""
    name = "state directory"
    if not path.is_dir():
        yield warning(name, f"There is none at {path}: nothing was started here.", "ledgerway demo")
        return
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        yield ill(name, f"{path} cannot be written by this account.", f"chmod u+rwx {path}")
        return
    if any(path.iterdir()) and not any((path / known).exists() for known in (MARKER, *_SECRETS)):
        detail = f"{path} holds files of something else."
        yield warning(name, detail, "ledgerway demo --state-dir ANOTHER")
        return
    wide = [found for found in (path, *(path / secret for secret in _SECRETS)) if found.exists() and _wide(found)]
    if wide:
        names = " ".join(map(str, wide))
        yield ill(name, f"Others may read or change what is theirs alone to know: {names}.", f"chmod go-rw {names}")
        return
    yield well(name, str(path))


def _wide(path: Path) -> bool:
    """Others of this machine may change the directory, or read a secret."""
    mode = path.stat().st_mode
    return bool(mode & (stat.S_IWGRP | stat.S_IWOTH)) or (path.is_file() and bool(mode & (stat.S_IRGRP | stat.S_IROTH)))


def disk(path: Path) -> Finding:
    """Room for logs and, where they are embedded, for the servers' data."""
    there = next((place for place in (path, *path.absolute().parents) if place.is_dir()), None)
    if there is None:
        return unknown("disk", f"{path} is on no disk.")
    return room(there, shutil.disk_usage(there).free)


def room(path: Path, free: int) -> Finding:
    """What `free` bytes mean."""
    told = f"{free // 1024**2:,} MB are free at {path}."
    fix = f"du -xsh {path}/* | sort -h   (then delete or move, or start with --state-dir on another disk)"
    if free < _FULL_BYTES:
        return ill("disk", f"Full: {told}", fix)
    return warning("disk", f"Nearly full: {told}", fix) if free < _NEARLY_BYTES else well("disk", told)


async def redis(url: str | None) -> Finding:
    """Does the counters' store answer? Without it limits let everybody through."""
    if url is None:
        return well("redis", "Not configured, not needed by one API process.")
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    client = Redis.from_url(url, protocol=2, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S)
    try:
        await client.ping()
    except (RedisError, OSError, TimeoutError) as error:
        detail = (
            f"It does not answer ({type(error).__name__}): limits are not counted together and let requests through."
        )
        return ill("redis", detail, "docker compose up -d redis   (a demo starts its own again within 10 s)")
    finally:
        await client.aclose()
    return well("redis", "It answers.")
