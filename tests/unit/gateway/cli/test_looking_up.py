"""Commands that show what there is: catalogue, documentation, views, projects, time."""

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from contracts.canon.timesheet import TimeEntry, TimeEntryPage
from contracts.money import Exact
from contracts.process.register_objects import Customer, CustomerPage, RegisteredProject, RegisteredProjectPage
from contracts.process.time_posting import Rating, Transaction
from tests.unit.gateway.cli.conftest import Product, Run, problem

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
OPENAPI = Path(__file__).parents[4] / "openapi"
PROJECT = RegisteredProject(
    id="prj_1",
    customer_id="cus_1",
    legal_entity_id="US01",
    code="REDWOOD-001",
    name="Redwood",
    country="US",
    currency="USD",
    start=date(2026, 1, 1),
    status="on_hold",
    refs=("certinia:project:a7",),
    version=2,
    updated_at=AT,
)


CUSTOMER = Customer(
    id="cus_1",
    name="Lumière",
    legal_name="Lumière Cosmétiques SAS",
    country="FR",
    tax_id="FR83404833048",
    default_currency="EUR",
    refs=("netsuite:customer:360",),
    status="active",
    version=2,
    updated_at=AT,
)
TRANSACTION = Transaction(
    id="txn_1",
    kind="time",
    source_id="tim_1",
    source_version=1,
    source_ref="certinia:time:1",
    contract_id="ctr_1",
    contract_line_id="ctl_1",
    project_id="prj_1",
    legal_entity_id="US01",
    bill_to_id="cus_1",
    service_date=date(2026, 11, 3),
    posting_date=None,
    approved_at=AT,
    hours=Exact("7.5"),
    quantity=Exact("7.5"),
    unit="hour",
    rating=Rating(),
    rating_version=1,
    amount=Exact("1500"),
    currency="USD",
    part="billable",
    state="held",
    correlation_id="c",
    version=2,
    updated_at=AT,
)


class TestCatalogue:
    """What APIs there are."""

    def test_lists_systems_with_their_level_and_owner(self, ledgerway: Run) -> None:
        rows = {row.split()[0]: row.split()[1:4] for row in ledgerway("catalogue", "list").out.splitlines()}
        assert rows["workday"] == ["system", "simulated", "4"]
        assert rows["registers"][:2] == ["process", "-"]

    def test_shows_what_a_system_cannot_do(self, ledgerway: Run) -> None:
        shown = msgspec.json.decode(ledgerway("catalogue", "show", "netsuite", "--json").out)
        assert {o["id"] for o in shown["operations"]}.isdisjoint(shown["manifest"]["unsupported"])
        assert "billing.post_invoice" in {o["id"] for o in shown["operations"]}

    def test_an_unknown_api(self, ledgerway: Run) -> None:
        said = ledgerway("catalogue", "show", "workdy")
        assert (said.code, "did you mean workday?" in said.err) == (3, True)

    def test_nothing_differs_from_the_description_written_with_it(self, ledgerway: Run) -> None:
        assert ledgerway("catalogue", "diff", str(OPENAPI / "ledgerway.json")) == (0, "No difference.\n", "")

    def test_what_breaks_callers_of_the_running_product(self, ledgerway: Run, product: Product) -> None:
        described = msgspec.json.decode((OPENAPI / "ledgerway.json").read_bytes())
        described["paths"]["/process/v1/gone"] = {"get": {"responses": {"200": {"description": "Was."}}}}
        del described["paths"]["/process/v1/runs"]
        product.on("GET", "/openapi/ledgerway.json", described)
        said = ledgerway("catalogue", "diff")
        assert said.code == 1
        assert said.out == "breaks  GET /process/v1/gone: removed\nadds    GET /process/v1/runs\n"

    def test_a_file_that_is_no_description(self, ledgerway: Run, tmp_path: Path) -> None:
        assert ledgerway("catalogue", "diff", str(tmp_path / "none.json")).code == 2


class TestDocs:
    """Pages offline."""

    def test_lists_pages(self, ledgerway: Run) -> None:
        assert ["runbook", "Runbook"] in [line.split(maxsplit=1) for line in ledgerway("docs").out.splitlines()]

    @pytest.mark.parametrize(
        ("topic", "says"),
        [
            ("runbook", "# Runbook\n"),
            ("cli", "# Command line\n"),
            ("reference/cli", "# Command line\n"),
            ("2", "# Writes by our own key are POST\n"),
            ("rule-violated", "## How to fix it"),
            ("RATE_MISSING", "billing manager (BM), 8 business hours"),
        ],
    )
    def test_shows_a_page(self, ledgerway: Run, topic: str, says: str) -> None:
        assert says in ledgerway("docs", topic).out

    def test_an_unknown_page(self, ledgerway: Run) -> None:
        said = ledgerway("docs", "runbok")
        assert (said.code, "did you mean runbook?" in said.err) == (3, True)


