"""Error codes of the platform -> problems, for whole answers and for the parts of a collection or composite.

Source: REST API Developer Guide, "Status Codes and Error Responses".
"""

from typing import Any

import msgspec
from msgspec import Struct

from contracts.problems import Conflict, NotFound, PreconditionFailed, Problem, VendorRefused, VendorUnavailable
from runtime.http.outbound import Answer

_ABSENT = frozenset({"NOT_FOUND", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"})
_TWICE = frozenset({"DUPLICATE_VALUE", "DUPLICATES_DETECTED", "DUPLICATE_EXTERNAL_ID"})
# Seconds to wait when there is no Retry-After: locks last moments, the allowance of a rolling day frees up by and by.
_BUSY = {"UNABLE_TO_LOCK_ROW": 1, "SERVER_UNAVAILABLE": 5, "REQUEST_LIMIT_EXCEEDED": 30}
_LONGEST_WAIT_S = 3600
_CONSEQUENCES = frozenset({"PROCESSING_HALTED", "ALL_OR_NONE_OPERATION_ROLLED_BACK"})
_LONGEST_MESSAGE = 500


class Fault(Struct, frozen=True, kw_only=True):
    """One error of the vendor; `fields` are the fields it blames."""

    code: str
    message: str
    fields: tuple[str, ...] = ()


def faults_in(value: Any) -> tuple[Fault, ...]:
    """The errors in a decoded body: the array of the REST API, the parts' `statusCode`, or `Message` of a package's REST."""
    if isinstance(value, list):
        return tuple(_fault(item) for item in value if isinstance(item, dict))
    return (_fault(value),) if isinstance(value, dict) else ()


def refusal(answer: Answer, vendor: str, operation: str) -> Problem:
    """The problem that an answer outside 2xx stands for."""
    facts: dict[str, Any] = {"vendor": vendor, "operation": operation}
    if answer.status == 300:
        return Conflict("Several records carry this external id; nothing was written.", **facts)
    if answer.status == 412:
        return PreconditionFailed("The record was changed meanwhile; read it again.", **facts)
    faults = _read(answer.body) or (Fault(code=f"HTTP_{answer.status}", message="no explanation"),)
    if answer.status == 404 and faults[0].code.startswith("HTTP_"):
        return NotFound(f"{vendor} has no such record.", **facts)
    return problem_of(faults, vendor, operation, _asked_to_wait(answer))


def problem_of(faults: tuple[Fault, ...], vendor: str, operation: str, wait_s: int | None = None) -> Problem:
    """The problem that the first telling error stands for (the others are often its consequences)."""
    first = next((fault for fault in faults if fault.code not in _CONSEQUENCES), faults[0])
    message = first.message[:_LONGEST_MESSAGE]
    facts: dict[str, Any] = {"vendor": vendor, "operation": operation}
    facts |= {"vendor_code": first.code, "vendor_message": message}
    if first.code in _BUSY:
        wait = _BUSY[first.code] if wait_s is None else wait_s
        return VendorUnavailable(f"{vendor} is busy: {message}", retry_after_s=wait, **facts)
    if first.code in _ABSENT:
        return NotFound(f"{vendor} has no such record: {message}", **facts)
    if first.code in _TWICE:
        return Conflict(f"{vendor} holds another record with this value: {message}", **facts)
    return VendorRefused(f"{vendor} refuses: {message}", **facts)


def _asked_to_wait(answer: Answer) -> int | None:
    """Seconds of a Retry-After, which only an edge in front of the org sends."""
    value = answer.headers.get("retry-after", "")
    return min(int(value), _LONGEST_WAIT_S) if value.isdigit() else None


def _read(body: bytes) -> tuple[Fault, ...]:
    try:
        return faults_in(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()


def _fault(item: dict[str, Any]) -> Fault:
    code = item.get("errorCode") or item.get("statusCode") or item.get("error") or "UNKNOWN"
    message = item.get("message") or item.get("Message") or item.get("error_description") or ""
    fields = item.get("fields")
    named = tuple(str(name) for name in fields) if isinstance(fields, list) else ()
    return Fault(code=str(code), message=str(message), fields=named)
