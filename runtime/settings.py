"""Process facts from the environment: `LEDGERWAY_*` names become one frozen Settings; nothing else reads os.environ.

A field `database_url` is the variable LEDGERWAY_DATABASE_URL. Empty means unset. Names that are no setting are refused,
except LEDGERWAY_SECRET_* (what `env:NAME` references point to) and LEDGERWAY_TEST_* (the test suite's).
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Struct
from msgspec.structs import replace

PREFIX = "LEDGERWAY_"
COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"
SCHEMES = {
    "database_url": ("postgresql://", "postgres://"),
    "redis_url": ("redis://", "rediss://", "unix://"),
}
FOREIGN = ("LEDGERWAY_SECRET_", "LEDGERWAY_TEST_")


class SettingsError(Exception):
    """The environment cannot be read; the message names the variable and what it may be."""


class Settings(Struct, frozen=True, kw_only=True):
    """Facts of one process. Addresses of the servers are None until someone configures or starts them."""

    database_url: str | None = None
    redis_url: str | None = None
    state_dir: Path = Path(".ledgerway")
    mode: Literal["sandbox", "live"] = "sandbox"
    tenant: str = "demo"
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str | None = None
    gateway_config: Path | None = None
    system_url: str | None = None
    signing_key_file: Path | None = None
    supervised: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "console", "json"] = "auto"
    pool_size: int = 10
    statement_timeout_s: int = 30
    otlp_endpoint: str | None = None
    trace_one_in: int | None = None
    worker_address: str | None = None
    url: str | None = None
    token: str | None = None
    token_file: Path | None = None
    profiles: Path = Path("~/.config/ledgerway/profiles.toml")

    @property
    def base_url(self) -> str:
        """Where this installation is reached: the public address, else host and port."""
        return (self.public_url or self.own_url).rstrip("/")

    @property
    def own_url(self) -> str:
        """Where this process listens."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    @property
    def one_trace_in(self) -> int:
        """Of how many new traces one is sampled: of a sandbox's all, else one in a hundred, unless it was said."""
        return self.trace_one_in or (1 if self.mode == "sandbox" else 100)

    def environment(self) -> dict[str, str]:
        """These settings as variables, for a child process; unset fields are left out."""
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return {PREFIX + name.upper(): _text(value) for name, value in values if value is not None}


def load(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Settings of this process; an override (a command-line option) that is not None wins. Raises SettingsError."""
    given = {k: v for k, v in (os.environ if environment is None else environment).items() if k.startswith(PREFIX)}
    given = {k: v for k, v in given.items() if v != "" and not k.startswith(FOREIGN)}
    for name in given:
        _known(name)
    values = {name.removeprefix(PREFIX).lower(): value for name, value in given.items()}
    if collector := (os.environ if environment is None else environment).get(COLLECTOR):
        values.setdefault("otlp_endpoint", collector)
    try:
        settings = msgspec.convert(values, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise SettingsError(_explain(str(error), values)) from error
    return changed(settings, **overrides)


def changed(settings: Settings, **overrides: Any) -> Settings:
    """The settings with those overrides that are not None. Raises SettingsError for a port or address that cannot be."""
    made = replace(settings, **{k: v for k, v in overrides.items() if v is not None})
    if not 1 <= made.port <= 65535:
        raise SettingsError(f"The port is {made.port}; use 1 to 65535.")
    if made.trace_one_in is not None and made.trace_one_in < 1:
        raise SettingsError(f"LEDGERWAY_TRACE_ONE_IN is {made.trace_one_in}; use 1 (every trace) or more.")
    for name, schemes in SCHEMES.items():
        if not (getattr(made, name) or schemes[0]).startswith(schemes):
            raise SettingsError(
                f"{PREFIX}{name.upper()} begins with none of {', '.join(schemes)}; give such an address."
            )
    return made


def child_environment(settings: Settings, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child process: ours, with its LEDGERWAY_* settings replaced by `settings` and `extra`."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX) or k.startswith(FOREIGN)}
    return inherited | settings.environment() | dict(extra or {})


def colors_wanted() -> bool:
    """False where NO_COLOR is set, to whatever (no-color.org), or the terminal says that it is dumb."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def secret(reference: str) -> str:
    """The value behind `env:NAME` or `file:PATH`, less a closing line end. SettingsError never holds the value."""
    kind, _, name = reference.partition(":")
    if kind == "env" and name in os.environ:
        return os.environ[name]
    if kind == "file":
        try:
            return Path(name).read_text("utf-8").rstrip("\r\n")
        except OSError as error:
            raise SettingsError(f"Secret {reference} cannot be read: {error.strerror}.") from error
    raise SettingsError(f"Secret {reference} is not there: expected env:NAME of a set variable, or file:PATH.")


def _known(name: str) -> None:
    names = [PREFIX + field.upper() for field in Settings.__struct_fields__]
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        raise SettingsError(
            f"{name} is not a setting; " + (f"did you mean {near[0]}?" if near else f"known: {', '.join(names)}.")
        )


def _decode(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise TypeError(kind)


def _explain(message: str, values: Mapping[str, str]) -> str:
    field = message.partition(" - at `$.")[2].rstrip("`")
    if field not in values:
        return message
    kind = get_type_hints(Settings)[field]
    wanted = {int: "a whole number", bool: "true or false"}.get(kind) or " or ".join(map(str, get_args(kind)))
    return f"{PREFIX}{field.upper()} is {values[field]}; use {wanted}."


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
