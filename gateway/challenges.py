"""What a caller may do, and the `WWW-Authenticate` that a refusal carries (RFC 6750)."""

from contracts.problems import Forbidden, Problem
from gateway.exchange import Exchange


def permit(x: Exchange) -> None:
    """Check the scope of the route. Raises Forbidden with its challenge."""
    scope = x.at().scope
    if scope and scope not in x.known().scopes:
        problem = forbidden(scope)
        challenge(x, problem)
        raise problem


def forbidden(scope: str) -> Forbidden:
    """The refusal for want of a scope."""
    return Forbidden(f"This needs the scope {scope}; ask for a token that has it.", scope=scope)


def challenge(x: Exchange, problem: Problem) -> None:
    """Add the challenge of a refusal to the answer."""
    x.headers.append(("www-authenticate", _worded(problem, x.services.name, x.services.base_url)))


def _worded(problem: Problem, realm: str, base_url: str) -> str:
    """Without credentials a challenge names no error."""
    parts = []
    if isinstance(problem, Forbidden):
        parts = ['error="insufficient_scope"', f'scope="{problem.facts["scope"]}"']
    elif "error" in problem.facts:
        parts = [f'error="{problem.facts["error"]}"', f'error_description="{_quotable(problem.detail)}"']
    metadata = f'resource_metadata="{base_url}/.well-known/oauth-protected-resource"'
    return "Bearer " + ", ".join([*parts, f'realm="{realm}"', metadata])


def _quotable(text: str) -> str:
    """Only what RFC 6750 allows in a description: printable ASCII without quote and backslash."""
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "'" for c in text)
