"""Tries the mutants of `domain/`; prints the score of each file and the mutants nobody noticed."""

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import hypothesis  # noqa: F401
from msgspec import Struct

import contracts.wire  # noqa: F401
from tests.mutation import trial
from tests.mutation.mutants import Mutant, mutants

_SOURCES, _TESTS = Path("domain"), Path("tests/unit/domain")
# Files of tests that prove several modules.
_SHARED = {
    "boundaries": "bookings caps exceptions invoice_lines invoices periods quantities rate_search rating tax",
    "calculators": "terms",
    "controls": "alerts bookings impact periods reconciliation",
    "figures": "calculators splits",
    "fx_and_tax": "fx tax terms",
    "invoicing": "discounts invoice_lines invoices milestones retainers splits",
    "rating": "quantities rate_search terms fx",
    "rate_book": "rating rate_search",
    "readiness": "conditions readiness_table snapshot exceptions",
    "revenue": "suppliers",
    "transaction_explanation": "rate_explanation",
    "routing_mapping_metrics": "mapping metrics routing",
    "states": "ordering exceptions",
    "properties_ordering": "ordering",
    "properties_parts": "caps discounts invoice_lines invoices milestones retainers splits",
    "properties_rating": "expenses fx quantities rate_search rating terms",
    "properties_states": "states",
    "properties_readiness": "conditions readiness readiness_table",
    "properties_conservation": "impact",
}


class Subject(Struct, frozen=True):
    """A module, the tests of its own and its mutants."""

    name: str
    tests: tuple[str, ...]
    mutants: tuple[Mutant, ...]
    seconds: int = 0

    @property
    def path(self) -> Path:
        return _SOURCES / f"{self.name}.py"


class Outcome(Struct):
    """What became of a module's mutants."""

    counts: Counter[str]
    missed: list[Mutant]


def main() -> int:
    """Run and print; exit code 1 when a module's tests fail without any mutant."""
    given = _options()
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    subjects = [subject for name in given.module or _names() if (subject := _subject(name)).mutants]
    timed = [_timed(subject) for subject in subjects]
    if broken := [subject.name for subject in timed if not subject.seconds]:
        print(f"without any change these fail: {', '.join(broken)}")
        return 1
    chosen = _sampled(timed, given)
    total, counts = sum(len(one.mutants) for one in timed), Counter[str]()
    print(
        f"{total} mutants, {sum(len(one.mutants) for one in chosen)} tried, seed {given.seed}, {given.jobs} at a time",
        flush=True,
    )
    for subject in chosen:
        outcome = _tried(subject, given.jobs)
        _print(subject, outcome)
        counts += outcome.counts
    print(f"in all: {_score(counts)}")
    return 0


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    options.add_argument("module", nargs="*", help="modules of domain/, e.g. caps; all when none is named")
    options.add_argument(
        "--minutes", type=int, default=20, help="a sample is tried when all would take longer (default 20)"
    )
    options.add_argument("--all", action="store_true", help="try every mutant, however long it takes")
    options.add_argument("--seed", type=int, default=20260316, help="of the sample")
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return options.parse_args()


def _names() -> list[str]:
    return sorted(path.stem for path in _SOURCES.glob("*.py") if path.stem != "__init__")


def _subject(name: str) -> Subject:
    """A module is proved by `test_<module>.py`, and by the files it shares with others."""
    shared = (_TESTS / f"test_{topic}.py" for topic, modules in _SHARED.items() if name in modules.split())
    found = {path for path in (_TESTS / f"test_{name}.py", *shared) if path.exists()}
    # Examples are quick and notice most: properties come last.
    tests = sorted(found, key=lambda path: ("properties" in path.name, path.name))
    return Subject(name, tuple(map(str, tests)), tuple(mutants((_SOURCES / f"{name}.py").read_text())))


def _timed(subject: Subject) -> Subject:
    """With the processor seconds its tests need, none when they fail; a module without tests keeps all its mutants alive."""
    if not subject.tests:
        return Subject(subject.name, subject.tests, subject.mutants, 1)
    child = trial.start(f"domain.{subject.name}", subject.path, subject.path.read_text(), subject.tests, 600)
    _, status, used = os.wait4(child, 0)
    needed = int(used.ru_utime + used.ru_stime) + 1
    passed = trial.verdict(status) == trial.SURVIVED
    return Subject(subject.name, subject.tests, subject.mutants, needed if passed else 0)


def _sampled(subjects: Sequence[Subject], given: argparse.Namespace) -> list[Subject]:
    """Every mutant, or of each module the share that fits into the time."""
    needed = sum(one.seconds * len(one.mutants) for one in subjects) / given.jobs
    if given.all or needed <= given.minutes * 60:
        return list(subjects)
    rng, share = random.Random(given.seed), given.minutes * 60 / needed
    return [_some(one, rng, share) for one in subjects]


def _some(subject: Subject, rng: random.Random, share: float) -> Subject:
    count = min(len(subject.mutants), max(5, round(len(subject.mutants) * share)))
    chosen = sorted(rng.sample(subject.mutants, count), key=lambda mutant: mutant.number)
    return Subject(subject.name, subject.tests, tuple(chosen), subject.seconds)


def _tried(subject: Subject, jobs: int) -> Outcome:
    outcome, running = Outcome(Counter(), []), dict[int, Mutant]()
    if not subject.tests:
        return Outcome(Counter({trial.SURVIVED: len(subject.mutants)}), list(subject.mutants))
    waiting: Iterator[Mutant] = iter(subject.mutants)
    while True:
        while len(running) < jobs and (mutant := next(waiting, None)) is not None:
            limit = subject.seconds * 5 + 10
            child = trial.start(f"domain.{subject.name}", subject.path, mutant.source, subject.tests, limit)
            running[child] = mutant
        if not running:
            return outcome
        finished, status = os.wait()
        mutant, found = running.pop(finished), trial.verdict(status)
        outcome.counts[found] += 1
        if found == trial.SURVIVED:
            outcome.missed.append(mutant)


def _print(subject: Subject, outcome: Outcome) -> None:
    note = "" if subject.tests else "   no tests of its own"
    print(f"{subject.path}: {_score(outcome.counts)}{note}", flush=True)
    for mutant in sorted(outcome.missed, key=lambda one: one.number) if subject.tests else ():
        print(f"  {subject.path}:{mutant.line}: {mutant.change}", flush=True)


def _score(counts: Counter[str]) -> str:
    total = counts.total()
    noticed = total - counts[trial.SURVIVED]
    stuck = f", {counts[trial.STUCK]} of them by running out of time" if counts[trial.STUCK] else ""
    return f"{noticed} of {total} noticed ({100 * noticed / total:.1f} %){stuck}"


_started = time.monotonic()
_code = main()
print(f"{(time.monotonic() - _started) / 60:.1f} minutes")
sys.exit(_code)
