"""The rules of the house hold in every file, and each of them can fail. `python -m tests.contract.house` shows the escapes."""

from collections import Counter

import pytest

from tests.contract.house import all_rules, sizes, words
from tests.contract.house.all_rules import RULES
from tests.contract.house.rule import Rule
from tests.contract.house.sql import tenant_tables
from tests.contract.house.tree import ROOT, Source, files, product

PLANTED = [(rule, path, text) for rule in RULES for path, text in rule.bad]
HARMLESS = [(rule, path, text) for rule in RULES for path, text in rule.good]
# How often each rule may be escaped: raise a number only together with the escape that needs it.
ALLOWED = {"engine": 0, "environ": 0, "except": 1, "file-size": 0, "function-size": 0, "httpx": 1, "transaction": 2}


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_the_rule_holds_everywhere(rule: Rule) -> None:
    found, _ = all_rules.look_everywhere(rule)
    assert not found, "\n" + "\n".join(map(str, found))


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED, ids=lambda v: v.name if isinstance(v, Rule) else "")
def test_the_rule_finds_what_is_planted(rule: Rule, path: str, text: str) -> None:
    found, _ = all_rules.look(rule, Source(path, text))
    assert [f.path for f in found], text


@pytest.mark.parametrize(("rule", "path", "text"), HARMLESS, ids=lambda v: v.name if isinstance(v, Rule) else "")
def test_the_rule_lets_pass_what_is_right(rule: Rule, path: str, text: str) -> None:
    assert all_rules.look(rule, Source(path, text))[0] == []


def test_no_file_names_a_machine_or_a_package_index() -> None:
    found = list(words.findings())
    assert not found, "\n" + "\n".join(map(str, found))


@pytest.mark.parametrize("text", ["see /{}/shared/x.md", "cd /{}/me", "({}.org)", "--{}-url https://x"])
def test_words_are_found_when_planted(text: str) -> None:
    filled = text.format({"see": "work", "cd ": "home", "({}": "pypi", "--{": "index"}[text[:3]])
    assert words.planted(filled)


def test_words_leave_paths_of_the_product_alone() -> None:
    text = "runtime/{0}/engine.py {{id}}/{0}/x https://h.example/{0}/1 ./{1}/a".format("work", "home")
    assert words.planted(text) == []


def test_functions_and_files_are_short_on_the_whole() -> None:
    middle, long = sizes.spread([length for source in product() for _, length in sizes.functions(source)])
    _, long_file = sizes.spread([len(source.lines) for source in product()])
    assert (middle <= sizes.FUNCTION_MEDIAN, long <= sizes.FUNCTION_P90) == (True, True), (middle, long)
    assert long_file <= sizes.FILE_P90


def test_the_spread_of_sizes_can_fail() -> None:
    assert sizes.spread([4, 5, 6, 7, 8, 9, 10, 11, 50, 60]) > (sizes.FUNCTION_MEDIAN, sizes.FUNCTION_P90)


def test_every_escape_is_needed_has_a_reason_and_names_a_rule() -> None:
    idle = [finding for rule, finding in all_rules.everything_broken() if rule == "escape"]
    assert not idle, "\n" + "\n".join(map(str, idle))


def test_escapes_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    counted = Counter(escape.rule for escape in all_rules.all_escapes())
    with capsys.disabled():
        print(f"\nescapes from house rules: {', '.join(f'{rule} {n}' for rule, n in sorted(counted.items()))}")
    assert {rule: n for rule, n in counted.items() if n > ALLOWED.get(rule, n)} == {}


def test_the_tables_with_a_tenant_are_found() -> None:
    assert {"run", "outbox", "invoice", "billable_transaction", "audit"} <= set(tenant_tables())
    assert "slot" not in tenant_tables()


def test_the_rules_look_at_the_whole_product() -> None:
    seen = {source.path for source in product()}
    assert {"contracts/money.py", "gateway/pipeline.py", "runtime/work/engine.py"} <= seen
    assert not [path for path in files() if path.startswith((".venv/", ".git/", ".ledgerway/"))]
    assert (ROOT / "pyproject.toml").is_file()
