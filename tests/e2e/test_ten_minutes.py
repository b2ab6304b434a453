"""Ten minutes from an empty directory to a posted invoice and a recovered fault, timed: what the README's commands take.

The clone and the locked packages are the test run's own; `LEDGERWAY_TEST_CLONED_AT` (seconds since 1970), when given, says when
the clone began, and counts them in.
"""

import os
import time
from decimal import Decimal
from pathlib import Path

from tests.support import journeys, vendors
from tests.support.demo import demo, request, until

TEN_MINUTES_S = 600


def test_from_start_to_a_posted_invoice_and_a_recovered_fault(tmp_path: Path) -> None:
    began = float(os.environ.get("LEDGERWAY_TEST_CLONED_AT") or time.time())
    with demo(tmp_path / "state") as product:
        ready = until(lambda: journeys.ready_groups(product), "a group that is ready", 180)
        group = min(ready, key=lambda one: Decimal(one["net_amount"]))
        invoice = journeys.approved_invoice(product, group["id"])
        product.fault("netsuite", kind="lost_response", method="PUT", path="/record/v1/invoice/")
        journeys.post(product, invoice)
        posted = until(lambda: journeys.posted(product, invoice["id"]), "the invoice to be posted", 120)
        (fired,) = request("GET", f"{product.systems['netsuite']}/_sandbox/faults").body["fired"]
        assert fired["kind"] == "lost_response"
        key = f"post:{invoice['id']}:{invoice['draft_version']}"
        (in_erp,) = vendors.suiteql(product, "SELECT id FROM transaction WHERE externalid = ?", key)
        assert posted["erp_ref"] == f"netsuite:invoice:{in_erp['id']}"
    took_s = time.time() - began
    print(f"from start to a posted invoice and a recovered fault: {took_s:.0f} s")
    assert took_s < TEN_MINUTES_S
