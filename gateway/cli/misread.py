"""What is said about a command line that cannot be read: what was given, and what would do."""

import difflib
from datetime import date, datetime
from typing import get_args

from cyclopts import App, CoercionError, CycloptsError, MissingArgumentError, UnknownOptionError, UnusedCliTokensError

_FORMS: dict[object, str] = {
    int: "a whole number",
    date: "a day such as 2026-11-30",
    datetime: "an instant such as 2026-11-30T08:00:00Z",
}


def sentence(root: App, error: CycloptsError) -> str:
    """One sentence; an option that the command does not have may be one that all commands share."""
    if isinstance(error, UnusedCliTokensError):
        return f"Too much on this line: {' '.join(error.unused_tokens or ())}."
    if isinstance(error, MissingArgumentError) and error.argument is not None:
        return f"`{' '.join(error.command_chain or ())}` needs {_shown(error.argument.name)}."
    if isinstance(error, CoercionError) and error.argument is not None and error.token is not None:
        return _unfit(error, error.argument.name, error.token.value)
    if isinstance(error, UnknownOptionError) and "Did you mean" not in str(error):
        return _unknown(root, error)
    return str(error).strip()


def _shown(name: str) -> str:
    return f"a value for `{name}`" if name.startswith("-") else name


def _unfit(error: CoercionError, name: str, value: str) -> str:
    choices = get_args(error.target_type)
    wanted = f"{', '.join(choices[:-1])} or {choices[-1]}" if choices else _FORMS.get(error.target_type)
    return f"`{name}` is {value}; use {wanted}." if wanted else str(error).strip()


def _unknown(root: App, error: UnknownOptionError) -> str:
    wrong = str(getattr(error.token, "keyword", None) or getattr(error.token, "value", error.token))
    shared = [name for argument in root.meta.assemble_argument_collection() for name in argument.names]
    near = difflib.get_close_matches(wrong, [n for n in shared if not n.startswith("--no-")], n=1)
    return f"Unknown option: {wrong}." + (f" Did you mean {near[0]}?" if near else "")
