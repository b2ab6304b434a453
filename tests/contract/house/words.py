"""What no file of the repository may hold: paths of somebody's machine, addresses of package indexes."""

import re
from collections.abc import Iterator

from tests.contract.house.rule import Finding
from tests.contract.house.tree import ROOT, files

# Written so that this file does not hold them itself.
_MACHINE = re.compile(r"(?<![\w.})\]/:-])/(?:wor[k]|hom[e]|User[s]|roo[t]|buil[d])/[\w.]")
_INDEX = re.compile(
    r"pyp[i]\.(?:org|python)|pythonhoste[d]|--(?:extra-)?index-ur[l]|artifactor[y]|npmj[s]\.|devp[i]|jfro[g]"
)
_BINARY = (".png", ".jpg", ".ico", ".woff2", ".gz", ".zip")


def planted(text: str) -> list[str]:
    """What is found in a text."""
    return [m.group() for pattern in (_MACHINE, _INDEX) for m in pattern.finditer(text)]


def findings() -> Iterator[Finding]:
    """Every place in the repository."""
    for path in files():
        if path.endswith(_BINARY):
            continue
        text = (ROOT / path).read_text("utf-8", errors="replace")
        if planted(text):
            for number, line in enumerate(text.splitlines(), 1):
                yield from (Finding(path, number, f"{word}: no machine, no index in files") for word in planted(line))
