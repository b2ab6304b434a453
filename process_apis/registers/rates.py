"""Rate cards and lines (`rcd`, `rtl`). Active versions are immutable (RTE-1); the approver is not the author (SOD-1)."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from contracts.events import RateCardChanged
from contracts.problems import NotFound, RuleViolated, Violation
from contracts.process.register_objects import NewRateCard, NewRateLine, RateCard, RateCardPage, ScopeRef
from contracts.wire import convert, to_builtins
from process_apis.registers import bounds, move
from process_apis.registers.unit import Unit
from runtime.data.ids import new_id
from runtime.data.listing import CHANGED, CHANGED_SINCE, Column, Listing, Wanted, same

_COLUMNS = "id, version, card_version, state, author, body, updated_at"
LISTING = Listing(
    table="rate_card",
    columns=_COLUMNS,
    filters={**same("state", "scope"), "changed_since": CHANGED_SINCE},
    orders={"id": (), "effective_from": (Column("effective_from", "date"),), "updated_at": (CHANGED,)},
)
_INSERT = """
insert into rate_card (tenant, id, card_version, state, scope, scope_key, author, effective_from, effective_to, body,
                       correlation_id, updated_at)
values ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $9, $10, $11)
"""
_ELIGIBLE = f"""
select scope, scope_key, {_COLUMNS} from rate_card
where tenant = $1 and state in ('active', 'expired') and (scope, scope_key) in
  (select * from unnest($2::text[], $3::text[])) order by id
