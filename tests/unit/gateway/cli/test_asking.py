"""How commands ask the product: as whom, with which key, and what its refusals become."""

import msgspec
import pytest

from contracts.process.runs import RunPage
from tests.unit.gateway.cli.conftest import TOKEN, Product, Run, problem
from tests.unit.gateway.cli.test_runs import run

RUNS = "/process/v1/runs"
EMPTY = RunPage(items=())
RUN_VIEW = run()


@pytest.mark.parametrize(
    ("status", "slug", "code"),
    [
        (400, "invalid-request", 2),
        (401, "unauthenticated", 4),
        (403, "forbidden", 4),
        (404, "not-found", 3),
        (409, "conflict", 6),
        (409, "in-progress", 7),
        (412, "precondition-failed", 6),
        (422, "invalid-content", 2),
        (422, "rule-violated", 1),
        (422, "key-reused", 6),
        (429, "throttled", 7),
        (500, "internal", 1),
        (502, "vendor-refused", 1),
        (503, "vendor-unavailable", 7),
        (504, "outcome-unknown", 7),
    ],
)
def test_a_problem_decides_the_exit_code(ledgerway: Run, product: Product, status: int, slug: str, code: int) -> None:
    product.on("GET", RUNS, problem(status, slug, "It is so."))
    said = ledgerway("runs", "list")
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith("It is so.\n")
    assert "c0ffee" in said.err


def test_with_json_the_problem_itself_goes_to_stderr(ledgerway: Run, product: Product) -> None:
    product.on("GET", RUNS, problem(503, "store-away"))
    said = ledgerway("--json", "runs", "list")
    assert msgspec.json.decode(said.err) == problem(503, "store-away")[1]


def test_nobody_there_is_unavailable(ledgerway: Run, product: Product) -> None:
    said = ledgerway("runs", "list", "--url", "http://127.0.0.1:9")
    assert said.code == 7
    assert "ledgerway demo" in said.err


def test_an_answer_of_another_version_is_told_in_a_sentence(ledgerway: Run, product: Product) -> None:
    product.on("GET", RUNS, {"items": [{"id": "run_1"}]})
    said = ledgerway("runs", "list")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("What answers is another version than this command")


def test_an_answer_that_is_no_problem_document(ledgerway: Run, product: Product) -> None:
    product.on("GET", RUNS, (502, "a proxy says hello"))
    said = ledgerway("runs", "list")
    assert said.code == 1
    assert "502" in said.err


def test_the_usual_persona_asks_unless_another_is_named(ledgerway: Run, product: Product) -> None:
    product.on("GET", RUNS, EMPTY)
    ledgerway("runs", "list")
    ledgerway("runs", "list", "--as", "manager")
    usual, named = (one.headers["authorization"] for one in product.requests(TOKEN))
    assert usual == "Basic aW50ZWdyYXRpb24tZGV2ZWxvcGVyOnNhbmRib3gtaW50ZWdyYXRpb24tZGV2ZWxvcGVy"
    assert named == "Basic YmlsbGluZy1tYW5hZ2VyOnNhbmRib3gtYmlsbGluZy1tYW5hZ2Vy"
    assert product.requests(RUNS)[0].headers["authorization"] == "Bearer issued"


def test_a_given_token_is_sent_as_it_is(ledgerway: Run, product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGERWAY_TOKEN", "given")
    product.on("GET", RUNS, EMPTY)
    assert ledgerway("runs", "list").code == 0
    assert not product.requests(TOKEN)
    assert product.requests(RUNS)[0].headers["authorization"] == "Bearer given"


def test_without_issuer_a_token_is_asked_for(ledgerway: Run, product: Product) -> None:
    product.on("POST", TOKEN, problem(404, "not-found"))
    said = ledgerway("runs", "list")
    assert said.code == 4
    assert "LEDGERWAY_TOKEN" in said.err


def test_pages_are_joined_up_to_the_limit(ledgerway: Run, product: Product) -> None:
    first, second = RunPage(items=(RUN_VIEW,) * 2, next_cursor="more"), RunPage(items=(RUN_VIEW,), next_cursor="most")
    product.on("GET", RUNS, first, second)
    said = ledgerway("runs", "list", "--limit", "3", "--json")
    shown = msgspec.json.decode(said.out)
    assert len(shown["items"]) == 3
    assert shown["next_cursor"] == "most"
    queries = [one.query for one in product.requests(RUNS)]
    sorted_ = {"sort": ["-id"]}
    assert queries == [{**sorted_, "limit": ["3"]}, {**sorted_, "limit": ["1"], "cursor": ["more"]}]
    assert "--limit 12" not in said.err  # talk for people stays away with --json


class TestWrites:
    """POST carries an idempotency key."""

    PATH = "/process/v1/runs/run_1/resume"

    def test_a_key_of_its_own_or_the_given_one(self, ledgerway: Run, product: Product) -> None:
        product.on("POST", self.PATH, problem(409, "conflict"))
        ledgerway("runs", "resume", "run_1")
        ledgerway("runs", "resume", "run_1")
        ledgerway("runs", "resume", "run_1", "--idempotency-key", "mine")
        first, second, given = (one.headers["idempotency-key"] for one in product.requests(self.PATH))
        assert first != second
        assert given == '"mine"'

    def test_a_lost_answer_tells_how_to_repeat(self, ledgerway: Run, product: Product) -> None:
        product.on("POST", self.PATH, (0, None))
        said = ledgerway("runs", "resume", "run_1")
        key = product.requests(self.PATH)[0].headers["idempotency-key"].strip('"')
        assert said.code == 7
        assert f"--idempotency-key {key}" in said.err
