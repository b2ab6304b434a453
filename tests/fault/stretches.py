"""Stretches of work without trouble: what they end with, which steps they take, what they write into the vendors."""

import re
from collections.abc import Callable

from msgspec import Struct

from tests.support import books
from tests.support.journeys import STRETCHES, Stretch
from tests.support.site import Site

_STEPS = """
select r.workflow, s.kind, s.name from step s join run r on r.id = s.run_id
where not r.id = any(%s) and s.state in ('done', 'skipped') group by 1, 2, 3 order by min(s.ended_at)
"""
Step = tuple[str, str, str]
_ID = re.compile(r"[a-z]+_[0-9A-HJKMNP-TV-Z]{26}")
_ABOUT = re.compile(rf" {_ID.pattern}.*")


class Write(Struct, frozen=True):
    """A request that changed something in a simulated system. `earlier` of the same kind were written by a test."""

    system: str
    method: str
    path: str
    earlier: int


class Undisturbed(Struct, frozen=True):
    """A stretch that nothing happened to."""

    stretch: Stretch
    before: books.State
    after: books.State
    steps: tuple[Step, ...]
    writes: tuple[Write, ...]

    def differences(
        self, found: books.State, of: Callable[[books.State], books.State] = lambda known: known
    ) -> list[str]:
        """How another end differs from this one, in all that both hold or in a part of it."""
        before = of(self.before)
        return books.differences(books.changed(before, of(self.after)), books.changed(before, of(found)))


class Stretches:
    """Performed when somebody asks for one, once; the state at its end is kept under its name."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._done: dict[str, Undisturbed] = {}

    def undisturbed(self, name: str) -> Undisturbed:
        """That stretch, after those it builds on."""
        if name not in self._done:
            self._done[name] = self._perform(next(s for s in STRETCHES if s.name == name))
        return self._done[name]

    def disturbed(self, name: str, trouble: Callable[[Site], None]) -> list[str]:
        """The stretch again, and trouble while it goes on; how its end differs from the undisturbed one."""
        known = self.undisturbed(name)
        self._site.restore(known.stretch.begins)
        with self._site.running():
            trouble(self._site)
            known.stretch.finish(self._site)
        return known.differences(books.state(self._site))

    def _perform(self, stretch: Stretch) -> Undisturbed:
        if stretch.begins != "filled":
            self.undisturbed(stretch.begins)
        site = self._site
        site.restore(stretch.begins)
        before, runs = books.state(site), [row[0] for row in site.rows("select id from run")]
        with site.running():
            stretch.act(site)
            stretch.finish(site)
            writes = tuple(w for system in site.systems for w in _writes(site, system))
        site.keep(stretch.name)
        steps = tuple(dict.fromkeys((w, k, _name(k, n)) for w, k, n in site.rows(_STEPS, runs)))
        return Undisturbed(stretch, before, books.state(site), steps, writes)


def _name(kind: str, name: str) -> str:
    """Without what the step is about."""
    return "wait for" if kind == "wait" else _ABOUT.sub("", name)


def _writes(site: Site, system: str) -> list[Write]:
    """Those after the mark, each kind once."""
    seen = [(method, _ID.sub("[^/]+", re.escape(path).replace("\\_", "_"))) for method, path in site.writes(system)]
    own, product = seen[: site.marked[system]], seen[site.marked[system] :]
    return [Write(system, method, path, own.count((method, path))) for method, path in dict.fromkeys(product)]
