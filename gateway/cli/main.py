"""The entry point of `ledgerway`: runs one command line and turns what comes of it into an exit code.

Nothing is imported before it is needed: `--version` needs not even the argument parser, a command only its own module.
"""

import errno
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from gateway.cli.exits import Exit

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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
        _write_no_more()
        return Exit.DONE
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _write_no_more()
        sys.stderr.write(f"The output cannot be written: {error.strerror}.\n")
        return Exit.PROBLEM


def _write_no_more() -> None:
    """What is still in the buffer goes nowhere: nobody takes it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
