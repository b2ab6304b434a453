"""Registered rate cards in the form the rate search reads them. Pure."""

from collections.abc import Iterable

from contracts.process.register_objects import RateCard
from domain import rate_search


def rate_lines(cards: Iterable[RateCard]) -> tuple[rate_search.RateLine, ...]:
    """Cards as the search reads them: a line without dates has its card's."""
    return tuple(
        rate_search.RateLine(
            id=line.id,
            scope=card.scope,
            scope_ref=_scope_ref(card),
            role_code=line.role_code,
            seniority_code=line.seniority_code,
            location_code=line.location_code,
            time_type=line.time_type,
            method=line.method,
            rate=line.rate,
            markup_pct=line.markup_pct,
            currency=card.currency,
            unit=line.unit,
            effective_from=line.effective_from or card.effective_from,
            effective_to=line.effective_to or card.effective_to,
        )
        for card in cards
        for line in card.lines
    )


def _scope_ref(card: RateCard) -> rate_search.ScopeRef:
    ref = card.scope_ref
    return rate_search.ScopeRef(
        project_id=ref.project_id,
        resource_id=ref.resource_id,
        contract_line_id=ref.contract_line_id,
        customer_id=ref.customer_id,
        legal_entity_id=ref.legal_entity_id,
    )
