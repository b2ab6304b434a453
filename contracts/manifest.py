"""What a vendor folder says about itself in `manifest.toml`."""

from datetime import date
from typing import Literal

from msgspec import Struct

Level = Literal["mapped", "simulated", "proven"]


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """A document the adapter was written from."""

    title: str
    read_on: date


class Limitation(Struct, frozen=True, forbid_unknown_fields=True):
    """Something the vendor, or this adapter, does not do; shown in the catalogue."""

    code: str
    text: str


class Auth(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the vendor is authenticated to, e.g. `oauth2-client-credentials`; `secret` names the kind of secret a connection references."""

    kind: str
    secret: str


class Limits(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The vendor's limits that the outbound budget keeps. `search_lag_s`: how far its search trails its writes."""

    concurrency: int
    page_size: int
    requests_per_s: int | None = None
    requests_per_day: int | None = None
    search_lag_s: int = 0


class Integration(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Integration class: how much depends on it, how fast it must be, what controls it."""

    criticality: Literal["high", "medium", "low"]
    latency: Literal["interactive", "minutes", "daily"]
    control: str


class VendorManifest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The manifest. `unsupported` maps `port.operation` to a reason; `proven_on` dates a run against the vendor's own sandbox."""

    id: str
    name: str
    owner: str
    ports: tuple[str, ...]
    auth: tuple[Auth, ...]
    limits: Limits
    integration: Integration
    sources: tuple[Source, ...]
    unsupported: dict[str, str] = {}
    limitation: tuple[Limitation, ...] = ()
    webhooks: tuple[str, ...] = ()
    proven_on: date | None = None
