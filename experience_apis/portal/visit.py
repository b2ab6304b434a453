"""One request to the portal: who visits, what they see it in, what they sent, and the operations they ask for."""

import inspect
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, tzinfo
from functools import cache, cached_property
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, cast
from urllib.parse import quote
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from litestar import Request, Response
from litestar.datastructures import Cookie, FormMultiDict
from litestar.di import NamedDependency
from msgspec import Struct

from contracts.call import Call
from contracts.operation import Declared, Operation, operations
from contracts.problems import Forbidden, InvalidRequest, Unauthenticated
from experience_apis.portal import form_token
from experience_apis.portal.door import FrontDoor, Seen, Visitor
from experience_apis.portal.rendering import render

P = ParamSpec("P")
T = TypeVar("T")
Q = TypeVar("Q", bound=Struct)
Method = Callable[Concatenate[Any, Call, P], Awaitable[T]]
Theme = Literal["system", "light", "dark"]
Page = Response[bytes]

HOME = "/portal/billing"
SIGN_IN = "/portal/sign-in"
THEMES: tuple[Theme, ...] = ("system", "light", "dark")
_THEME, _KEYS, _ZONE = "lw_theme", "lw_keys", "lw_zone"
_YEAR_S = 365 * 24 * 3600


class Visit:
    """A request as pages see it. `form` is what was posted, checked to come from a form of ours; `counts` are counts of the
    navigation that the page knows already, by path."""

    def __init__(self, door: FrontDoor, request: Request[Any, Any, Any], visitor: Visitor | None) -> None:
        self.door, self.request = door, request
        self._visitor = visitor
        self._cookies: list[Cookie] = []
        self.counts: dict[str, int] = {}
        self.form = FormMultiDict({})
        self.nonce = ""

    @property
    def visitor(self) -> Visitor:
        """Who is signed in. Raises Unauthenticated."""
        if self._visitor is None:
            raise Unauthenticated("Sign in to see this page.")
        return self._visitor

    @property
    def known(self) -> Visitor | None:
        """Who is signed in, if anybody."""
        return self._visitor

    @cached_property
    def seen(self) -> Seen:
        """What operations inherit from this request."""
        state, client = self.request.scope["state"], self.request.client
        return Seen(
            correlation_id=str(state.get("correlation_id", "")),
            request_id=str(state.get("request_id", "")),
            address=client.host if client is not None else "",
            path=self.request.url.path,
        )

    @property
    def theme(self) -> Theme:
        """What the visitor chose; `system` follows the system."""
        chosen = self.request.cookies.get(_THEME)
        return chosen if chosen in THEMES else "system"

    @property
    def keys(self) -> bool:
        """Whether single letters act."""
        return self.request.cookies.get(_KEYS) != "off"

    @cached_property
    def now(self) -> datetime:
        """Now, in the visitor's zone: that of the browser once the script has told it, UTC before."""
        return self.door.clock.now().astimezone(_zone(self.request.cookies.get(_ZONE, "")))

    def person(self, who: str) -> str:
        """How somebody is called: a persona by its name, Ledgerway itself, others as they are known."""
        if who.startswith("system:"):
            return "Ledgerway"
        return next((one.name for one in self.door.personas() if one.id == who), who)

    def people(self, method: Method[..., Any]) -> list[tuple[str, str]]:
        """Who of the visitor's tenant may do something, as ids and names, in the order of their names."""
        scope = operation_of(method).scope
        found = [one for one in self.door.personas() if one.tenant == self.visitor.tenant and scope in one.scopes]
        return sorted(((one.id, one.name) for one in found), key=lambda pair: pair[1])

    @property
    def partial(self) -> bool:
        """Whether a part of the page was asked for by the script."""
        return self.request.headers.get("hx-request-type") == "partial"

    def query(self, kind: type[Q]) -> Q:
        """The query of the address as a struct: empty values count as absent, unknown names are left out. Raises InvalidRequest."""
        given = {name: value for name, value in self.request.query_params.items() if value != ""}
        try:
            return msgspec.convert(given, kind, strict=False)
        except msgspec.ValidationError as wrong:
            detail = f"The address of this page has a part that is not understood: {wrong}."
            raise InvalidRequest(detail) from wrong

    def may(self, method: Method[..., Any]) -> bool:
        """Whether the visitor holds the scope of an operation: to show or not to show; the pipeline decides."""
        scope = operation_of(method).scope
        return self._visitor is not None and (not scope or scope in self._visitor.persona.scopes)

    async def call(self, method: Method[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask for an operation as the visitor: `await visit.call(FinanceDashboard.billing_item, item_id)`. Raises Problem."""
        operation = operation_of(method)
        given = _signature(method).bind(None, None, *args, **kwargs).arguments
        arguments = dict(list(given.items())[2:])
        key = None
        if operation.effects:
            target = "/".join(str(arguments[p.name]) for p in operation.parameters if p.source == "path")
            key = form_token.effect_key(self.nonce or secrets.token_urlsafe(16), operation.id, target)
        return cast(T, await self.door.ask(self.visitor, self.seen, operation, arguments, key))

    @property
    def _guest(self) -> str:
        return f"lw_{self.door.mode}_guest"

    @cached_property
    def binding(self) -> str:
        """The cookie that form tokens are bound to: the session, or before it a value that says nothing about anybody."""
        if self._visitor is not None:
            return self._visitor.session
        given = self.request.cookies.get(self._guest, "")
        if len(given) != 43:
            given = secrets.token_urlsafe(32)
            self._cookies.append(self._cookie(self._guest, given))
        return given

    def new_form_token(self) -> str:
        """The token of one form."""
        return form_token.new(self.door.key, self.binding)

    def accept_form(self, form: FormMultiDict) -> None:
        """Take what was posted. Raises Forbidden when it does not come from a form of ours."""
        nonce = form_token.nonce_of(self.door.key, self.binding, str(form.get(form_token.FIELD, "")))
        elsewhere = self.request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
        if nonce is None or elsewhere:
            detail = (
                "This form was made for another session, or not by Ledgerway. Open the page again, then send it again."
            )
            raise Forbidden(detail, scope="")
        self.form, self.nonce = form, nonce

    def text(self, name: str) -> str:
        """A field of the form, without the space around it; empty when it is not there."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """All values of a field."""
        return [value for value in self.form.getall(name, []) if isinstance(value, str)]

    def page(self, template: str, status: int = 200, block: str | None = None, **context: Any) -> Page:
        """A page; when only a part was asked for and `block` is named, that block of it."""
        shown = block if self.partial else None
        html = render(template, shown, {"visit": self, "now": self.now, "status": status, **context})
        headers = {"vary": "HX-Request-Type, Cookie", "cache-control": "no-store"}
        return Response(
            html.encode(), status_code=status, media_type="text/html", headers=headers, cookies=self._cookies
        )

    def go(self, path: str) -> Page:
        """On to another page of ours: a redirect, which the script follows too."""
        headers = {"location": path, "cache-control": "no-store"}
        if self.partial:
            return Response(b"", status_code=200, headers={"hx-redirect": path, **headers}, cookies=self._cookies)
        return Response(b"", status_code=303, headers=headers, cookies=self._cookies)

    @property
    def here(self) -> str:
        """The address of this page; of what was posted, where it was posted from is not known: home."""
        if self.request.method != "GET":
            return HOME
        url = self.request.url
        return f"{url.path}?{url.query}" if url.query else url.path

    def to_sign_in(self) -> Page:
        """To the sign-in page, and back here afterwards."""
        return self.go(f"{SIGN_IN}?next={quote(self.here, safe='')}")

    def keep_session(self, session: str) -> None:
        """Send the cookie of a session."""
        self._cookies += [self._cookie(session_cookie(self.door), session), self._cookie(self._guest, "", max_age=0)]

    def end_session(self) -> None:
        """Take the cookie back."""
        self._cookies.append(self._cookie(session_cookie(self.door), "", max_age=0))

    def keep_choices(self, theme: Theme | None = None, keys: bool | None = None) -> None:
        """Remember how the visitor wants to see pages."""
        if theme is not None:
            self._cookies.append(self._cookie(_THEME, theme, max_age=_YEAR_S))
        if keys is not None:
            self._cookies.append(self._cookie(_KEYS, "on" if keys else "off", max_age=_YEAR_S))

    def _cookie(self, name: str, value: str, max_age: int | None = None) -> Cookie:
        return Cookie(
            key=name,
            value=value,
            max_age=max_age,
            path="/",
            httponly=True,
            samesite="lax",
            secure=_over_tls(self.door),
        )


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> tzinfo:
    return ZoneInfo(name) if name in _known_zones() else UTC


# The parameter of a handler: `visit: Visiting` asks for somebody who is signed in, `guest: Visiting` does not.
Visiting = NamedDependency[Visit]


def session_cookie(door: FrontDoor) -> str:
    """The name of the session's cookie. Sandbox and live never share one; over TLS only this host may set it."""
    return f"{'__Host-' if _over_tls(door) else ''}lw_{door.mode}_session"


def _over_tls(door: FrontDoor) -> bool:
    return door.base_url.startswith("https://")


_signature = cache(inspect.signature)


@cache
def operation_of(method: Method[..., Any]) -> Operation:
    """The operation a contract's method declares."""
    contract = inspect.getmodule(method)
    owner = getattr(contract, method.__qualname__.partition(".")[0])
    assert isinstance(getattr(method, "__operation__", None), Declared)
    return next(o for o in operations(owner) if o.name == method.__name__)


def local(path: str) -> str:
    """A path of ours to go on to, or home for anything else."""
    ours = path.startswith("/portal/") and path.isascii() and path.isprintable() and "\\" not in path
    return path if ours else HOME


async def visit_from(door: FrontDoor, request: Request[Any, Any, Any]) -> Visit:
    """The visit of a request; a form is taken and checked at once. Raises Forbidden."""
    session = request.cookies.get(session_cookie(door))
    visit = Visit(door, request, await door.find(session) if session else None)
    if request.method == "POST":
        visit.accept_form(await request.form())
    return visit
