"""gateway.toml as structs: numbers and addresses are data, the order of policies is code. Unknown keys are refused with their path."""

from pathlib import Path

import msgspec
from msgspec import Struct

from gateway.jwks import ALGORITHMS
from gateway.policies.audit import Config as Audit
from gateway.policies.auth import Config as Auth
from gateway.policies.correlation import Config as Correlation
from gateway.policies.idempotency import Config as Idempotency
from gateway.policies.quota import Config as Quota
from gateway.policies.throttle import Config as Throttle
from gateway.policies.validation import Config as Validation
from gateway.policies.version import Config as Version
from runtime.settings import SettingsError

BUILT_IN = Path(__file__).parent / "gateway.toml"


class ConfigError(SettingsError):
    """The configuration cannot be used; the message names the file and the path in it."""


class RouteGroup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which layer serves a prefix, under which limits; `internal` routes stay out of the public description."""

    prefix: str
    layer: str
    group: str
    visibility: str = "internal"

    def __post_init__(self) -> None:
        if not self.prefix.startswith("/") or self.prefix.endswith("/"):
            raise ValueError("a prefix starts with / and does not end with it")
        if self.visibility not in ("public", "internal"):
            raise ValueError("visibility is public or internal")


class TrustedIssuer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An issuer of access tokens: its identifier, character by character, and where its keys are."""

    issuer: str
    jwks_uri: str
    algorithms: tuple[str, ...] = ("RS256", "ES256", "PS256", "EdDSA")
    tenant_claim: str = "tenant"
    stale_s: int = 24 * 3600

    def __post_init__(self) -> None:
        if not self.jwks_uri.startswith(("https://", "http://localhost", "http://127.0.0.1")):
            raise ValueError("keys are read over https")
        if unknown := [name for name in self.algorithms if name not in ALGORITHMS]:
            raise ValueError(f"{unknown[0]} is not one of {', '.join(ALGORITHMS)}")


class Policies(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of each policy; throttle and quota by group, version by prefix."""

    correlation: Correlation = Correlation()
    auth: Auth = Auth()
    version: tuple[Version, ...] = ()
    throttle: dict[str, Throttle] = {}
    quota: dict[str, Quota] = {}
    validation: Validation = Validation()
    idempotency: Idempotency = Idempotency()
    audit: Audit = Audit()


class Counting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many gateway processes share the limits; more than one count in Redis."""

    processes: int = 1


class GatewayConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. `trusted_peers` are addresses whose X-Forwarded-For counts; `origins` those of browsers that may call."""

    name: str = "gw"
    deadline_s: int = 30
    origins: tuple[str, ...] = ()
    trusted_peers: tuple[str, ...] = ()
    counting: Counting = Counting()
    route: tuple[RouteGroup, ...]
    issuer: tuple[TrustedIssuer, ...] = ()
    policy: Policies = Policies()

    def __post_init__(self) -> None:
        unlimited = {group.group for group in self.route} - self.policy.throttle.keys()
        if unlimited:
            raise ValueError(f"group {min(unlimited)} has no policy.throttle")
        if self.policy.idempotency.lease_s <= self.deadline_s:
            raise ValueError("policy.idempotency.lease_s is longer than deadline_s")
        if "*" in self.origins:
            raise ValueError("origins are listed one by one; * is not one")


def read(raw: bytes | str, name: str = "gateway.toml") -> GatewayConfig:
    """The configuration in a TOML text. Raises ConfigError with the path of what is wrong."""
    try:
        return msgspec.toml.decode(raw, type=GatewayConfig)
    except msgspec.DecodeError as error:
        raise ConfigError(f"{name}: {error}") from error


def load(path: Path | None = None) -> GatewayConfig:
    """The configuration in a file, or the one built in. Raises ConfigError."""
    place = path or BUILT_IN
    try:
        return read(place.read_bytes(), str(place))
    except OSError as error:
        raise ConfigError(f"{place}: {error.strerror}") from error
