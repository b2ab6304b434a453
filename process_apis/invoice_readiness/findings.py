"""The 32 checks of a bill group as people read them: sentence with figures, evidence, owner, what clears it. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

from contracts.money import plain, written
from contracts.process.billing_objects import Check, Waiver
from contracts.process.exception_objects import BusinessException
from contracts.wire import to_builtins
from domain import readiness
from domain.snapshot import ReadinessSnapshot
from process_apis.invoice_readiness import rules
from process_apis.invoice_readiness.assembly import Assembly, assemble, net_of
from process_apis.invoice_readiness.rules import Facts
from process_apis.invoice_readiness.sentences import NO_COST, NO_THRESHOLD, REASONS, SENTENCES
from process_apis.invoice_readiness.taxes import Taxes, taxes_of, undetermined

# A failing list may be long; evidence shows the first ones and the sentence the number.
_SHOWN = 20
_WAITING = ("submitted", "approved")
_UNRATED = ("pending", "validated", "exception")


class Judgement(Struct, frozen=True, kw_only=True):
    """What was found about a group: the verdict, its checks, the snapshot they read, and the draft it would come to."""

    verdict: readiness.Readiness
    checks: tuple[Check, ...]
    snapshot: ReadinessSnapshot
    taxes: Taxes
    assembly: Assembly
    net_amount: Decimal

    @property
    def failed(self) -> tuple[str, ...]:
        """Codes of the failed checks that block."""
        return tuple(c.code for c in self.checks if blocks(c))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Codes of the failed checks that only warn, waived ones among them."""
        return tuple(c.code for c in self.checks if c.status == "failed" and not blocks(c))


def blocks(check: Check) -> bool:
    """Whether a check keeps the group from being drafted."""
    return check.status == "failed" and check.severity == "blocking" and check.waived is None


def judge(facts: Facts) -> Judgement:
    """Evaluate all checks on one set of facts."""
    taxes = taxes_of(facts)
    assembly = assemble(facts, taxes)
    net = net_of(facts, assembly)
    snapshot = rules.snapshot(facts, net, undetermined(taxes))
    judged = readiness.checks(snapshot)
    said = _figures(facts, snapshot, taxes)
    waivers = {one.code: one for one in facts.group.waivers}
    return Judgement(
        verdict=readiness.summarise(judged, waivers),
        checks=tuple(
            _check(one, facts, said, _extras(facts, one.code, taxes), waivers.get(one.code)) for one in judged
        ),
        snapshot=snapshot,
        taxes=taxes,
        assembly=assembly,
        net_amount=net,
    )


def _check(
    one: readiness.Check, facts: Facts, said: Mapping[str, str], extras: Mapping[str, Any], waiver: Waiver | None
) -> Check:
    passed, failed = SENTENCES[one.code]
    status: Literal["passed", "failed", "not_applicable"] = (
        "not_applicable" if not one.applicable else "passed" if one.passed else "failed"
    )
    reason = None if one.applicable else _reason(one, facts)
    sentence = reason or (passed if one.passed else failed).format_map(said)
    evidence = {**one.evidence, **extras} if one.applicable else {}
    if one.offenders:
        evidence["offenders"] = list(one.offenders[:_SHOWN])
    return Check(
        number=one.number,
        code=one.code,
        scope=one.scope,
        severity=one.severity,
        status=status,
        sentence=sentence,
        reason=reason,
        evidence=to_builtins(evidence),
        owner_role=one.owner_role,
        sla_hours=one.sla_hours,
        cleared_by=one.cleared_by,
        waivable=one.waivable,
        waived=waiver if status == "failed" else None,
    )


def _reason(one: readiness.Check, facts: Facts) -> str:
    if one.code == "MARGIN_LOW":
        return NO_THRESHOLD if facts.contract.margin_threshold_pct is None else NO_COST
    return REASONS.get(one.code) or one.reason or "The facts it needs are not known."


def _extras(facts: Facts, code: str, taxes: Taxes) -> dict[str, Any]:
    """Evidence beyond the snapshot's fields: the objects people open to fix it."""
    open_ = {
        "DUPLICATE_SUSPECTED": rules.duplicates,
        "COST_CENTER_UNMAPPED": rules.unmapped,
        "OPEN_EXCEPTION": rules.blocking,
        "RECON_VARIANCE": rules.reconciled,
    }
    if code in open_:
        return _listed("exceptions", map(_exception, open_[code](facts.exceptions)))
    if code == "TAX_NOT_DETERMINED":
        lines = [
            {"contract_line_id": k[0], "kind": k[1], "code": t.code, "because": t.because} for k, t in taxes.items()
        ]
        return _listed("lines", (line for line in lines if line["code"]))
    if code == "XREF_MISSING":
        return _listed("missing", rules.xref_missing(facts))
    if code == "PRIOR_INVOICE_OPEN":
        return _listed("bill_groups", facts.prior_open)
    return {}


def _listed(name: str, found: Iterable[Any]) -> dict[str, Any]:
    shown = list(found)[:_SHOWN]
    return {name: shown} if shown else {}


