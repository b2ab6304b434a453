"""Profiles: installations by name, in a file of the one who types: `[staging]` with url, tenant, mode, token_file, state_dir.

A token is named by its file, never written there.
"""

import difflib
import tomllib
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from runtime.settings import Settings, changed

_TEXTS = ("url", "tenant", "mode")
_PATHS = ("token_file", "state_dir")


def chosen(settings: Settings, name: str | None, **options: Any) -> Settings:
    """The settings with those of a profile; options given on the command line win over it. Complains of what it cannot use."""
    if name is None:
        return settings
    elsewhere = replace(
        settings, url=None, token=None, token_file=None
    )  # those of the environment belong to another place
    given = {key: value for key, value in options.items() if value is not None}
    return changed(elsewhere, **(_profile(settings.profiles.expanduser(), name) | given))


def _profile(place: Path, name: str) -> dict[str, Any]:
    known = _read(place)
    found = known.get(name)
    if not isinstance(found, dict):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}."
        raise Complaint(Exit.MISUSE, f"{place} has no profile {name}; {hint}")
    for key, value in found.items():
        _check(place, name, key, value)
    return {key: Path(value).expanduser() if key in _PATHS else value for key, value in found.items()}


def _read(place: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(place.read_text("utf-8"))
    except FileNotFoundError as error:
        raise Complaint(
            Exit.MISUSE, f"There are no profiles: {place} is not there.", look="ledgerway docs cli"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Complaint(Exit.MISUSE, f"{place} cannot be read: {error}.") from error


def _check(place: Path, name: str, key: str, value: Any) -> None:
    allowed = (*_TEXTS, *_PATHS)
    if key not in allowed:
        raise Complaint(Exit.MISUSE, f"{place}: {name}.{key} is no part of a profile; use {', '.join(allowed)}.")
    if not isinstance(value, str) or (key == "mode" and value not in ("sandbox", "live")):
        wanted = "sandbox or live" if key == "mode" else "a text"
        raise Complaint(Exit.MISUSE, f"{place}: {name}.{key} is {value!r}; use {wanted}.")
