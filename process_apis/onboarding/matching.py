"""Is this account a customer we know (4a.2)? Exact tax id first, then likeness of names within a country. Pure."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from contracts.canon.party import Account
from contracts.money import ZERO, round_places
from contracts.process.register_objects import Customer

CERTAIN = Decimal("0.92")
POSSIBLE = Decimal("0.75")
_PLACES = 4
_WORDS = re.compile(r"[^\W_]+")
_NAMED = re.compile(r"\bcus_[0-9A-Z]{26}\b")
_LEGAL_FORMS = frozenset(
    [
        "ab",
        "ag",
        "as",
        "bv",
        "co",
        "company",
        "corp",
        "corporation",
        "eg",
        "ev",
        "gmbh",
        "inc",
        "incorporated",
        "kg",
        "kgaa",
        "limited",
        "llc",
        "llp",
        "lp",
        "ltd",
        "mbh",
        "na",
        "nv",
        "ohg",
        "oy",
        "oyj",
        "plc",
        "pty",
        "sa",
        "sarl",
        "sas",
        "se",
        "spa",
        "srl",
        "ug",
    ]
)


class Candidate(Struct, frozen=True, kw_only=True):
    """A customer the account could be, and how alike the names are (0 to 1, 4 decimals)."""

    customer_id: str
    name: str
    score: Decimal


class Match(Struct, frozen=True, kw_only=True):
    """The verdict: the `same` customer, a `new` one, or a `review` of candidates by a person."""

    verdict: Literal["same", "new", "review"]
    customer_id: str | None = None
    candidates: tuple[Candidate, ...] = ()


def words_of(name: str) -> tuple[str, ...]:
    """The words that make a name: no case, accents, punctuation, `and` or legal form (GmbH, Inc., plc, ...)."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss"))
    joined = "".join(c for c in plain if not unicodedata.combining(c)).replace(".", "")
    words = [word for word in _WORDS.findall(joined) if word not in ("and", "und", "et", "the")]
    return tuple(word for word in words if word not in _LEGAL_FORMS) or tuple(words)


def likeness(one: str, other: str) -> Decimal:
    """Dice's coefficient of the letter pairs of both normalised names: shared pairs twice, by all pairs of both."""
    left, right = _pairs(one), _pairs(other)
    total = left.total() + right.total()
    return round_places(Decimal(2 * (left & right).total()) / total, _PLACES) if total else ZERO


def _pairs(name: str) -> Counter[str]:
    text = " ".join(words_of(name))
    return Counter(text[i : i + 2] for i in range(max(1, len(text) - 1))) if text else Counter()


def tax_number(value: str | None) -> str:
    """A tax id as it is compared: letters and digits only."""
    return "".join(c for c in (value or "").upper() if c.isalnum())


def match(account: Account, known: Sequence[Customer]) -> Match:
    """Same when one customer has the tax id, or one alone is alike and certain; several or a doubtful one are reviewed."""
    number = tax_number(account.tax_id)
    holders = [c for c in known if number and tax_number(c.tax_id) == number]
    if len(holders) == 1:
        return Match(verdict="same", customer_id=holders[0].id)
    alike = holders or [c for c in known if c.country == account.country]
    found = _candidates(account, alike, POSSIBLE if not holders else ZERO)
    if not found:
        return Match(verdict="new")
    clashing = {c.id for c in known if number and tax_number(c.tax_id) not in ("", number)}
    best = found[0]
    if len(found) == 1 and best.score >= CERTAIN and best.customer_id not in clashing and not holders:
        return Match(verdict="same", customer_id=best.customer_id)
    return Match(verdict="review", candidates=found)


def _candidates(account: Account, known: Iterable[Customer], least: Decimal) -> tuple[Candidate, ...]:
    scored = [Candidate(customer_id=c.id, name=c.name, score=_score(account, c)) for c in known]
    return tuple(sorted((c for c in scored if c.score >= least), key=lambda c: (-c.score, c.customer_id)))


def _score(account: Account, customer: Customer) -> Decimal:
    ours, theirs = {account.name, account.legal_name}, {customer.name, customer.legal_name}
    return max(likeness(one, other) for one in ours for other in theirs)


def named(note: str | None, known: Sequence[Customer]) -> Match | None:
    """What a person decided in the note of a review: the id of a known customer, or `new`; None when neither."""
    if note is None:
        return None
    ids = [word for word in _NAMED.findall(note) if any(c.id == word for c in known)]
    if len(set(ids)) == 1:
        return Match(verdict="same", customer_id=ids[0])
    return Match(verdict="new") if not ids and words_of(note)[:1] == ("new",) else None
