"""Our references to records of an org: `instance:kind:record id`."""

import re

from contracts.canon.ref import ref
from contracts.problems import NotFound

_RECORD_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


def own_id(value: str, instance: str, kind: str) -> str:
    """The record id in a reference. Raises NotFound when it belongs to another system or kind, or is no record id."""
    prefix, key = f"{instance}:{kind}:", value.partition(":")[2].partition(":")[2]
    if not value.startswith(prefix) or not _RECORD_ID.fullmatch(key):
        raise NotFound(f"{instance} has no {kind} {value}.")
    return key


def optional_ref(instance: str, kind: str, record_id: str | None) -> str | None:
    """A reference to a parent that may be missing."""
    return None if record_id is None else ref(instance, kind, record_id)
