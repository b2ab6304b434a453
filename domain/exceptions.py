"""The exception catalogue: what each code means, who owns it, how long they have and what it resumes (section 6)."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

from domain.exception_table import TABLE

Severity = Literal["blocking", "warning"]

OWNER_ROLES: Mapping[str, str] = MappingProxyType(
    {
        "BA": "billing analyst",
        "BM": "billing manager",
        "PM": "project manager",
        "RM": "resource manager",
        "DL": "delivery lead",
        "FC": "finance controller",
        "TS": "tax specialist",
        "RA": "revenue accountant",
        "AP": "accounts-payable specialist",
        "CA": "collections analyst",
        "DS": "data steward",
        "SO": "sales operations",
        "HR": "HR operations",
        "PY": "payroll analyst",
        "IS": "integration support",
    }
)

_BLOCKING_CONTROLS = frozenset({"REC-01", "REC-02", "REC-05", "REC-06", "REC-07", "REC-09"})


class ExceptionEntry(Struct, frozen=True, kw_only=True):
    """One code of the catalogue; `sla_hours` are business hours (TIME-3), `resumes` names workflow steps."""

    code: str
    meaning: str
    severity: Severity
    owner_role: str
    sla_hours: int
    suggested_fixes: tuple[str, ...]
    auto_resolves_when: str | None
    resumes: tuple[str, ...]


def _read(table: str) -> Iterator[ExceptionEntry]:
    lines = [line for line in table.strip().splitlines() if not line.startswith("#")]
    for head, body in zip(lines[::2], lines[1::2], strict=True):
        code, ownership, resumes, meaning = head.split(" | ")
        severity, owner, hours = ownership.split()
        fixes, resolves = body.strip().split(" | ")
        yield ExceptionEntry(
            code=code,
            meaning=meaning,
            severity="blocking" if severity == "B" else "warning",
            owner_role=owner,
            sla_hours=int(hours),
            suggested_fixes=tuple(fixes.split("; ")),
            auto_resolves_when=None if resolves == "-" else resolves,
            resumes=() if resumes == "-" else tuple(resumes.split(", ")),
        )


CATALOGUE: Mapping[str, ExceptionEntry] = MappingProxyType({entry.code: entry for entry in _read(TABLE)})


def entry(code: str) -> ExceptionEntry:
    """The catalogue entry of a code; KeyError for a code that does not exist."""
    return CATALOGUE[code]


def severity_of(code: str, *, control: str | None = None, critical: bool = True) -> Severity:
    """The severity in force: RECON_VARIANCE depends on its control, MDM_CONFLICT on the field being critical."""
    if code == "RECON_VARIANCE" and control is not None:
        return "blocking" if control in _BLOCKING_CONTROLS else "warning"
    if code == "MDM_CONFLICT":
        return "blocking" if critical else "warning"
    return entry(code).severity
