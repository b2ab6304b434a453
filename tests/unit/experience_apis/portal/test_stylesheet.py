"""The stylesheet: colours are tokens, every pair in use can be read in both themes, files stay small."""

import gzip
import re
from pathlib import Path

import pytest

from experience_apis.portal.rendering import STATIC

CSS = (STATIC / "portal.css").read_text("utf-8")
TOKENS = {name: (light, dark) for name, light, dark in re.findall(r"--([a-z0-9-]+): light-dark\((#\w+), (#\w+)\)", CSS)}
PLAIN = ("bg", "surface", "surface-2", "sunken")
READ = [
    *((text, ground) for text in ("text", "text-2", "text-3") for ground in PLAIN),
    *((text, "accent-soft") for text in ("text", "text-2", "text-3", "accent")),
    *((kind, ground) for kind in ("ok", "warn", "bad", "accent") for ground in ("surface", "surface-2")),
    *((kind, f"{kind}-soft") for kind in ("ok", "warn", "bad")),
    *(("text", f"{kind}-soft") for kind in ("ok", "warn", "bad")),
    *((text, "bg") for text in ("accent", "warn", "bad")),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("accent-hover", "surface"),
]
SEEN = [
    *((f"series-{number}", "surface") for number in range(1, 7)),
    ("border-strong", "surface"),
    ("accent", "surface"),
    ("accent", "bg"),
    ("series-4", "sunken"),
]


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("pair", READ, ids="/".join)
def test_text_can_be_read(pair: tuple[str, str], theme: int) -> None:
    assert _contrast(TOKENS[pair[0]][theme], TOKENS[pair[1]][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("pair", SEEN, ids="/".join)
def test_controls_and_series_can_be_seen(pair: tuple[str, str], theme: int) -> None:
    assert _contrast(TOKENS[pair[0]][theme], TOKENS[pair[1]][theme]) >= 3


def test_nothing_but_a_token_carries_a_colour() -> None:
    rules = CSS[CSS.index("@font-face") :]
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|color)a?\(", rules)
    assert set(re.findall(r"var\(--([a-z0-9-]+)\)", CSS)) <= TOKENS.keys() | {"radius", "ring"}


def _packed(*names: str) -> int:
    return sum(len(gzip.compress((STATIC / name).read_bytes(), 6)) for name in names)


def test_files_stay_within_their_budget() -> None:
    assert _packed("portal.css") <= 8 * 1024
    assert _packed(*(path.name for path in Path(STATIC).glob("*.js"))) <= 20 * 1024
    assert len((STATIC / "portal.js").read_text("utf-8").splitlines()) < 200


def test_what_others_made_has_its_licence_beside_it() -> None:
    for name in ("htmx", "inter"):
        (file,) = (path for path in STATIC.glob(f"{name}-*") if path.suffix in (".js", ".woff2"))
        assert re.search(r"-\d+\.\d+\.\d+\.", file.name)
        assert (STATIC / f"{name}.LICENSE.txt").stat().st_size > 400