class TestViews:
    """What is made of the event log."""

    @pytest.fixture
    def stored(self, ledgerway: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
        monkeypatch.setenv("LEDGERWAY_DATABASE_URL", database_url)
        return ledgerway

    def test_list(self, stored: Run) -> None:
        assert stored("view", "list").out.splitlines()[1].split()[:2] == ["finance_dashboard", "0"]

    def test_rebuild(self, stored: Run) -> None:
        assert "from 0 events" in stored("view", "rebuild", "finance_dashboard").out

    def test_an_unknown_view(self, stored: Run) -> None:
        said = stored("view", "rebuild", "finance")
        assert (said.code, "finance_dashboard" in said.err) == (3, True)


class TestProjects:
    """Projects of the register."""

    def test_list(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", "/process/v1/projects", RegisteredProjectPage(items=(PROJECT,)))
        assert "on hold" in ledgerway("projects", "list").out

    def test_show_by_code(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", "/process/v1/projects", RegisteredProjectPage(items=(PROJECT,)))
        product.on("GET", "/process/v1/projects/prj_1", PROJECT)
        said = ledgerway("projects", "show", "REDWOOD-001")
        assert said.code == 0
        assert "certinia:project:a7" in said.out

    def test_a_code_nobody_has(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", "/process/v1/projects", RegisteredProjectPage(items=()))
        assert ledgerway("projects", "show", "NOPE").code == 3


class TestCustomers:
    def test_in_a_table_and_alone(self, ledgerway: Run, product: Product) -> None:
        product.on("GET", "/process/v1/customers", CustomerPage(items=(CUSTOMER,)))
        product.on("GET", "/process/v1/customers/cus_1", CUSTOMER)
        assert "FR83404833048" in ledgerway("customers", "list").out
        said = ledgerway("customers", "show", "cus_1")
        assert "netsuite:customer:360" in said.out and "projects list --customer cus_1" in said.err


@pytest.mark.parametrize(
    ("noun", "named", "path", "found"),
    [
        ("projects", "REDWOOD-001", "/process/v1/projects/prj_1/links", PROJECT),
        ("customers", "cus_1", "/process/v1/customers/cus_1/links", CUSTOMER),
    ],
)
def test_a_record_is_linked_with_a_reason(
    ledgerway: Run, product: Product, noun: str, named: str, path: str, found: RegisteredProject | Customer
) -> None:
    product.on("GET", "/process/v1/projects", RegisteredProjectPage(items=(PROJECT,)))
    product.on("POST", path, found)
    said = ledgerway(noun, "link", named, "netsuite:job:412", "--note", "Opened by hand", "--number", "412")
    assert said.code == 0 and found.refs[0] in said.out
    (asked,) = product.requests(path)
    assert msgspec.json.decode(asked.body) == {"ref": "netsuite:job:412", "number": "412", "note": "Opened by hand"}
    assert asked.headers["idempotency-key"]

    product.on("POST", path, problem(409, "conflict", "It is prj_2 already."))
    refused = ledgerway(noun, "link", named, "netsuite:job:412", "--note", "Opened by hand")
    assert refused.code == 6 and f"ledgerway {noun} show {named}" in refused.err


def test_time_of_a_tool(ledgerway: Run, product: Product) -> None:
    def entry(number: int, status: str) -> TimeEntry:
        return TimeEntry(
            ref=f"certinia:time:{number}",
            worker_ref="certinia:worker:1",
            worker_number="E1001",
            project_ref="certinia:project:a7",
            worked_on=date(2026, 11, 3),
            hours=Exact("7.5000"),
            status=status,  # type: ignore[arg-type]
            changed_at=AT,
        )

    page = TimeEntryPage(items=(entry(1, "approved"), entry(2, "submitted")))
    product.on("GET", "/system/v1/certinia/time-entries", page)
    said = ledgerway("time", "list", "--status", "submitted", "--since", "2026-11-01")
    assert [line.split()[0] for line in said.out.splitlines()] == ["ENTRY", "certinia:time:2"]
    asked = product.requests("/system/v1/certinia/time-entries")[0]
    assert asked.query["changed_since"] == ["2026-11-01T00:00:00+00:00"]


class TestHolding:
    """Several transactions at once."""

    def _on(self, product: Product, name: str, answer: object) -> None:
        product.on("POST", f"/process/v1/transactions/{name}/hold", answer)

    def test_each_has_its_own_outcome(self, ledgerway: Run, product: Product) -> None:
        self._on(product, "txn_1", TRANSACTION)
        self._on(product, "txn_2", problem(409, "conflict", "It is invoiced."))
        said = ledgerway("billing", "hold", "txn_1", "txn_2", "--reason", "Disputed")
        assert said.code == 8
        assert "It is invoiced." in said.out

    def test_one_that_fails_is_a_problem(self, ledgerway: Run, product: Product) -> None:
        self._on(product, "txn_2", problem(409, "conflict", "It is invoiced."))
        assert ledgerway("billing", "hold", "txn_2", "--reason", "Disputed").code == 6

    def test_release(self, ledgerway: Run, product: Product) -> None:
        product.on("POST", "/process/v1/transactions/txn_1/release", TRANSACTION)
        assert ledgerway("billing", "release", "txn_1", "--reason", "Agreed").code == 0
