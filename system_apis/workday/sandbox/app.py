"""The simulated Workday tenant as an ASGI app: addresses, sign-in, seed. Speaks the vendor's wire only."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from contracts.periods import Clock
from runtime.http.simulate import ASGIApp, Faults, Request, Response, Route, Row, SandboxClock, Store, simulator
from system_apis.workday.sandbox.absence_service import AbsenceService
from system_apis.workday.sandbox.access import Access, leave_secrets
from system_apis.workday.sandbox.common_service import CommonService
from system_apis.workday.sandbox.errors import Errors
from system_apis.workday.sandbox.listing import Collection, Listing
from system_apis.workday.sandbox.reports import Reports
from system_apis.workday.sandbox.seed import fill
from system_apis.workday.sandbox.soap.web_services import WebServices

_TOKEN = "/ccx/oauth2/{tenant}/token"  # noqa: S105 - an address
_REPORT = "/ccx/service/customreport2/{tenant}/{owner}/{report}"
_SERVICE = "/ccx/service/{tenant}/{service}/{version}"
_ABSENCE = "/ccx/api/absenceManagement/v1/{tenant}"
_ROOTS = ("/ccx/api/common/v1/{tenant}", "/ccx/api/v1/{tenant}")


def workday(
    state_dir: Path | None,
    as_of: date,
    public_url: str,
    *,
    public_key: str | None = None,
    clock: Clock | None = None,
) -> ASGIApp:
    """The simulator. State lives in `state_dir` (None: in memory); `public_url` goes into links.

    `public_key` (PEM) is the certificate of the API client: with it, signed assertions are taken too.
    """
    store = Store(state_dir / "workday.jsonl" if state_dir else None)
    faults, time = Faults(store), SandboxClock(store, clock)
    access = Access(store, time, public_key)
    if store.folder is not None:
        leave_secrets(store.folder)
    return simulator(
        "workday",
        _routes(store, faults, access, WebServices(store, faults, time), public_url),
        store=store,
        faults=faults,
        clock=time,
        seed=partial(fill, as_of=as_of),
        errors=_Signing(access),
    )


class _Signing(Errors):
    """The vendor's errors; an expired token is forgotten, so that only a new one works."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def token_expired(self, request: Request) -> Response:
        """A dead token."""
        self._access.forget(request)
        return super().token_expired(request)


def _routes(store: Store, faults: Faults, access: Access, soap: WebServices, public_url: str) -> list[Route]:
    listing = Listing(faults, public_url)
    common, absence = CommonService(store, listing), AbsenceService(store, faults)
    return [
        Route("POST", _TOKEN, access.give),
        Route("GET", _SERVICE, soap.describe),
        Route("POST", _SERVICE, soap.call),
        Route("GET", _REPORT, access.signed_in(Reports(store).run)),
        Route("POST", f"{_ABSENCE}/workers/{{id}}/requestTimeOff", access.signed_in(absence.request)),
        *_collections(_ABSENCE, absence.collections, listing, access),
        *(Route("GET", f"{root}/workers/{{id}}", access.signed_in(common.worker)) for root in _ROOTS),
        *(route for root in _ROOTS for route in _collections(root, common.collections, listing, access)),
    ]


def _collections(root: str, collections: Mapping[str, Collection], listing: Listing, access: Access) -> Iterator[Route]:
    """Pages of every collection, and each of its items below it."""
    for path, rows in collections.items():
        page, one = partial(_answer, listing.page, rows), partial(_answer, listing.one, rows)
        yield Route("GET", root + path, access.signed_in(page))
        yield Route("GET", f"{root}{path}/{{item}}", access.signed_in(one))


def _answer(show: Callable[[Request, Sequence[Row]], Response], rows: Collection, request: Request) -> Response:
    return show(request, rows(request))