def _exception(found: BusinessException) -> dict[str, Any]:
    return {"id": found.id, "code": found.code, "about": found.object_id, "due_at": found.due_at}


def _figures(facts: Facts, snapshot: ReadinessSnapshot, taxes: Taxes) -> dict[str, str]:
    return {**_terms(facts, snapshot), **_work(facts, snapshot), **_money(facts, snapshot, taxes)}


def _terms(facts: Facts, snapshot: ReadinessSnapshot) -> dict[str, str]:
    contract, period, po = facts.contract, snapshot.period, facts.contract.po
    given = facts.debtor.payment_terms if facts.debtor else contract.payment_terms
    due = snapshot.period.end if snapshot.period else facts.invoice_date
    orders = [
        o.id
        for o in snapshot.change_orders or ()
        if o.state in _WAITING and o.effective_date is not None and o.effective_date <= due
    ]
    return {
        "contract": contract.name,
        "contract_state": _words(snapshot.contract.state),
        "projects": _joined(p.code for p in facts.projects),
        "project_state": _words(snapshot.project.state if snapshot.project else None),
        "customer": facts.customer.name,
        "customer_gaps": _gaps(facts),
        "po": po.number if po else "-",
        "po_expires": _day(po.expires_on if po else None),
        "invoice_date": _day(facts.invoice_date),
        "entity": facts.group.legal_entity_id,
        "period_state": _words(period.state if period else None),
        "period_end": _day(due),
        "terms": snapshot.payment_terms or "-",
        "terms_given": given or "none",
        "orders": _joined(orders),
        "xref_missing": _joined(snapshot.xref_missing or ()),
    }


def _work(facts: Facts, snapshot: ReadinessSnapshot) -> dict[str, str]:
    time, own = snapshot.time, facts.exceptions
    good = ("accepted",), ("completed", "accepted")
    waiting = [
        f"{m.name} ({_words(m.state)})" for m in facts.milestones if m.state not in good[not m.acceptance_required]
    ]
    return {
        "unapproved": _hours(time.unapproved_billable_hours if time else None),
        "timesheets": str(time.missing_timesheets if time else 0),
        "group_start": _day(facts.group.period_start),
        "group_end": _day(facts.group.period_end),
        "expenses": str(snapshot.expenses.unapproved if snapshot.expenses else 0),
        "receipts": str(snapshot.expenses.receipts_missing if snapshot.expenses else 0),
        "count": str(len(snapshot.transactions)),
        "unrated": str(sum(t.state in _UNRATED for t in snapshot.transactions)),
        "milestones": _joined(waiting),
        "duplicates": str(snapshot.duplicates_open),
        "unmapped": str(snapshot.unmapped_cost_centers),
        "exceptions": str(snapshot.open_blocking_exceptions),
        "exception_codes": _joined(sorted({e.code for e in rules.blocking(own)})),
        "prior": str(len(facts.prior_open)),
        "variances": str(len(rules.reconciled(own))),
    }


def _money(facts: Facts, snapshot: ReadinessSnapshot, taxes: Taxes) -> dict[str, str]:
    currency, retainer, margin = facts.contract.currency, facts.contract.retainer, snapshot.margin

    def money(amount: Decimal | None) -> str:
        return "-" if amount is None else written(amount, currency)

    return {
        "currency": currency,
        "functional": facts.entity.functional_currency if facts.entity else "-",
        "net": money(snapshot.net_amount),
        "po_remaining": money(snapshot.po.remaining if snapshot.po else None),
        "overage": money(snapshot.cap.overage_held if snapshot.cap else None),
        "minimum": money(facts.contract.min_invoice_amount),
        "retainer": retainer.id if retainer else "-",
        "retainer_state": _words(retainer.state if retainer else None),
        "retainer_left": money(retainer.available if retainer else None),
        "retainer_threshold": money(retainer.low_threshold if retainer else None),
        "margin": _amount(margin.pct if margin else None),
        "margin_threshold": _amount(margin.threshold if margin else None),
        "tax_because": _joined(dict.fromkeys(t.because for t in taxes.values() if t.code)),
    }


def _gaps(facts: Facts) -> str:
    """What keeps the customer from being invoiced."""
    debtor = facts.debtor
    if debtor is None:
        return "not known to the ERP"
    address = debtor.address
    gaps = [name for name in ("street", "city", "country") if not getattr(address, name)]
    found = [f"the billing address has no {_joined(gaps)}"] if gaps else []
    if not debtor.active or facts.customer.status != "active":
        found.append("it is not active")
    return " and ".join(found) or "nothing is missing"


def _words(state: str | None) -> str:
    return "unknown" if state is None else state.replace("_", " ")


def _day(day: date | None) -> str:
    return "-" if day is None else f"{day.day} {day:%b %Y}"


def _amount(value: Decimal | None) -> str:
    return "-" if value is None else plain(value)


def _hours(value: Decimal | None) -> str:
    """Without zeros at the end."""
    return "-" if value is None else plain(value.normalize())


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts)
