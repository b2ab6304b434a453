"""The life cycle of versions and operations (RFC 9745, RFC 8594): announced on every answer, gone after the sunset."""

from datetime import UTC, datetime
from email.utils import format_datetime

from msgspec import Struct

from contracts.problems import VersionGone
from gateway.exchange import Exchange

WHEN_STORE_IS_AWAY = "open"  # keeps nothing


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One deprecation: everything below `prefix`. `docs` and `policy` are pages, `successor` an address; paths or URLs."""

    prefix: str
    deprecated_at: datetime
    sunset_at: datetime | None = None
    successor: str | None = None
    docs: str | None = None
    policy: str | None = None

    def __post_init__(self) -> None:
        if self.deprecated_at.tzinfo is None or (self.sunset_at is not None and self.sunset_at.tzinfo is None):
            raise ValueError("an instant has an offset")
        if self.sunset_at is not None and self.sunset_at < self.deprecated_at:
            raise ValueError("the sunset is not earlier than the deprecation")


def on_request(x: Exchange, config: Config) -> None:
    """Raises VersionGone after the sunset. That it comes is announced on every answer, by the gateway."""
    if config.sunset_at is not None and x.services.clock.now() >= config.sunset_at:
        successor = f" Use {config.successor}." if config.successor else ""
        raise VersionGone(f"This was retired on {config.sunset_at:%-d %b %Y}.{successor}", successor=config.successor)


def headers(config: Config) -> list[tuple[str, str]]:
    """Deprecation, Sunset and Link, for every answer."""
    found = [("deprecation", f"@{int(config.deprecated_at.timestamp())}")]
    if config.sunset_at is not None:
        found.append(("sunset", format_datetime(config.sunset_at.astimezone(UTC), usegmt=True)))
    links = [
        f'<{config.docs}>; rel="deprecation"; type="text/html"' if config.docs else None,
        f'<{config.successor}>; rel="successor-version"' if config.successor else None,
        f'<{config.policy}>; rel="sunset"; type="text/html"' if config.policy else None,
    ]
    if any(links):
        found.append(("link", ", ".join(link for link in links if link)))
    return found


def covering(path: str, lifecycle: tuple[Config, ...]) -> Config | None:
    """The deprecation with the longest prefix that covers a path."""
    found = [c for c in lifecycle if path == c.prefix or path.startswith(c.prefix.rstrip("/") + "/")]
    return max(found, key=lambda c: len(c.prefix), default=None)
