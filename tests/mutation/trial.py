"""One mutant on trial: a forked process in which the module is read from the mutated source and its own tests run."""

import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

# What the tests of pure functions need of pytest; everything else only costs time.
_OPTIONS = (
    "-x", "-q", "--no-header", "--no-summary", "-c", os.devnull, "--rootdir", ".", "--confcutdir=tests/unit/domain",
    "--import-mode=importlib", "-p", "no:cacheprovider", "-p", "hypothesis.extra.pytestplugin",
)  # fmt: skip
KILLED, SURVIVED, STUCK = "killed", "survived", "stuck"


class _Mutated(MetaPathFinder, Loader):
    """Gives a module from a source that is in no file."""

    def __init__(self, module: str, path: Path, source: str) -> None:
        self._module, self._path, self._source = module, path, source

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return spec_from_loader(name, self, origin=str(self._path)) if name == self._module else None

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._source, str(self._path), "exec"), module.__dict__)  # noqa: S102


def start(module: str, path: Path, source: str, tests: Sequence[str], seconds: int) -> int:
    """Fork a trial of at most so much processor time; answers its process id."""
    child = os.fork()
    if child:
        return child
    _isolated(lambda: _run(module, path, source, tests), seconds)
    raise AssertionError("a trial never returns")


def _isolated(work: Callable[[], int], seconds: int) -> None:
    code = 1
    try:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        code = work()
    finally:
        os._exit(code)


def _run(module: str, path: Path, source: str, tests: Sequence[str]) -> int:
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    from hypothesis import HealthCheck, Phase, settings

    # A failure is enough: nobody reads the smallest one.
    settings.register_profile(
        "mutation",
        max_examples=40,
        derandomize=True,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    settings.load_profile("mutation")
    sys.meta_path.insert(0, _Mutated(module, path, source))
    return int(pytest.main([*_OPTIONS, *tests]))


def verdict(status: int) -> str:
    """What a finished trial means."""
    if os.WIFSIGNALED(status):
        return STUCK if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL) else KILLED
    return SURVIVED if os.WEXITSTATUS(status) == 0 else KILLED
