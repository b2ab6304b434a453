"""What a check of the doctor says."""

from typing import Literal

from msgspec import Struct

State = Literal["well", "warning", "ill", "unknown"]


class Finding(Struct, frozen=True, kw_only=True):
    """One check. `unknown` could not be asked; `fix` is the command that mends it, or what to do where no command can."""

    check: str
    state: State
    detail: str
    fix: str | None = None


def well(check: str, detail: str) -> Finding:
    """Nothing to do."""
    return Finding(check=check, state="well", detail=detail)


def ill(check: str, detail: str, fix: str) -> Finding:
    """Somebody has to act."""
    return Finding(check=check, state="ill", detail=detail, fix=fix)


def warning(check: str, detail: str, fix: str | None = None) -> Finding:
    """It works, and somebody should look."""
    return Finding(check=check, state="warning", detail=detail, fix=fix)


def unknown(check: str, detail: str) -> Finding:
    """It could not be asked."""
    return Finding(check=check, state="unknown", detail=detail)
