"""Things that are done in one place only: clock, environment, HTTP clients, the workflow library, transactions, catch-alls."""

import ast
from collections.abc import Callable, Iterator

from tests.contract.house.rule import Finding, Rule
from tests.contract.house.tree import Source

_CLOCKS = {
    ("datetime", "now"),
    ("datetime", "today"),
    ("datetime", "utcnow"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
}
_NOW = {"now", "today", "utcnow", "time", "time_ns", "localtime", "gmtime"}
_ENVIRONMENT = {"environ", "getenv", "putenv", "environb"}
_DATABASES = {"database", "_database", "connection", "_connection", "session", "pool", "_pool"}


def _clock(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and (_last(node.value), node.attr) in _CLOCKS:
            yield Finding(source.path, node.lineno, f"{_last(node.value)}.{node.attr}: ask the Clock")
        if isinstance(node, ast.ImportFrom) and node.module == "time" and not _NOW.isdisjoint(_names(node)):
            yield Finding(source.path, node.lineno, "time.time: ask the Clock")


def _environment(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and node.attr in _ENVIRONMENT and _last(node.value) == "os":
            yield Finding(source.path, node.lineno, f"os.{node.attr} is read in runtime/settings.py")
        if isinstance(node, ast.ImportFrom) and node.module == "os" and not _ENVIRONMENT.isdisjoint(_names(node)):
            yield Finding(source.path, node.lineno, "the environment is read in runtime/settings.py")


def _importing(library: str, home: str) -> Callable[[Source], Iterator[Finding]]:
    def check(source: Source) -> Iterator[Finding]:
        for node in source.nodes:
            if isinstance(node, ast.Import):
                named = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                named = [node.module or ""]
            else:
                continue
            if any(name.split(".")[0] == library for name in named):
                yield Finding(source.path, node.lineno, f"{library} is used in {home} only")

    return check


def _catch_all(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if not isinstance(node, ast.ExceptHandler):
            continue
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        if any(kind is None or _last(kind) in ("Exception", "BaseException") for kind in kinds):
            yield Finding(source.path, node.lineno, "name what may be raised, or let it rise to runtime/bind.py")


def _transaction(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr == "transaction" and _last(called.value) in _DATABASES:
            yield Finding(source.path, called.lineno, "a transaction is opened by runtime/work; join its unit_of_work")


_OPENERS = {"unit_of_work", "open_unit"}


def _handed(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "runtime.work.unit" and _names(node) & _OPENERS:
            yield Finding(source.path, node.lineno, "registers and projections are handed their unit of work")


def _last(node: ast.expr | None) -> str:
    """The last name of a dotted expression; of a call, of what is called."""
    if isinstance(node, ast.Call):
        return _last(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _names(node: ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}


def _outside(*places: str) -> Callable[[Callable[[Source], Iterator[Finding]]], Callable[[Source], Iterator[Finding]]]:
    """The check, for all files but these."""

    def limit(check: Callable[[Source], Iterator[Finding]]) -> Callable[[Source], Iterator[Finding]]:
        return lambda source: iter(()) if source.inside(*places) else check(source)

    return limit


def _within(check: Callable[[Source], Iterator[Finding]]) -> Callable[[Source], Iterator[Finding]]:
    """The check, for registers (not their commands and sweeps, which open the units) and projections."""

    def limited(source: Source) -> Iterator[Finding]:
        opens = source.path.endswith(("/commands.py", "/process.py"))
        handed = source.inside("process_apis/registers/") and not opens
        return check(source) if handed or source.path.endswith("/projection.py") else iter(())

    return limited


_UNIT = "from runtime.work.unit import unit_of_work\n"
RULES = (
    Rule(
        "clock",
        _outside("contracts/periods.py")(_clock),
        bad=(
            ("domain/a.py", "from datetime import datetime\nx = datetime.now()\n"),
            ("domain/a.py", "import datetime\nx = datetime.date.today()\n"),
            ("gateway/a.py", "import time\nnow = time.time\n"),
            ("gateway/a.py", "from time import time\n"),
            ("gateway/a.py", "import datetime as d\nx = d.datetime.utcnow()\n"),
        ),
        good=(
            ("contracts/periods.py", "from datetime import datetime, UTC\nx = datetime.now(UTC)\n"),
            ("gateway/a.py", "import time\nx = time.monotonic()\ny = clock.now()\n"),
        ),
    ),
    Rule(
        "environ",
        _outside("runtime/settings.py")(_environment),
        bad=(("gateway/a.py", "import os\nx = os.environ['HOME']\n"), ("gateway/a.py", "from os import getenv\n")),
        good=(
            ("runtime/settings.py", "import os\nx = os.environ['HOME']\n"),
            ("gateway/a.py", "import os\nos.getpid()"),
        ),
    ),
    Rule(
        "httpx",
        _outside("runtime/http/outbound.py")(_importing("httpx", "runtime/http/outbound.py")),
        bad=(
            ("gateway/a.py", "import httpx\n"),
            ("runtime/http/a.py", "def f() -> None:\n    from httpx import AsyncClient\n"),
        ),
        good=(("runtime/http/outbound.py", "import httpx\n"), ("gateway/a.py", "import httptools\n")),
    ),
    Rule(
        "engine",
        _outside("runtime/work/engine.py")(_importing("dbos", "runtime/work/engine.py")),
        bad=(("runtime/work/worker.py", "from dbos import DBOS\n"),),
        good=(("runtime/work/engine.py", "from dbos import DBOS\n"),),
    ),
    Rule(
        "except",
        _outside("runtime/bind.py", "runtime/work/worker.py", "gateway/pipeline.py")(_catch_all),
        bad=(
            ("gateway/a.py", "try:\n    f()\nexcept Exception:\n    pass\n"),
            ("gateway/a.py", "try:\n    f()\nexcept:\n    raise\n"),
            ("gateway/a.py", "try:\n    f()\nexcept (OSError, BaseException):\n    raise\n"),
        ),
        good=(
            ("runtime/bind.py", "try:\n    f()\nexcept Exception:\n    pass\n"),
            ("gateway/a.py", "try:\n    f()\nexcept OSError:\n    pass\n"),
            ("gateway/a.py", "try:\n    f()\nexcept Exception:  # house: except last resort\n    pass\n"),
        ),
    ),
    Rule(
        "transaction",
        _outside("runtime/work/", "runtime/data/database.py")(_transaction),
        bad=(
            ("gateway/a.py", "async def f(database):\n    async with database.transaction() as c:\n        pass\n"),
            ("process_apis/a.py", "async def f(self):\n    async with self._database.transaction():\n        pass\n"),
        ),
        good=(
            ("runtime/work/unit.py", "async def f(database):\n    async with database.transaction():\n        pass\n"),
            ("system_apis/a.py", "def f(store):\n    with store.transaction() as change:\n        pass\n"),
        ),
    ),
    Rule(
        "handed",
        _within(_handed),
        bad=(("process_apis/registers/a.py", _UNIT), ("experience_apis/finance/projection.py", _UNIT)),
        good=(("process_apis/registers/commands.py", _UNIT), ("process_apis/onboarding/a.py", _UNIT)),
    ),
)
