"""Registered rate cards in the form the rate search reads them. Pure."""

from collections.abc import Iterable

from contracts.process.register_objects import RateCard
from contracts.wire import convert, to_builtins
from domain import rate_search


def rate_lines(cards: Iterable[RateCard]) -> tuple[rate_search.RateLine, ...]:
    """Cards as the search reads them: a line without dates has its card's."""
    return tuple(
        rate_search.RateLine(
            id=line.id,
            scope=card.scope,
            scope_ref=convert(to_builtins(card.scope_ref), rate_search.ScopeRef),
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
