"""Every rule, and running one over the repository."""

from collections.abc import Iterator
from functools import cache

from tests.contract.house import docstrings, money, places, sizes, sql, words
from tests.contract.house.escapes import Escape, escapes, excused
from tests.contract.house.rule import Finding, Rule
from tests.contract.house.tree import Source, product, tests

RULES: tuple[Rule, ...] = (*sizes.RULES, *places.RULES, *money.RULES, *sql.RULES, *docstrings.RULES)


def look(rule: Rule, source: Source) -> tuple[list[Finding], set[Escape]]:
    """What breaks the rule in one file, and the escapes it needs there."""
    found = list(rule.check(source))
    return excused(source, rule.name, found) if found and rule.escapable else (found, set())


@cache
def look_everywhere(rule: Rule) -> tuple[list[Finding], set[Escape]]:
    """The same over the repository."""
    left, used = list[Finding](), set[Escape]()
    for source in (*product(), *(tests() if rule.also_tests else ())):
        findings, needed = look(rule, source)
        left += findings
        used |= needed
    return left, used


def everything_broken() -> list[tuple[str, Finding]]:
    """Every finding with the name of its rule: of the rules, of the words, and escapes that excuse nothing or give no reason."""
    looked = [(rule.name, *look_everywhere(rule)) for rule in RULES]
    broken = [(name, finding) for name, found, _ in looked for finding in found]
    needed = {escape for _, _, used in looked for escape in used}
    broken += [("words", finding) for finding in words.findings()]
    return broken + [("escape", finding) for finding in _idle(needed)]


def _idle(needed: set[Escape]) -> Iterator[Finding]:
    for escape in all_escapes():
        if escape not in needed:
            yield Finding(escape.path, escape.line, f"the escape from {escape.rule} excuses nothing here")
        elif not escape.reason:
            yield Finding(escape.path, escape.line, f"the escape from {escape.rule} gives no reason")


def all_escapes() -> list[Escape]:
    """Every escape in the product and the tests, except in the planted files of the rules themselves."""
    looked_at = (*product(), *(s for s in tests() if not s.inside("tests/contract/house/")))
    return [escape for source in looked_at for escape in escapes(source)]
