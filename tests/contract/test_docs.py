"""What the documentation names is there: files, links, commands, verbs, settings."""

import re
from pathlib import Path, PurePosixPath

import pytest

from runtime.settings import PREFIX, Settings
from tests.contract.house.tree import ROOT, files

PAGES = sorted([*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md")])
SUFFIXES = (".py", ".toml", ".md", ".sql", ".json", ".yaml", ".txt")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
TICKED = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
COMMAND = re.compile(r"(?:^|`)(?:\.venv/bin/)?ledgerway ([a-z-]+)", re.M)
VERB = re.compile(r"(?:^|`)make ([a-z0-9]+)", re.M)
VARIABLE = re.compile(rf"\b{PREFIX}[A-Z_]+")
CREDENTIALS = {
    "client-secret.json",
    "jwt-private-key.pem",
    "netsuite-secret.json",
    "netsuite-tba.json",
    "workday-secret.json",
    "workday-soap.json",
}
MADE_AT_RUN_TIME = {"sandbox/", "log/", "sandbox-ca.pem"} | CREDENTIALS


def named_paths(text: str) -> set[str]:
    """What stands in backticks and looks like a file or folder of this repository."""
    tops = {path.split("/")[0] for path in files() if "/" in path}
    ticked = {word.rstrip(".,") for word in TICKED.findall(FENCE.sub("", text))} - MADE_AT_RUN_TIME
    return {word for word in ticked if _is_path(word, tops)}


def _is_path(word: str, tops: set[str]) -> bool:
    if not re.fullmatch(r"[\w./<>*-]+", word) or word.startswith("/"):
        return False
    return word.endswith(SUFFIXES) or (word.split("/")[0] in tops and "/" in word)


def there(word: str) -> bool:
    """Whether a file or folder fits; `<vendor>` stands for any name, a bare name for a file anywhere."""
    pattern = re.sub(r"<\w+>", "*", word.rstrip("/"))
    if "/" not in word:
        return any(PurePosixPath(path).match(pattern) for path in files())
    return any(PurePosixPath(path).match(pattern) or _below(path, pattern) for path in files())


def _below(path: str, folder: str) -> bool:
    parents = (p.as_posix() for p in PurePosixPath(path).parents)
    return any(PurePosixPath(p).match(folder) for p in parents if p.count("/") == folder.count("/"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    assert {word for word in named_paths(text) if not there(word)} == set()
    assert {link for link in LINK.findall(text) if not (page.parent / link).exists()} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_and_verbs_of_a_page_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    commands = set(re.findall(r'\(\s*_[A-Z]+,\s+"([a-z-]+)"', (ROOT / "gateway/cli/root.py").read_text("utf-8")))
    verbs = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert set(COMMAND.findall(text)) <= commands
    assert set(VERB.findall(text)) <= verbs


def test_a_wrong_name_is_found() -> None:
    text = "See `gateway/nowhere.py`, `system_apis/<vendor>/nothing.py` and `gateway/app.py`.\n"
    assert {word for word in named_paths(text) if not there(word)} == {
        "gateway/nowhere.py",
        "system_apis/<vendor>/nothing.py",
    }
    assert there("system_apis/<vendor>/wire.py")
    assert there("contracts/canon/")
    assert not there("contracts/cannon/")


def test_the_page_of_settings_is_complete() -> None:
    page = (ROOT / "docs/configuration.md").read_text("utf-8")
    rows = re.findall(rf"^\| `({PREFIX}[A-Z_]+)` \| (.*?) \|", page, re.M)
    defaults = {PREFIX + name.upper(): getattr(Settings(), name) for name in Settings.__struct_fields__}
    assert {name for name, _ in rows} == set(defaults)
    shown = {name: "none" if value is None else f"`{str(value).lower()}`" for name, value in defaults.items()}
    assert dict(rows) == shown


def test_variables_in_pages_exist() -> None:
    known = {PREFIX + name.upper() for name in Settings.__struct_fields__}
    for page in PAGES:
        named = set(VARIABLE.findall(page.read_text("utf-8")))
        assert {v for v in named - known if not v.startswith((f"{PREFIX}SECRET_", f"{PREFIX}TEST_"))} <= {PREFIX}


def test_every_setting_is_read() -> None:
    text = "".join(
        (ROOT / path).read_text("utf-8") for path in files() if path.endswith(".py") and "tests/" not in path
    )
    assert [name for name in Settings.__struct_fields__ if not re.search(rf"\.{name}\b", text)] == []


def test_decisions_have_their_parts_and_one_number_each() -> None:
    records = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
    numbers = [record.name[:4] for record in records]
    assert len(set(numbers)) == len(numbers) >= 9
    for record in records:
        parts = re.findall(r"^## (.+)$", record.read_text("utf-8"), re.M)
        assert parts[:3] == ["Context", "Decision", "Consequence"], record.name
