"""What a command cannot do, and how it is told: the detail first, then where to look (stderr; a problem document with --json)."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from contracts.problems import Problem
from gateway.cli.exits import Exit, exit_of
from runtime.settings import SettingsError, colors_wanted

LOCAL = "about:blank"


class Complaint(Exception):
    """A command ends here. `problem` is the API's document, or one in its form; `look` names the next command."""

    def __init__(
        self, exit_code: Exit, detail: str, *, problem: Mapping[str, Any] | None = None, look: str = ""
    ) -> None:
        super().__init__(detail)
        self.exit_code, self.detail, self.look = exit_code, detail, look
        self.problem = problem or {"type": LOCAL, "title": exit_code.name.lower(), "detail": detail}

    @property
    def slug(self) -> str:
        """The problem's slug; empty for what the command line found by itself."""
        return str(self.problem.get("code", ""))


def of_problem(status: int, problem: Mapping[str, Any]) -> Complaint:
    """The complaint for an answered problem."""
    slug = str(problem.get("code", ""))
    detail = str(problem.get("detail") or problem.get("title") or f"The answer was {status}.")
    return Complaint(exit_of(slug, status), detail, problem=problem, look=_LOOK.get(slug, ""))


def of_error(error: Exception) -> Complaint:
    """The complaint for an error that has a sentence of its own."""
    if isinstance(error, Complaint):
        return error
    if isinstance(error, Problem):
        document = {"type": error.type_uri, "title": error.title, "status": error.status, "detail": error.detail}
        errors = {"errors": [violation.wire() for violation in error.errors]} if error.errors else {}
        return of_problem(error.status, document | {"code": error.slug} | errors)
    if isinstance(error, SettingsError):
        return Complaint(Exit.MISUSE, str(error))
    return Complaint(Exit(getattr(error, "exit_code", Exit.UNAVAILABLE)), str(error))


_LOOK = {
    "unauthenticated": "ledgerway token --help",
    "forbidden": "ledgerway token --list   (then repeat with --as PERSONA)",
}


@contextmanager
def looking_at(command: str, *slugs: str) -> Iterator[None]:
    """Complaints with one of these slugs (all, if none is given) point to a command."""
    try:
        yield
    except Complaint as complaint:
        if not slugs or complaint.slug in slugs:
            complaint.look = complaint.look or command
        raise


def tell(complaint: Complaint, *, as_json: bool, color: bool = False) -> None:
    """Write it to stderr; with `color` the detail is red where that can be seen and nobody set NO_COLOR."""
    if as_json:
        sys.stderr.write(_document(complaint))
        return
    head, line_end, rest = _text(complaint).partition("\n")
    red = color and sys.stderr.isatty() and colors_wanted()
    sys.stderr.write((f"\x1b[31m{head}\x1b[0m" if red else head) + line_end + rest)


def _document(complaint: Complaint) -> str:
    return msgspec.json.format(msgspec.json.encode(complaint.problem), indent=2).decode() + "\n"


def _text(complaint: Complaint) -> str:
    errors = complaint.problem.get("errors", ())
    lines = [complaint.detail, *(map(_violation, errors) if len(errors) > 1 else ())]
    if complaint.look:
        lines.append(f"Look: {complaint.look}")
    if correlation := complaint.problem.get("correlation_id"):
        lines.append(f"Correlation id: {correlation}")
    return "\n".join(lines) + "\n"


def _violation(error: Mapping[str, str]) -> str:
    where = error.get("pointer") or error.get("parameter", "")
    return f"  {where}  {error.get('code', '')}  {error.get('detail', '')}"
