"""The contract a won deal becomes, and whether every role of it has a price (4a.4). Pure."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from contracts.canon.deal import Deal, RoleNeed
from contracts.process.register_objects import NewContract, NewContractLine, PurchaseOrder
from domain.rate_search import RateLine, RateSearch, find_rate
from process_apis.onboarding import rules
from process_apis.onboarding.plan import Billed, CountryPlan, Plan


def contract(billed: Billed, customer_id: str, plan: Plan, cost_center: str) -> NewContract:
    """The executed terms: one line per delivery country with the deal's billing method."""
    deal, start = billed.deal, rules.start_of(billed.deal)
    assert start and deal.entity_code, "a deal is complete before it becomes a contract"
    return NewContract(
        id=plan.contract_id,
        engagement_id=plan.engagement_id,
        customer_id=customer_id,
        bill_to_id=customer_id,
        legal_entity_id=deal.entity_code,
        name=deal.name,
        opportunity_id=deal.ref,
        currency=deal.currency,
        start=start,
        end=rules.end_of(deal),
        signed_on=deal.signed_on,
        document_ref=deal.document_ref,
        payment_terms=billed.payment_terms,
        po_required=deal.po_required,
        po=PurchaseOrder(number=deal.po_number, amount=deal.po_amount) if deal.po_number else None,
        nte_amount=deal.nte_amount,
        lines=tuple(_line(deal, country, place, cost_center) for place, country in enumerate(plan.countries)),
    )


def _line(deal: Deal, country: CountryPlan, place: int, cost_center: str) -> NewContractLine:
    """The leading country's line carries the whole value: milestones of a contract sum to one line (CTL-2)."""
    assert deal.billing_method, "a deal is complete before it becomes a contract"
    value = rules.planned_value(deal)
    return NewContractLine(
        id=country.line_id,
        billing_method=deal.billing_method,
        project_id=country.project_id,
        value=value if place == 0 or value is None else value * 0,
        includes_expenses=value is None,
        revenue_method=rules.revenue_method(deal),
        cost_center_id=cost_center,
    )


class Unpriced(Struct, frozen=True, kw_only=True):
    """A row of the roles profile that no rate line prices on its first day, and why."""

    need: RoleNeed
    code: str

    @property
    def text(self) -> str:
        """The role as people name it, with the day a price is needed for."""
        parts = (self.need.role_code, self.need.seniority_code, self.need.location_code)
        return f"{' '.join(p for p in parts if p)} from {self.need.start_on}"


def unpriced(
    new: NewContract, plan: Plan, lines: Sequence[RateLine], customer_path: tuple[str, ...]
) -> tuple[Unpriced, ...]:
    """Rows of the roles profile without exactly one rate (RATE-1..RATE-6)."""
    rows = [(country, demand.need) for country in plan.countries for demand in country.demands]
    found = ((need, find_rate(lines, _search(new, country, need, customer_path))) for country, need in rows)
    return tuple(Unpriced(need=need, code=rate) for need, rate in found if isinstance(rate, str))


def _search(new: NewContract, country: CountryPlan, need: RoleNeed, customer_path: tuple[str, ...]) -> RateSearch:
    return RateSearch(
        service_date=need.start_on,
        project_id=country.project_id,
        contract_line_id=country.line_id,
        customer_path=customer_path,
        legal_entity_id=new.legal_entity_id,
        role_code=need.role_code,
        seniority_code=need.seniority_code,
        location_code=need.location_code,
        fallback=new.rate_fallback,
    )


def rate_fault(found: Iterable[Unpriced]) -> rules.Fault | None:
    """RATE_OVERLAP when prices only contradict each other, else RATE_MISSING; both name every role."""
    by_code: dict[str, list[Unpriced]] = {}
    for one in found:
        by_code.setdefault(one.code, []).append(one)
    if not by_code:
        return None
    words = {"RATE_MISSING": "No rate for", "RATE_EXPIRED": "The rate ended for", "RATE_OVERLAP": "Several rates for"}
    told = ". ".join(f"{words[code]} {', '.join(u.text for u in rows)}" for code, rows in sorted(by_code.items()))
    code = "RATE_OVERLAP" if set(by_code) == {"RATE_OVERLAP"} else "RATE_MISSING"
    return rules.Fault(code=code, detail=f"{told}.")
