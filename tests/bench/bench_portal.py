"""Pages of the portal: time of whole requests over one connection, on the seeded firm and with 100,000 billing items.

Goals are those of the page budget: p95 of 50 ms on demo data, 150 ms with 100,000 items. Facts are p50 and bytes as sent (gzip).
"""

import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import psycopg

from runtime.data.embedded import EmbeddedServers, erase
from runtime.data.migrate import migrate
from tests.bench.figures import Figure
from tests.support.installation import Installation, installation
from tests.support.seed import TENANT

_PAGES = ("/portal/billing", "/portal/billing?view=blocked", "/portal/exceptions", "/portal/held")
_PAGES_MANY = (
    *_PAGES,
    "/portal/billing?sort=client&view=blocked",
    "/portal/billing?view=blocked&reason=PO_MISSING",
    "/portal/billing?search=halden",
)
_ROUNDS, _MANY = 60, 100_000
_DEMO_MS, _MANY_MS = 50, 150
_COPY = """
insert into finance_item (tenant, id, version, key, state, currency, period_end, net_amount, hours, transaction_count,
  evaluated, failed, drafted, body, checks, changed_at, since, unbilled)
select tenant, id || '-' || n, version, key || '-' || n, state, currency, period_end, net_amount, hours, transaction_count,
  evaluated, failed, drafted, jsonb_set(body, '{id}', to_jsonb(id || '-' || n)), checks, changed_at, since, unbilled
from finance_item, generate_series(1, %s) as n where tenant = %s
"""
# Their time and invoices: half of the transactions invoiced and an invoice for every tenth item, over a hundred days.
_COPY_TRANSACTIONS = """
insert into finance_transaction (tenant, id, version, state, part, currency, amount, hours, changed_at, approved_at, invoiced_at)
select tenant, id || '-' || n, version, case when mod(n, 2) = 0 then 'invoiced' else state end, part, currency, amount, hours,
  changed_at, changed_at - n * interval '1 hour', case when mod(n, 2) = 0 then changed_at - mod(n, 100) * interval '1 day' end
from finance_transaction, generate_series(1, %s) as n where tenant = %s
"""
_INVOICES = """
insert into finance_invoice (tenant, id, item_id, currency, net, draft_version, subjects, posted_at)
select tenant, 'inv-' || id, id, currency, net_amount, 1, array['inv-' || id, id, id || 'a', id || 'b', id || 'c'],
  changed_at - mod(abs(hashtext(id)), 100) * interval '1 day' from finance_item where tenant = %s and mod(hashtext(id), 10) = 0
"""
_COUNT = "select count(*) from finance_item where tenant = %s"


def measure() -> Iterator[Figure]:
    """The figures of this file."""
    with _product() as product, closing(_signed_in(product)) as client:
        for path in _PAGES:
            yield _page(client, path, _ROUNDS, _DEMO_MS, {})
        items = _many(product)
        for path in _PAGES_MANY:
            yield _page(client, path, _ROUNDS, _MANY_MS, {"items": items})


@contextmanager
def _product() -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="ledgerway-bench-"))
    with EmbeddedServers(folder / "state") as addresses:
        migrate(addresses.database_url)
        with installation(addresses.database_url, addresses.redis_url, folder) as running:
            yield running
    erase(folder / "state")
    shutil.rmtree(folder)


def _signed_in(product: Installation) -> httpx.Client:
    client = httpx.Client(base_url=product.base_url, timeout=60)
    token = re.search(r'name="form_token" value="([^"]+)"', client.get("/portal/sign-in").text)
    assert token is not None
    client.post("/portal/sign-in", data={"form_token": token[1], "persona": "billing-manager", "next": "/portal/help"})
    return client


def _page(client: httpx.Client, path: str, rounds: int, goal_ms: int, facts: dict[str, int]) -> Figure:
    client.get(path)
    spent, sent = [], 0
    for _ in range(rounds):
        began = time.perf_counter()
        answer = client.get(path)
        spent.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, path
        sent = answer.num_bytes_downloaded
    many = " with 100 000 items" if facts else ""
    return Figure(
        name=f"portal: {path.removeprefix('/portal/')}{many}",
        value=statistics.quantiles(spent, n=20)[-1],
        unit="ms (p95)",
        at_most=goal_ms,
        facts={"p50_ms": round(statistics.median(spent), 1), "bytes": sent, **facts},
    )


def _many(product: Installation) -> int:
    """Copies of the seeded items; how many there are then."""
    with psycopg.connect(product.database_url, autocommit=True) as connection:
        row = connection.execute(_COUNT, (TENANT,)).fetchone()
        assert row is not None
        connection.execute(_COPY, (_MANY // row[0], TENANT))
        connection.execute(_COPY_TRANSACTIONS, (_MANY // 100, TENANT))
        connection.execute(_INVOICES, (TENANT,))
        for table in ("finance_item", "finance_transaction", "finance_invoice", "finance_sum"):
            connection.execute(f"vacuum analyze {table}")
        row = connection.execute(_COUNT, (TENANT,)).fetchone()
    assert row is not None
    return int(row[0])
