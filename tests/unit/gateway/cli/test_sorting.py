"""Lists on the command line in the orders of the API."""

from typing import Any

import pytest

from contracts.process.billing_objects import DraftInvoicePage
from contracts.process.exception_objects import BusinessExceptionPage
from contracts.process.held_desk import HeldPage
from contracts.process.register_objects import RegisteredProjectPage
from contracts.process.runs import RunPage
from contracts.process.time_posting import TransactionPage
from contracts.process.trail import AuditPage
from tests.unit.gateway.cli.conftest import Product, Run


@pytest.mark.parametrize(
    ("command", "path", "page", "usual", "order"),
    [
        ("projects list", "projects", RegisteredProjectPage, "id", "name"),
        ("runs list", "runs", RunPage, "-id", "updated_at"),
        ("exceptions list", "exceptions", BusinessExceptionPage, "due_at", "amount_at_risk"),
        ("held list", "held", HeldPage, "since", "due_at"),
        ("transactions list", "transactions", TransactionPage, "id", "service_date"),
        ("billing invoices", "invoices", DraftInvoicePage, "-id", "gross"),
        ("audit list", "audit", AuditPage, "-at", "at"),
    ],
)
def test_a_list_is_asked_for_in_an_order(
    ledgerway: Run, product: Product, command: str, path: str, page: Any, usual: str, order: str
) -> None:
    product.on("GET", f"/process/v1/{path}", page(items=()))
    for options in ((), ("--sort", order), ("--sort", f"-{order}"), (f"--sort=-{order}",)):
        assert ledgerway(*command.split(), *options).code == 0
    asked = [request.query.get("sort") for request in product.requests(f"/process/v1/{path}")]
    assert asked == [[usual], [order], [f"-{order}"], [f"-{order}"]]


def test_an_order_there_is_not(ledgerway: Run) -> None:
    said = ledgerway("runs", "list", "--sort", "colour")
    assert said.code == 2
    assert "updated_at" in said.err
