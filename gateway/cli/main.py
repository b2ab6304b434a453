"""The entry point of `ledgerway`: runs one command line and turns what comes of it into an exit code.

Nothing is imported before it is needed: `--version` needs not even the argument parser, a command only its own module.
"""

import inspect
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from gateway.cli.exits import Exit


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (this process's, if none is given) and return its exit code."""
    tokens = list(sys.argv[1:] if argv is None else argv)
    if tokens == ["--version"]:
        sys.stdout.write(f"{version()}\n")
        return Exit.DONE
    try:
        return _run(tokens)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE


def version() -> str:
    """`ledgerway 0.1.0`."""
    from importlib.metadata import version as installed

    return f"ledgerway {installed('ledgerway')}"


def _run(tokens: list[str]) -> int:
    from contracts.problems import Problem
    from gateway.cli.complaints import Complaint, of_error, tell
    from gateway.cli.root import parse
    from runtime.data.statedir import EmbeddedServerError
    from runtime.settings import SettingsError

    try:
        return _outcome(parse(tokens or ["--help"]))
    except (Complaint, Problem, SettingsError, EmbeddedServerError) as error:
        complaint = of_error(error)
        tell(complaint, as_json=not {"--json", "--jsonl"}.isdisjoint(tokens), color="--no-color" not in tokens)
        return complaint.exit_code


def _outcome(command: Callable[[], Any]) -> int:
    result = command()
    if inspect.iscoroutine(result):
        import asyncio

        result = asyncio.run(result)
    sys.stdout.flush()
    return int(result or Exit.DONE)


if __name__ == "__main__":
    sys.exit(main())
