"""Which database a state directory belongs to: its keys unlock the hashes in that one and no other."""

from pathlib import Path

from runtime.data.database import Database
from runtime.telemetry import log

_FILE = "installation"


def recorded(state_dir: Path) -> str | None:
    """The installation the directory belongs to, or None before its first start."""
    try:
        return (state_dir / _FILE).read_text("ascii").strip() or None
    except (FileNotFoundError, NotADirectoryError):
        return None


async def remember(database: Database, state_dir: Path) -> None:
    """Note it at the first start; complain when it is another one later."""
    own, known = await database.fetchval("select id from installation limit 1"), recorded(state_dir)
    if known is None:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        (state_dir / _FILE).write_text(f"{own}\n", "ascii")
    elif known != own:
        log.error("installation.other_database", state_dir=str(state_dir), belongs_to=known, database=own)
