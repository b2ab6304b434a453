"""How a reason of the catalogue reads on pages."""

import re

_CITED = re.compile(r" \([^)]*\)")


def sentence(meaning: str) -> str:
    """The catalogue's words without the rules they cite."""
    said = _CITED.sub("", meaning)
    return f"{said[:1].upper()}{said[1:]}."
