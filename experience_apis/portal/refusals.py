"""What was refused or failed, as a page in the same layout: who can grant, what else there is, what to quote."""

from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException

from contracts.problems import Forbidden, Internal, InvalidRequest, MethodNotAllowed, NotFound, Problem, Unauthenticated
from experience_apis.portal import shell
from experience_apis.portal.door import FrontDoor
from experience_apis.portal.visit import Page, Visit, session_cookie
from runtime.telemetry import log

_TITLES = {
    401: "Sign in first",
    403: "You cannot open this",
    404: "There is nothing here",
    503: "This cannot be shown right now",
}


async def page(door: FrontDoor, request: Request[Any, Any, Any], error: Exception) -> Page:
    """The page for an error; visitors without a session are sent to sign in."""
    visit = await _visit(door, request)
    problem = _problem(visit, error)
    if isinstance(problem, Unauthenticated):
        return visit.to_sign_in()
    title = _TITLES.get(problem.status, problem.title)
    granting = _granting(visit, problem) if isinstance(problem, Forbidden) else ()
    context: dict[str, Any] = {"title": title, "problem": problem, "granting": granting}
    shown = await shell.page(visit, "problem.html", problem.status, block="main", **context)
    if problem.retry_after_s is not None:
        shown.headers["retry-after"] = str(problem.retry_after_s)
    return shown


async def _visit(door: FrontDoor, request: Request[Any, Any, Any]) -> Visit:
    session = request.cookies.get(session_cookie(door))
    try:
        visitor = await door.find(session) if session else None
    except Problem:
        visitor = None
    return Visit(door, request, visitor)


def _problem(visit: Visit, error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, NotFoundException):
        return NotFound(f"There is no page {visit.seen.path[:200]}.")
    if isinstance(error, MethodNotAllowedException):
        return MethodNotAllowed(f"{visit.request.method} is not taken here.", allow=["GET"])
    if isinstance(error, HTTPException) and error.status_code < 500:
        return InvalidRequest("The address of this page has something in it that is not understood.")
    correlation_id = visit.seen.correlation_id
    log.error("page.failed", path=visit.seen.path, correlation_id=correlation_id, exc_info=error)
    detail = f"Ledgerway failed; your request was fine. Quote {correlation_id} to the operator."
    return Internal(detail, correlation_id=correlation_id)


def _granting(visit: Visit, problem: Problem) -> tuple[str, ...]:
    """Who has what is missing here."""
    scope = problem.facts.get("scope")
    return tuple(one.name for one in visit.door.personas() if scope and scope in one.scopes)
