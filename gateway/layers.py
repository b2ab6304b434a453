"""Which layers a process serves: all of them behind the front door, or some alone for other processes of the installation.

Layers that run apart know each other by address (LEDGERWAY_SYSTEM_URL) and by one key (LEDGERWAY_SIGNING_KEY_FILE).
"""

from collections.abc import Collection, Iterable

from runtime.bind import Served
from runtime.http.hop import HopTokens, read_key
from runtime.http.remote import Remote
from runtime.settings import Settings, SettingsError

LAYERS = ("system", "process", "experience")


def chosen(names: Collection[str] | None) -> frozenset[str]:
    """The layers to serve; none named means all. Raises SettingsError for a name that is no layer."""
    if unknown := sorted(set(names or ()) - set(LAYERS)):
        raise SettingsError(f"There is no layer {', '.join(unknown)}; layers are {', '.join(LAYERS)}.")
    return frozenset(names or LAYERS)


def whole(layers: frozenset[str]) -> bool:
    """True when the front door stands before them."""
    return layers == frozenset(LAYERS)


def only(layers: frozenset[str], served: Iterable[Served]) -> tuple[Served, ...]:
    """The operations of these layers."""
    return tuple(one for one in served if one.path.split("/")[1] in layers)


def tokens(settings: Settings) -> HopTokens:
    """How layers of this installation know each other. Raises SettingsError, ValueError for a key that is too short."""
    if settings.signing_key_file is None:
        raise SettingsError(
            "LEDGERWAY_SIGNING_KEY_FILE is not set: layers that run apart share a key of 32 bytes or more."
        )
    return HopTokens(read_key(settings.signing_key_file))


def system_elsewhere(settings: Settings, layers: frozenset[str]) -> Remote | None:
    """The system layer where it is not in this process: told by its address, and needed by processes that run without it."""
    if "system" in layers and not (whole(layers) and settings.system_url):
        return None
    if settings.system_url is None:
        if "process" in layers:
            raise SettingsError(
                "LEDGERWAY_SYSTEM_URL is not set: the process layer has to know where the system layer is."
            )
        return None
    return Remote(settings.system_url.rstrip("/"), tokens(settings))
