"""`ledgerway openapi`: the API descriptions, written from the contracts or compared with them."""

import sys
from pathlib import Path
from typing import Any

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Asked

WHOLE = "ledgerway.json"
RELEASED = "released/v1.json"
MENDED = "released/v1-mended.json"  # what breaks nobody, with the reason


def openapi(*, check: bool = False, write: bool = False, folder: Path = Path("openapi"), session: Asked) -> Exit:
    """Write the OpenAPI files from the contracts, or with --check tell what differs and what would break callers.

    Needs no running server. `released/` holds what callers of v1 were promised: written once, then only compared with.

    Example: `ledgerway openapi --check`

    Parameters
    ----------
    check
        Change nothing; exit 1 when files differ, or when a released operation lost something.
    write
        Write what differs; so it does unless --check is given.
    folder
        Where the files are.
    """
    from gateway.apis import described
    from runtime.http import specs

    if check and write:
        raise Complaint(Exit.MISUSE, "--check and --write exclude each other.")
    apis = described()
    changed = specs.check(folder, apis) if check else specs.write(folder, apis)
    if not (folder / RELEASED).exists():
        changed.append(RELEASED)
        if not check:
            (folder / RELEASED).parent.mkdir(exist_ok=True)
            (folder / RELEASED).write_bytes((folder / WHOLE).read_bytes())
    sys.stdout.write("".join(f"{folder / name}\n" for name in changed))
    broken = _broken(folder, specs.render(apis)[WHOLE])
    for sentence in broken:
        session.talk(f"Breaks callers of v1: {sentence}")
    if check and changed:
        session.talk(f"{len(changed)} files differ from the contracts; write them: ledgerway openapi")
    return Exit.PROBLEM if broken or (check and changed) else Exit.DONE


def _broken(folder: Path, current: bytes) -> list[str]:
    import msgspec

    from runtime.http.spec_changes import breaking_changes

    released = folder / RELEASED
    if not released.exists():
        return []
    documents: list[Any] = [msgspec.json.decode(raw) for raw in (released.read_bytes(), current)]
    mended = msgspec.json.decode((folder / MENDED).read_bytes()) if (folder / MENDED).exists() else {}
    return [sentence for sentence in breaking_changes(*documents) if sentence not in mended]
