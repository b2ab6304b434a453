"""What every page has around it: navigation, freshness; signing in and out, how pages look, help."""

from typing import Any

from litestar import get, post

from contracts.experience.finance_dashboard import Freshness
from contracts.problems import NotFound
from experience_apis.portal.navigation import navigation
from experience_apis.portal.visit import HOME, THEMES, Page, Visit, Visiting, local

# What may lag on pages when a system was not read for longer than its limit.
STALE = {
    "crm": "deals may lag",
    "psa": "projects may lag",
    "time": "approved hours may be missing",
    "planning": "bookings may lag",
    "erp": "postings may lag",
    "hcm": "cost rates may lag",
    "billing": "invoice states may lag",
}
LABELS = {"time": "Time", "planning": "Planning", "billing": "Billing"}


async def page(visit: Visit, template: str, status: int = 200, block: str | None = None, **context: Any) -> Page:
    """A page in the layout; a part of it needs no layout."""
    if visit.partial and block is not None:
        return visit.page(template, status, block, **context)
    groups = await navigation(visit) if visit.known is not None else {}
    return visit.page(template, status, block, navigation=groups, **context)


def port_label(port: str) -> str:
    """`erp` -> `ERP`, `time` -> `Time`."""
    return LABELS.get(port, port.upper())


def freshness(items: tuple[Freshness, ...], *ports: str) -> list[dict[str, Any]]:
    """The freshness strip: one entry per port the page used, the oldest reading of several systems."""
    found: dict[str, Freshness] = {}
    for item in items:
        if item.port in ports and (item.port not in found or _older(item, found[item.port])):
            found[item.port] = item
    return [{"label": port_label(port), "item": found[port], "effect": STALE[port]} for port in ports if port in found]


def _older(left: Freshness, right: Freshness) -> bool:
    return left.read_at is None or (right.read_at is not None and left.read_at < right.read_at)


@get("/")
async def home(visit: Visiting) -> Page:
    """The portal's own address leads to the first page."""
    return visit.go(HOME)


@get("/sign-in")
async def sign_in(guest: Visiting) -> Page:
    """Whom to be."""
    to = guest.request.query_params.get("next", HOME)
    return await page(guest, "sign_in.html", next=local(to), unknown=None)


@post("/sign-in")
async def enter(guest: Visiting) -> Page:
    """Open a session; one that was open ends."""
    try:
        session = await guest.door.enter(guest.text("persona"), guest.seen)
    except NotFound as unknown:
        return await page(guest, "sign_in.html", 422, next=local(guest.text("next")), unknown=unknown.detail)
    if guest.known is not None:
        await guest.door.leave(guest.known, guest.seen)
    guest.keep_session(session)
    return guest.go(local(guest.text("next")))


@post("/sign-out")
async def leave(guest: Visiting) -> Page:
    """End the session."""
    if guest.known is not None:
        await guest.door.leave(guest.known, guest.seen)
    guest.end_session()
    return guest.go("/portal/sign-in")


@post("/preferences")
async def prefer(guest: Visiting) -> Page:
    """Theme, and whether single letters act."""
    theme = next((one for one in THEMES if one == guest.text("theme")), None)
    keys = guest.text("keys")
    guest.keep_choices(theme, None if keys == "" else keys == "on")
    return guest.go(local(guest.text("next")))


@get("/help")
async def help_page(visit: Visiting) -> Page:
    """Words and keys."""
    return await page(visit, "help.html")


HANDLERS = (home, sign_in, enter, leave, prefer, help_page)
