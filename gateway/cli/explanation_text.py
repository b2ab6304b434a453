"""Why an amount is what and where it is, as text: what blocks it with evidence, owner and fix; the chain from line to deal."""

from collections.abc import Iterable, Sequence
from typing import Any

from contracts.process.billing_objects import BillGroup, Chain, Check, Explanation, Link, Readiness
from contracts.process.figures import Figure
from gateway.cli import invoice_text
from gateway.cli.tables import GAP, moment, money, table


def whole(explanation: Explanation) -> str:
    """The explanation of a bill group, an invoice or a transaction. The figures of a transaction alone are a table; those of an
    invoice's would bury it, and are in --json."""
    parts = [explanation.sentence]
    group, invoice = explanation.bill_group, explanation.invoice
    parts += [_failed(check, group, explanation.subject) for check in explanation.failed]
    if invoice is not None:
        parts.append(invoice_text.whole(invoice))
    parts += [_chain(chain) for chain in explanation.chains]
    if len(explanation.chains) == 1 and explanation.chains[0].figures:
        parts.append(figures(explanation.chains[0].figures))
    return "\n\n".join(parts)


def figures(found: Iterable[Figure]) -> str:
    """Every figure with the rules it follows from."""
    rows = [(f.name.replace("_", " "), f.value, f.unit, " ".join(f.rules), f.how) for f in found]
    return table(("FIGURE", "VALUE", "UNIT", "RULES", "HOW"), rows, right="VALUE")


def readiness(found: Readiness) -> str:
    """The 32 checks, those that failed first."""
    order = {"failed": 0, "passed": 1, "not_applicable": 2}
    checks = sorted(found.checks, key=lambda check: (order[check.status], check.number))
    rows = [
        (c.number, c.code, c.status.replace("_", " "), c.severity, c.owner_role, c.reason or c.sentence) for c in checks
    ]
    passed = sum(c.status == "passed" for c in checks)
    head = f"{found.bill_group_id}: {found.status.replace('_', ' ')}, {passed} of {found.applicable} checks passed"
    return f"{head}\n\n{table(('NO', 'CHECK', 'RESULT', 'SEVERITY', 'OWNER', 'FOUND'), rows, right='NO')}"


def _failed(check: Check, group: BillGroup | None, subject: str) -> str:
    word = "Waived" if check.waived else "Blocked" if check.severity == "blocking" else "Warning"
    whose = (
        f", {money(group.net_amount, group.currency)}, {group.customer_name}, {group.contract_name}" if group else ""
    )
    again = group.id if group else subject
    return "\n".join(
        (
            f"{word}: {check.sentence.rstrip('.')} ({check.code}){whose}",
            f"  Evidence   {'; '.join(_evidence(check.evidence)) or 'see the checks'}",
            f"  Who        {_who(check)}",
            f"  Fix        {check.cleared_by.rstrip('.')}, then: ledgerway billing recheck {again}",
        )
    )


def _who(check: Check) -> str:
    if check.waived is not None:
        return f"waived by {check.waived.waived_by}: {check.waived.reason}"
    return f"{check.owner_role}, within {check.sla_hours} h" + ("; FC may waive it" if check.waivable else "")


def _evidence(evidence: dict[str, Any]) -> Iterable[str]:
    for name, value in evidence.items():
        yield f"{name.replace('_', ' ')} {_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_plain(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value)) or "none"
    return "none" if value is None else str(value)


def _chain(chain: Chain) -> str:
    line = f"Line {chain.line_id}, transaction" if chain.line_id else "Transaction"
    head = f"{line} {chain.transaction_id}"
    return "\n".join((head, *_links(chain.links)))


def _links(links: Sequence[Link]) -> Iterable[str]:
    widths = [max((len(text(link)) for link in links), default=0) for text in (_kind, _system, _id)]
    for link in links:
        cells = (text(link).ljust(width) for text, width in zip((_kind, _system, _id), widths, strict=True))
        when = f"{GAP}{moment(link.at)}" if link.at else ""
        by = f" by {link.by}" if link.by else ""
        facts = "".join(f"; {name.replace('_', ' ')} {_plain(value)}" for name, value in link.facts.items() if value)
        yield f"  {GAP.join(cells)}{GAP}{link.title}{when}{by}{facts}"


def _kind(link: Link) -> str:
    return link.kind


def _system(link: Link) -> str:
    return link.system


def _id(link: Link) -> str:
    return link.id
