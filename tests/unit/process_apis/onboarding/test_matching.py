"""Whether an account is a customer we know: exact tax id, then likeness of names within a country."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from contracts.canon.party import Account, Address
from contracts.process.register_objects import Customer
from process_apis.onboarding.matching import likeness, match, named, words_of

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def account(
    name: str = "Rheinwerk", legal: str | None = None, tax_id: str | None = None, country: str = "DE"
) -> Account:
    return Account(
        ref="crm:account:1",
        name=name,
        legal_name=legal or name,
        country=country,
        address=Address(),
        tax_id=tax_id,
        changed_at=NOW,
    )


def customer(place: int, name: str, tax_id: str | None = None, country: str = "DE") -> Customer:
    return Customer(
        id=f"cus_{place:026d}",
        name=name,
        legal_name=name,
        country=country,
        tax_id=tax_id,
        default_currency="EUR",
        status="active",
        version=1,
        updated_at=NOW,
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Rheinwerk Maschinenbau AG", ("rheinwerk", "maschinenbau")),
        ("Hanse Logistik GmbH & Co. KG", ("hanse", "logistik")),
        ("Lumière Cosmétiques S.A.", ("lumiere", "cosmetiques")),
        ("Straße & Söhne", ("strasse", "sohne")),
        ("SE", ("se",)),
    ],
)
def test_names_are_compared_without_case_accents_and_legal_form(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize(
    ("one", "other", "score"),
    [
        ("Rheinwerk AG", "RHEINWERK GmbH", "1.0000"),
        ("Avonmouth Water", "Avonmoth Water", "0.8889"),
        ("night", "nacht", "0.2500"),
        ("Redwood Mutual", "Pioneer Rail", "0.0000"),
        ("", "Pioneer Rail", "0.0000"),
    ],
)
def test_likeness_is_dice_over_letter_pairs(one: str, other: str, score: str) -> None:
    assert likeness(one, other) == likeness(other, one) == Decimal(score)


def test_an_exact_tax_id_decides_whatever_the_names() -> None:
    known = [customer(1, "Rheinwerk"), customer(2, "Something else", tax_id="DE 811.234.567")]
    found = match(account(tax_id="DE811234567"), known)
    assert (found.verdict, found.customer_id) == ("same", known[1].id)


def test_two_customers_with_the_tax_id_are_reviewed_even_when_their_names_are_unlike() -> None:
    known = [customer(1, "Rheinwerk", tax_id="DE1"), customer(2, "Zzz", tax_id="DE1")]
    found = match(account(tax_id="DE1"), known)
    assert (found.verdict, [c.customer_id for c in found.candidates]) == ("review", [known[0].id, known[1].id])


@pytest.mark.parametrize(
    ("names", "verdict"),
    [
        (("Rheinwerk GmbH",), "same"),
        (("Rheinwerke",), "same"),
        (("Rheinwerk Sud",), "review"),
        (("Rheinwerk", "Rheinwerke"), "review"),
        (("Nordlicht",), "new"),
        ((), "new"),
    ],
)
def test_one_certain_likeness_is_enough_doubt_and_choice_are_for_people(names: tuple[str, ...], verdict: str) -> None:
    known = [customer(place, name) for place, name in enumerate(names)]
    assert match(account(), known).verdict == verdict


def test_likeness_counts_within_a_country_only() -> None:
    assert match(account(), [customer(1, "Rheinwerk", country="AT")]).verdict == "new"


def test_an_equal_name_with_another_tax_id_is_never_merged_unseen() -> None:
    found = match(account(tax_id="DE1"), [customer(1, "Rheinwerk", tax_id="DE2")])
    assert found.verdict == "review"


def test_a_person_names_the_customer_or_says_new() -> None:
    known = [customer(1, "Rheinwerk"), customer(2, "Rheinwerke")]
    same = named(f"Same as {known[1].id}, says the invoice.", known)
    assert same is not None and (same.verdict, same.customer_id) == ("same", known[1].id)
    fresh = named("New: they were split off.", known)
    assert fresh is not None and fresh.verdict == "new"
    for silent in (None, "Done.", "cus_" + "9" * 26, f"{known[0].id} or {known[1].id}"):
        assert named(silent, known) is None
