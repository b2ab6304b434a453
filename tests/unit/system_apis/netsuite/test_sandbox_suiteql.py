"""SuiteQL of the simulated account: what it answers and what it refuses."""

from datetime import date
from decimal import Decimal

import pytest

from system_apis.netsuite.sandbox.errors import Refused
from system_apis.netsuite.sandbox.suiteql.evaluate import Table, query
from system_apis.netsuite.sandbox.suiteql.values import Row
from tests.unit.system_apis.netsuite.conftest import Sandbox

_PEOPLE: list[Row] = [
    {
        "id": Decimal(1),
        "name": "Ada",
        "team": Decimal(1),
        "fee": Decimal("10.50"),
        "since": date(2026, 1, 2),
        "on": True,
    },
    {"id": Decimal(2), "name": "Bo_b", "team": Decimal(2), "fee": None, "since": date(2026, 3, 1), "on": False},
    {"id": Decimal(10), "name": "O'Hara", "team": Decimal(1), "fee": Decimal("4.50"), "since": None, "on": True},
]
_TEAMS: list[Row] = [{"id": Decimal(1), "name": "Data"}, {"id": Decimal(3), "name": "Empty"}]
_TABLES = {
    "person": Table(frozenset(_PEOPLE[0]), lambda: _PEOPLE),
    "team": Table(frozenset(_TEAMS[0]), lambda: _TEAMS),
}


def _names(where: str, *params: str) -> list[str]:
    return [row["name"] for row in query(f"SELECT name FROM person WHERE {where} ORDER BY id", list(params), _TABLES)]


@pytest.mark.parametrize(
    ("where", "params", "names"),
    [
        ("id = 1 OR id = 2 AND name = 'Ada'", (), ["Ada"]),
        ("(id = 1 OR id = 2) AND NOT name = 'Ada'", (), ["Bo_b"]),
        ("id IN (?, ?)", ("1", "10"), ["Ada", "O'Hara"]),
        ("id NOT IN (1, 2)", (), ["O'Hara"]),
        ("name LIKE 'B%'", (), ["Bo_b"]),
        ("name LIKE '___'", (), ["Ada"]),
        ("name = 'O''Hara'", (), ["O'Hara"]),
        ("fee IS NULL", (), ["Bo_b"]),
        ("fee IS NOT NULL AND fee BETWEEN 4 AND 5", (), ["O'Hara"]),
        ("NOT (fee > 5)", (), ["O'Hara"]),
        ("since >= TO_DATE(?, 'YYYY-MM-DD')", ("2026-02-01",), ["Bo_b"]),
        ("since = '1/2/2026'", (), ["Ada"]),
        ("TO_CHAR(since, 'YYYY-MM') = '2026-03'", (), ["Bo_b"]),
        ("person.\"on\" = 'T'", (), ["Ada", "O'Hara"]),
        ("UPPER(name) = 'ADA' -- comment", (), ["Ada"]),
        ("id > 9", (), ["O'Hara"]),
    ],
)
def test_conditions(where: str, params: tuple[str, ...], names: list[str]) -> None:
    assert _names(where, *params) == names


def test_all_values_are_text_and_null_columns_are_left_out() -> None:
    rows = query('SELECT id AS Key, fee, since, "on" FROM person WHERE id IN (1, 2) ORDER BY id DESC', [], _TABLES)
    assert rows == [
        {"key": "2", "since": "3/1/2026", "on": "F"},
        {"key": "1", "fee": "10.50", "since": "1/2/2026", "on": "T"},
    ]


def test_groups_and_sums() -> None:
    text = "SELECT team, COUNT(*) AS n, SUM(fee) AS fee FROM person GROUP BY team HAVING COUNT(*) > 0 ORDER BY 2 DESC"
    assert query(text, [], _TABLES) == [{"team": "1", "n": "2", "fee": "15.00"}, {"team": "2", "n": "1"}]
    assert query("SELECT COUNT(*) AS n FROM person WHERE id = 99", [], _TABLES) == [{"n": "0"}]


def test_joins_keep_or_drop_what_has_no_partner() -> None:
    inner = "SELECT p.name, t.name AS team FROM person p JOIN team t ON t.id = p.team ORDER BY p.id"
    assert query(inner, [], _TABLES) == [{"name": "Ada", "team": "Data"}, {"name": "O'Hara", "team": "Data"}]
    outer = "SELECT p.name, t.name AS team FROM person p LEFT JOIN team t ON t.id = p.team WHERE t.id IS NULL"
    assert query(outer, [], _TABLES) == [{"name": "Bo_b"}]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM person",
        "SELECT nope FROM person",
        "SELECT name FROM nowhere",
        "SELECT name FROM person WHERE",
        "SELECT name FROM person WHERE id = (SELECT 1 FROM team)",
        "SELECT name FROM person UNION SELECT name FROM team",
        "SELECT name FROM person, team",
        "SELECT name FROM person p JOIN team t ON t.id = p.team",
        "SELECT name, COUNT(*) FROM person GROUP BY team",
        "SELECT SYSDATE() FROM person",
        "SELECT name FROM person WHERE id = ?",
        "SELECT name FROM person WHERE name LIKE 'x' ESCAPE '!'",
        "SELECT name FROM person WHERE id = 'x'",
        "SELECT name FROM person; SELECT 1",
        "SELECT name FROM person WHERE " + "(" * 100 + "id = 1" + ")" * 100,
    ],
)
def test_what_is_not_supported_is_refused(statement: str) -> None:
    with pytest.raises(Refused) as refused:
        query(statement, [], _TABLES)
    assert (refused.value.status, refused.value.code) == (400, "INVALID_PARAMETER")


async def test_pages_and_the_transient_preference(sandbox: Sandbox) -> None:
    first = (await sandbox.sql("SELECT id FROM employee ORDER BY id", limit=2)).json()
    assert first["count"] == 2
    assert first["hasMore"] is True
    assert first["totalResults"] > 30
    assert (await sandbox.sql("SELECT id FROM employee", limit=2, offset=3)).status_code == 400
    body = {"q": "SELECT id FROM employee"}
    assert (await sandbox.http.post("/services/rest/query/v1/suiteql", json=body)).status_code == 400


async def test_a_page_that_moves_loses_a_row_only_for_readers_by_offset(sandbox: Sandbox) -> None:
    whole = [row["id"] for row in await sandbox.rows("SELECT id FROM employee ORDER BY id")]
    await sandbox.fault(kind="page_shift")
    pages = [(await sandbox.sql("SELECT id FROM employee ORDER BY id", limit=10, offset=o)).json() for o in (0, 10)]
    assert [row["id"] for page in pages for row in page["items"]] == [*whole[:10], *whole[11:21]]
