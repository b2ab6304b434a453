"""How help looks: labels on the left, what they mean on the right, no boxes."""

import textwrap
from typing import Any

from cyclopts.help.formatters.plain import PlainFormatter

_LABEL_AT_MOST = 26
_NARROWEST = 20


class Columns(PlainFormatter):
    """Two columns, wrapped to the console; usage and description as the plain formatter writes them."""

    def __call__(self, console: Any, options: Any, panel: Any) -> None:
        """Write one panel."""
        rows = [(", ".join(entry.display_labels_with_metavar), _meaning(entry)) for entry in panel.entries]
        if not rows:
            return
        width = min(max(len(label) for label, _ in rows), _LABEL_AT_MOST) + 2
        lines = [f"{panel.title}:", *(line for row in rows for line in _wrapped(*row, width, console.width))]
        console.print("\n".join(lines), "\n", sep="", end="\n", highlight=False, markup=False, soft_wrap=True)


def _meaning(entry: Any) -> str:
    inline = getattr(entry.description, "primary_renderable", entry.description)
    parts = [str(getattr(inline, "plain", None) or inline or "").strip()]
    if entry.choices:
        parts.append(f"One of {', '.join(entry.choices)}.")
    if entry.required:
        parts.append("(required)")
    elif entry.default is not None:
        parts.append(f"(default {entry.default})")
    return " ".join(part for part in parts if part)


def _wrapped(label: str, meaning: str, width: int, room: int) -> list[str]:
    indent = " " * (width + 2)
    first = f"  {label}".ljust(len(indent)) if len(label) + 2 <= width else f"  {label}\n{indent}"
    lines = textwrap.wrap(meaning, max(room - len(indent), _NARROWEST)) or [""]
    return [f"{first}{lines[0]}".rstrip(), *(indent + line for line in lines[1:])]