"""  # noqa: S608

# What a card is for: the kind of thing, and which.
Scope = tuple[str, str]


def scope_key(ref: ScopeRef) -> str:
    """What a card is for, as one string; the empty one is the global standard card."""
    parts = (ref.project_id, ref.resource_id, ref.contract_line_id, ref.customer_id, ref.legal_entity_id)
    return "/".join(p for p in parts if p)


def _card(row: Any) -> RateCard:
    columns = ("id", "version", "card_version", "state", "author", "updated_at")
    return convert({**row["body"], **{k: row[k] for k in columns}}, RateCard)


def _check(new: NewRateCard) -> None:
    if broken := violations(new):
        raise RuleViolated(broken[0].detail, errors=broken, code="GUARD_FAILED")
    _refuse_twins(new.lines, new)


def violations(new: NewRateCard) -> list[Violation]:
    """Days in the wrong order, prices that are none or of a size no amount has, each with its pointer."""
    broken = [*bounds.before_its_start("effective_from", new.effective_from, "effective_to", new.effective_to)]
    for place, line in enumerate(new.lines):
        here = (*_misplaced(line, new), *_unpriced(line), *bounds.of_rate(line))
        broken += [(f"lines/{place}/{field}", detail) for field, detail in here]
    return [Violation(pointer=f"#/{field}", code="GUARD_FAILED", detail=detail) for field, detail in broken]


def _misplaced(line: NewRateLine, card: NewRateCard) -> bounds.Broken:
    """A line lies inside the range of its card (RTE-3)."""
    yield from bounds.before_its_start("effective_from", line.effective_from, "effective_to", line.effective_to)
    for field in ("effective_from", "effective_to"):
        day = getattr(line, field)
        if day is not None and not card.effective_from <= day <= (card.effective_to or date.max):
            yield field, "is outside the range of the card (RTE-3)"


def _unpriced(line: NewRateLine) -> bounds.Broken:
    """`amount` needs a rate, `cost_plus` a markup: what is missing is never taken for nothing (RATE-6, RATE-7)."""
    if (line.method == "amount") != (line.rate is not None):
        yield "rate", "A line of method amount has a rate, a cost_plus line has none."
    if line.method == "cost_plus" and line.markup_pct is None:
        yield "markup_pct", "A cost_plus line has a markup, be it 0."


def _refuse_twins(lines: Sequence[NewRateLine], card: NewRateCard) -> None:
    seen = set()
    for line in lines:
        key = (line.role_code, line.seniority_code, line.location_code, line.time_type)
        if (*key, line.effective_from or card.effective_from) in seen:
            raise RuleViolated("Two lines have equal dimensions and start (RTE-2).", code="RATE_OVERLAP")
        seen.add((*key, line.effective_from or card.effective_from))


async def add(unit: Unit, new: NewRateCard) -> RateCard:
    """Register a version of a card as a draft."""
    _check(new)
    card_id, key = new_id("rcd", unit.now), scope_key(new.scope_ref)
    sql = "select coalesce(max(card_version), 0) + 1 from rate_card where tenant = $1 and scope = $2 and scope_key = $3"
    version = await unit.connection.fetchval(sql, unit.tenant, new.scope, key)
    lines = [{**to_builtins(line), "id": new_id("rtl", unit.now)} for line in new.lines]
    await unit.connection.execute(
        _INSERT,
        unit.tenant,
        card_id,
        version,
        new.scope,
        key,
        unit.call.principal,
        new.effective_from,
        new.effective_to,
        {**to_builtins(new), "lines": lines},
        unit.call.correlation_id,
        unit.now,
    )
    return await get(unit, card_id)


async def get(unit: Unit, card_id: str) -> RateCard:
    """Raises NotFound."""
    sql = f"select {_COLUMNS} from rate_card where tenant = $1 and id = $2"  # noqa: S608
    row = await unit.connection.fetchrow(sql, unit.tenant, card_id)
    if row is None:
        raise NotFound(f"No rate card {card_id}.")
    return _card(row)


async def page(unit: Unit, wanted: Wanted) -> RateCardPage:
    """A page of them."""
    rows, more = await LISTING.page(unit.connection, unit.tenant, wanted)
    return RateCardPage(items=tuple(_card(r) for r in rows), next_cursor=more, as_of=unit.now)


async def submit(unit: Unit, card_id: str) -> RateCard:
    """Draft to review."""
    await move.apply(unit, "rate_card", card_id, "submit")
    return await get(unit, card_id)


async def approve(unit: Unit, card_id: str) -> RateCard:
    """Put into force; the version before it is superseded. Raises RuleViolated when who wrote or submitted it approves (SOD-1)."""
    card = await get(unit, card_id)
    submitted = await move.actors(unit, "rate_card", card_id, "submit")
    own = "GUARD_FAILED" if unit.call.principal in submitted | {card.author} else None
    await move.apply(unit, "rate_card", card_id, "approve", refused=own, event=_changed(unit, card))
    sql = """select id from rate_card
        where tenant = $1 and scope = $2 and scope_key = $3 and state = 'active' and id <> $4 and effective_from = $5"""
    args = (unit.tenant, card.scope, scope_key(card.scope_ref), card_id, card.effective_from)
    for row in await unit.connection.fetch(sql, *args):
        older = await get(unit, row["id"])
        await move.apply(unit, "rate_card", older.id, "supersede", event=_changed(unit, older))
    return await get(unit, card_id)


def _changed(unit: Unit, card: RateCard) -> move.EventMaker:
    def make(moved: move.Moved) -> RateCardChanged:
        return RateCardChanged(
            **move.common(unit, card.id, moved),
            card_version=card.card_version,
            scope=card.scope,
            scope_ref={k: v for k, v in to_builtins(card.scope_ref).items() if v},
            effective_from=card.effective_from,
            changed_on=unit.now.date(),
        )

    return make


async def cards_for(unit: Unit, scopes: Iterable[tuple[str, ScopeRef]]) -> tuple[RateCard, ...]:
    """Cards that price anything in these scopes. Expired ones price the days they were for; one that another version with
    the same start superseded prices nothing any more (RATE-2)."""
    found = await by_scope(unit, {(scope, scope_key(ref)) for scope, ref in scopes})
    return tuple(sorted((card for cards in found.values() for card in cards), key=lambda card: card.id))


async def by_scope(unit: Unit, scopes: Iterable[Scope]) -> dict[Scope, tuple[RateCard, ...]]:
    """The same by scope; scopes without a card are left out."""
    names, keys = map(list, zip(*sorted(set(scopes)), strict=True))
    found: dict[Scope, tuple[RateCard, ...]] = {}
    for row in await unit.connection.fetch(_ELIGIBLE, unit.tenant, names, keys):
        scope = (row["scope"], row["scope_key"])
        found[scope] = (*found.get(scope, ()), _card(row))
    return found
