"""The simulated Workday tenant as an ASGI app: addresses, sign-in, seed. Speaks the vendor's wire only."""

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from contracts.periods import Clock
from runtime.http.simulate import ASGIApp, Faults, Request, Response, Route, SandboxClock, Store, simulator
from system_apis.workday.sandbox.access import Access, leave_secrets
from system_apis.workday.sandbox.common_service import CommonService
from system_apis.workday.sandbox.errors import Errors
from system_apis.workday.sandbox.listing import Listing
from system_apis.workday.sandbox.reports import Reports
from system_apis.workday.sandbox.seed import fill
from system_apis.workday.sandbox.soap.web_services import WebServices

_TOKEN = "/ccx/oauth2/{tenant}/token"  # noqa: S105 - an address
_REPORT = "/ccx/service/customreport2/{tenant}/{owner}/{report}"
_SERVICE = "/ccx/service/{tenant}/{service}/{version}"
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
    common = CommonService(store, Listing(faults, public_url))
    served: list[tuple[str, Callable[[Request], Response]]] = [
        ("/workers", common.workers),
        ("/workers/{id}", common.worker),
        ("/workers/{id}/organizations", common.worker_organizations),
        ("/workers/{id}/timeOffEntries", common.time_off_entries),
        ("/organizations", common.organizations),
        ("/organizations/{id}", common.organization),
        ("/organizationTypes", common.organization_types),
        ("/supervisoryOrganizations", common.supervisory_organizations),
    ]
    return [
        Route("POST", _TOKEN, access.give),
        Route("GET", _SERVICE, soap.describe),
        Route("POST", _SERVICE, soap.call),
        Route("GET", _REPORT, access.signed_in(Reports(store).run)),
        *(Route("GET", root + path, access.signed_in(handle)) for root in _ROOTS for path, handle in served),
    ]
