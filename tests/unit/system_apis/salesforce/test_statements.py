"""Nothing a caller says becomes part of a query but as a value."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, field

from system_apis.platforms.salesforce.dialect import Dialect
from system_apis.platforms.salesforce.soql import parse
from system_apis.platforms.salesforce.statements import Among, Children, Every, Is, Select, Some, literal


class Line(Struct, frozen=True):
    code: str = field(name="Code__c")


class Owner(Struct, frozen=True):
    name: str = field(name="Name")


class Row(Struct, frozen=True):
    id: str = field(name="Id")
    owner: Owner | None = field(name="Owner")
    lines: Children[Line] | None = field(name="Deal_Lines__r")


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=60))
def test_any_text_is_read_back_as_the_same_value(text: str):
    comparison = parse(f"SELECT Id FROM Account WHERE Name = {literal(text)}").where
    assert comparison.values[0].value == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("O'Brien \\ Co", r"'O\'Brien \\ Co'"),
        (None, "null"),
        (True, "true"),
        (7, "7"),
        (Decimal("1E+3"), "1000"),
        (date(2026, 2, 27), "2026-02-27"),
        (datetime(2026, 2, 27, 16, 41, 9, 900_000, tzinfo=UTC), "2026-02-27T16:41:09Z"),
        (datetime(2026, 2, 27, 1, 0, tzinfo=timezone(timedelta(hours=2))), "2026-02-26T23:00:00Z"),
    ],
)
def test_values_are_written_as_the_vendor_reads_them(value, written: str):
    assert literal(value) == written


def test_fields_parents_and_children_come_from_the_wire_struct():
    where = Every((Is("Id", "=", "1"), Some((Among("Name", ("a", "b'")), Is("Amount", ">=", Decimal("2.50"))))))
    query = Select(source="Opportunity", kind=Row, where=where, order=("SystemModstamp", "Id"), limit=3)
    assert query.text(Dialect()) == (
        "SELECT Id, Owner.Name, (SELECT Code__c FROM Deal_Lines__r) FROM Opportunity "
        r"WHERE (Id = '1' AND (Name IN ('a', 'b\'') OR Amount >= 2.50)) ORDER BY SystemModstamp, Id LIMIT 3"
    )


def test_the_org_s_own_names_are_used_down_to_parents_and_children():
    names = {"Deal_Line__c.Code__c": "Kode__c", "User.Name": "Alias", "Opportunity.Stage": "Phase__c"}
    dialect = Dialect(fields=names, values={"Opportunity.Stage": {"won": "Gewonnen"}})
    text = Select(source="Opportunity", kind=Row, where=Is("Stage", "=", "won")).text(dialect)
    assert (
        text
        == "SELECT Id, Owner.Alias, (SELECT Kode__c FROM Deal_Lines__r) FROM Opportunity WHERE Phase__c = 'Gewonnen'"
    )


def test_a_name_that_is_no_name_is_refused():
    dialect = Dialect(fields={"Opportunity.Id": "Id FROM User"})
    with pytest.raises(ValueError, match="no field or object name"):
        Select(source="Opportunity", kind=Row, where=Is("Id", "=", "1")).text(dialect)
