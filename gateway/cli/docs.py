"""`ledgerway docs`: the pages of the documentation, offline; problems and business exceptions have pages, too."""

import difflib
import sys
from pathlib import Path

import msgspec

from gateway.cli.complaints import Complaint
from gateway.cli.exits import Exit
from gateway.cli.session import Asked, Session

# Beside the package once it is installed, else in the checkout.
_PLACES = (Path(__file__).parents[1] / "docs", Path(__file__).parents[2] / "docs")


def docs(topic: str | None = None, /, *, session: Asked) -> Exit:
    """Show a page of the documentation, a problem by its slug, or a business exception by its code; without a topic, list the pages.

    Example: `ledgerway docs runbook`

    Example: `ledgerway docs RATE_EXPIRED`

    Parameters
    ----------
    topic
        A page, such as runbook; a problem, such as rule-violated; a code, such as RATE_EXPIRED.
    """
    pages = _pages()
    if topic is None:
        _list(pages, session)
        return Exit.DONE
    text = _found(pages, topic)
    if text is None:
        raise Complaint(Exit.NOT_FOUND, _unknown(topic, pages), look="ledgerway docs")
    session.show(msgspec.json.encode({"topic": topic, "markdown": text}), text) if _plain(session) else _draw(text)
    return Exit.DONE


def _pages() -> dict[str, Path]:
    root = next((place for place in _PLACES if place.is_dir()), None)
    if root is None:
        raise Complaint(Exit.PROBLEM, "This installation has no documentation pages.")
    return {page.relative_to(root).with_suffix("").as_posix(): page for page in sorted(root.glob("**/*.md"))}


def _list(pages: dict[str, Path], session: Session) -> None:
    from gateway.cli.tables import table

    titles = {topic: page.read_text("utf-8").partition("\n")[0].lstrip("# ") for topic, page in pages.items()}
    document = [{"topic": topic, "title": title} for topic, title in titles.items()]
    session.show(msgspec.json.encode({"items": document}), table(("TOPIC", "TITLE"), list(titles.items())))
    session.suggest("Also the slug of a problem (rule-violated) and the code of an exception (RATE_EXPIRED).")


def _found(pages: dict[str, Path], topic: str) -> str | None:
    last = {name.rpartition("/")[2]: page for name, page in pages.items()}
    page = pages.get(topic) or last.get(topic) or _decision(pages, topic)
    return page.read_text("utf-8") if page else _problem(topic) or _exception(topic)


def _decision(pages: dict[str, Path], topic: str) -> Path | None:
    """`0007` names the record of that number."""
    return next((page for name, page in pages.items() if topic.isdigit() and f"/{topic.zfill(4)}-" in name), None)


def _problem(slug: str) -> str | None:
    from contracts.problems import PROBLEMS
    from gateway.problem_pages import FIXES

    problem = PROBLEMS.get(slug)
    if problem is None:
        return None
    meaning = " ".join((problem.__doc__ or "").split()).replace(" facts:", "\n\nFacts:")
    again = "Sending it again may help." if problem.retryable else "Sending it again changes nothing."
    return (
        f"# {problem.title} ({problem.status})\n\n{meaning}\n\n{again}\n\n## How to fix it\n\n{FIXES.get(slug, '')}\n"
    )


def _exception(code: str) -> str | None:
    from domain.exceptions import CATALOGUE, OWNER_ROLES

    found = CATALOGUE.get(code)
    if found is None:
        return None
    owner = f"{OWNER_ROLES[found.owner_role]} ({found.owner_role})"
    fixes = "".join(f"- {fix}\n" for fix in found.suggested_fixes)
    facts = f"{found.severity.capitalize()}. Owner: {owner}, {found.sla_hours} business hours."
    ends = f"\nResolves by itself when {found.auto_resolves_when}.\n" if found.auto_resolves_when else ""
    return f"# {code}\n\n{found.meaning}\n\n{facts}\n\n## What may cure it\n\n{fixes}{ends}"


def _unknown(topic: str, pages: dict[str, Path]) -> str:
    from contracts.problems import PROBLEMS
    from domain.exceptions import CATALOGUE

    near = difflib.get_close_matches(topic, [*pages, *PROBLEMS, *CATALOGUE], n=1)
    return f"There is no page {topic}" + (f"; did you mean {near[0]}?" if near else ".")


def _plain(session: Session) -> bool:
    return session.as_json or not sys.stdout.isatty()


def _draw(text: str) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    from runtime.settings import colors_wanted

    Console(no_color=not colors_wanted(), highlight=False).print(Markdown(text))
