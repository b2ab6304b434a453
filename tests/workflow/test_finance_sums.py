"""The sums of the finance view are what adding up its rows gives, whatever happened to the rows, folded or not, for each tenant;
and pages of the queue in every order are the whole of it."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from random import Random
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from contracts import events
from contracts.call import Call
from contracts.experience.finance_dashboard import QueueItem, QueueSort
from contracts.process.billing_objects import ApprovedValue, BillGroup, BillGroupState
from experience_apis.finance_dashboard import sums
from experience_apis.finance_dashboard.queries import FinanceViews
from experience_apis.finance_dashboard.view import apply, rebuild
from runtime.data.database import Database
from runtime.work.outbox import publish
from runtime.work.unit import unit_of_work
from tests.support.clock import NOON
from tests.workflow.invoice_stage import Office

_STATES = get_args(BillGroupState)
_CODES = ("PO_MISSING", "PERIOD_CLOSED", "RATE_MISSING")
_SUMS = """
select kind, state, currency, legal_entity, label, day, filled, shown, sum(count) as count, sum(amount) as amount,
       sum(hours) as hours from finance_sum where tenant = $1 group by 1, 2, 3, 4, 5, 6, 7, 8
having sum(count) <> 0 or sum(amount) <> 0 or sum(hours) <> 0
"""


_RANKS = ("ready", "ready_with_warnings", "blocked", "collecting", "drafted", "billed", "skipped")
_PLACES: dict[QueueSort, Callable[[QueueItem], Any]] = {
    "queue": lambda i: (_RANKS.index(i.state), i.period_end, -i.net_amount, i.key),
    "amount": lambda i: (-i.net_amount, i.key),
    "hours": lambda i: (-i.hours, i.key),
    "client": lambda i: (i.customer_name.lower(), i.key),
    "age": lambda i: (i.since, i.key),
}


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def call(tenant: str) -> Call:
    return Call(tenant=tenant, principal="mia", client="tests", correlation_id="c", request_id="r")


class Firm:
    """Items and transactions of a tenant that change at random."""

    def __init__(self, tenant: str, seed: int) -> None:
        self.tenant, self._random = tenant, Random(seed)
        self._versions: Counter[str] = Counter()

    def item(self, number: int) -> events.BillGroupChanged:
        draw, state = self._random, self._random.choice(_STATES)
        group_id = f"bg_{number}"
        self._versions[group_id] += draw.choice((0, 1, 1, 1))
        failed = tuple(draw.sample(_CODES, draw.randint(0, 3)))
        version, at = self._versions[group_id], NOON + timedelta(minutes=draw.randint(0, 5000))
        group = BillGroup(
            id=group_id,
            key=f"key {number}",
            contract_id="ctr_1",
            contract_name=f"Contract {number % 4}",
            customer_id="cus_1",
            customer_name=draw.choice(("Halden", "kestrel", "Orchid", "Ärzte")),
            project_ids=(f"prj_{number % 7}",),
            legal_entity_id=draw.choice(("DE01", "US01")),
            currency=draw.choice(("EUR", "USD")),
            billing_method="time_and_materials",
            period_start=date(2026, 10, 1),
            period_end=date(2026, draw.choice((9, 10)), 30),
            state=state,
            readiness_version=version,
            percent=100,
            net_amount=Decimal(draw.randint(-500, 99_999)) / 100,
            hours=Decimal(draw.randint(0, 999_999)) / 10_000,
            transaction_count=draw.randint(0, 2),
            failed=failed,
            evaluated_at=draw.choice((None, at)),
            version=version,
            updated_at=at,
        )
        unbilled = tuple(
            ApprovedValue(on=date(2026, 10, draw.randint(1, 3)), amount=Decimal(draw.randint(1, 999)) / 100)
            for _ in range(draw.randint(0, 3))
        )
        return events.BillGroupChanged(
            object_id=group_id,
            version=version,
            occurred_at=at,
            actor="mia",
            group=group,
            checks=(),
            unbilled=unbilled,
            state_before="collecting",
            transaction_ids=(),
        )

    def transaction(self, number: int) -> events.Event:
        draw = self._random
        self._versions[f"trx_{number}"] += 1
        return events.TransactionRated(
            contract_id="ctr_1",
            contract_line_id="ctl_1",
            project_id="prj_1",
            rating_version=1,
            kind="time",
            service_date=date(2026, 10, 5),
            object_id=f"trx_{number}",
            version=self._versions[f"trx_{number}"],
            occurred_at=NOON + timedelta(minutes=draw.randint(0, 20_000)),
            approved_at=draw.choice((None, NOON - timedelta(minutes=draw.randint(0, 20_000)))),
            actor="mia",
            state=draw.choice(("rated", "queued", "held", "invoiced", "reversed")),
            part=draw.choice(("billable", "non_billable", "overage")),
            currency=draw.choice(("EUR", "USD")),
            amount=Decimal(draw.randint(0, 99_999)) / 100,
            hours=Decimal(draw.randint(0, 80_000)) / 10_000,
        )


async def happen(database: Database, firm: Firm, many: int) -> None:
    """So many changes of items and as many of transactions, published and shown in units of twenty."""
    for start in range(0, many, 20):
        async with unit_of_work(database) as connection:
            for number in range(start, start + 20):
                for event in (firm.item(number % 60), firm.transaction(number % 40)):
                    await publish(connection, call(firm.tenant), event)
                    await apply(connection, firm.tenant, event)


async def kept(database: Database, tenant: str) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row.values()) for row in await database.fetch(_SUMS, tenant))


async def added_up(database: Database, tenant: str) -> Counter[tuple[Any, ...]]:
    """The same from the rows themselves, item by item."""
    found: dict[tuple[Any, ...], list[Decimal]] = {}

    def add(key: tuple[Any, ...], amount: Decimal, hours: Decimal) -> None:
        total = found.setdefault(key, [Decimal(0), Decimal(0), Decimal(0)])
        for place, value in enumerate((Decimal(1), amount, hours)):
            total[place] += value

    for row in await database.fetch("select * from finance_item where tenant = $1", tenant):
        filled = row["transaction_count"] > 0
        shown = filled or not row["evaluated"] or row["state"] in ("drafted", "billed")
        state, currency, entity = row["state"], row["currency"], row["body"]["legal_entity_id"]
        add(("item", state, currency, entity, "", row["period_end"], filled, shown), row["net_amount"], row["hours"])
        for code in row["failed"]:
            add(("reason", state, currency, entity, code, None, filled, shown), row["net_amount"], row["hours"])
        for value in row["unbilled"]:
            day = date.fromisoformat(value["on"])
            add(("age", state, currency, "", "", day, filled, shown), Decimal(value["amount"]), Decimal(0))
    for row in await database.fetch("select * from finance_transaction where tenant = $1", tenant):
        key = ("transaction", row["state"], row["currency"], "", row["part"], None, True, True)
        add(key, row["amount"], row["hours"])
        if row["invoiced_at"] and row["approved_at"]:
            days = Decimal((row["invoiced_at"] - row["approved_at"]) / timedelta(milliseconds=1)) / 86_400_000
            label = str(days.quantize(Decimal("0.1"), ROUND_HALF_UP))
            add(("lag", "invoiced", "", "", label, row["invoiced_at"].date(), True, True), Decimal(0), Decimal(0))
    return Counter((*key, *total) for key, total in found.items())


@pytest.mark.parametrize("seed", range(3))
async def test_sums_are_what_adding_up_the_rows_gives(database: Database, seed: int) -> None:
    firm, other = Firm("acme", seed), Firm("other", seed + 100)
    for _ in range(2):
        await happen(database, firm, 120)
        await happen(database, other, 30)
        assert await kept(database, "acme") == await added_up(database, "acme")
        await sums.fold_all(database)
        assert await kept(database, "acme") == await added_up(database, "acme")
    assert await kept(database, "other") == await added_up(database, "other") != Counter()
    await rebuild(database, "acme")
    assert await kept(database, "acme") == await added_up(database, "acme") != Counter()
    await database.execute("delete from finance_item where tenant = 'acme'")
    await database.execute("delete from finance_transaction where tenant = 'acme'")
    assert await kept(database, "acme") == Counter()
    assert await kept(database, "other") == await added_up(database, "other") != Counter()


_LEVELS = """
select queue_view, currency, sum(net) as net, sum(unbilled) as unbilled from finance_level where tenant = $1
group by 1, 2 having sum(net) <> 0 or sum(unbilled) <> 0
"""


async def levels(database: Database) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row.values()) for row in await database.fetch(_LEVELS, "acme"))


async def levels_of_rows(database: Database) -> Counter[tuple[Any, ...]]:
    found: dict[tuple[str, str], list[Decimal]] = {}
    for row in await database.fetch("select * from finance_item where tenant = 'acme'"):
        if row["transaction_count"] and row["state"] not in ("billed", "skipped"):
            total = found.setdefault((row["queue_view"], row["currency"]), [Decimal(0), Decimal(0)])
            total[0] += row["net_amount"]
            total[1] += sum((Decimal(value["amount"]) for value in row["unbilled"]), Decimal(0))
    return Counter((*key, *total) for key, total in found.items() if any(total))


@pytest.mark.parametrize("seed", range(3))
async def test_the_days_of_the_backlogs_add_up_to_what_is_there(database: Database, seed: int) -> None:
    await happen(database, Firm("acme", seed), 240)
    assert await levels(database) == await levels_of_rows(database) != Counter()
    await sums.fold_all(database)
    assert await levels(database) == await levels_of_rows(database)
    days = "select day, queue_view, currency, net, unbilled from finance_level where tenant = 'acme'"
    before = Counter(map(tuple, await database.fetch(days)))
    assert len({day for day, *_ in before}) > 1 and max(before.values()) == 1
    await rebuild(database, "acme")
    assert Counter(map(tuple, await database.fetch(days))) == before


async def test_folding_leaves_one_row_for_each_sum(database: Database) -> None:
    await happen(database, Firm("acme", 7), 200)
    before = await kept(database, "acme")
    await sums.fold_all(database)
    rows = await database.fetchval("select count(*) from finance_sum where tenant = 'acme'")
    assert rows == len(before) and await kept(database, "acme") == before


async def test_folding_beside_changes_and_beside_folding_loses_and_doubles_nothing(database: Database) -> None:
    async def fold_often() -> None:
        for _ in range(20):
            async with unit_of_work(database) as connection:
                await sums.fold(connection, "acme")

    await happen(database, Firm("acme", 8), 60)
    await asyncio.gather(happen(database, Firm("acme", 9), 120), fold_often(), fold_often(), fold_often())
    assert await kept(database, "acme") == await added_up(database, "acme")


@pytest.mark.parametrize("sort", get_args(QueueSort))
@pytest.mark.parametrize("view", [None, "ready", "blocked"])
async def test_pages_in_every_order_are_the_whole_queue_once(office: Office, sort: QueueSort, view: Any) -> None:
    await happen(office.database, Firm("acme", 5), 120)
    views, asked = FinanceViews(office.services), {"sort": sort, "view": view}
    whole = await views.billing_queue(call("acme"), **asked, limit=200)
    assert len(whole.items) == sum(one.count for one in whole.matching) > 3
    assert list(whole.items) == sorted(whole.items, key=_PLACES[sort])
    for reverse in (False, True):
        found: list[QueueItem] = []
        cursor = None
        while cursor is not None or not found:
            page = await views.billing_queue(call("acme"), **asked, reverse=reverse, cursor=cursor, limit=3)
            assert sum(one.before for one in page.matching) == len(found)
            found += page.items
            cursor = page.next_cursor
        assert found == list(whole.items)[:: -1 if reverse else 1]


@pytest.mark.parametrize(
    "asked",
    [{"reason": "PO_MISSING"}, {"entity": "US01"}, {"reason": "PERIOD_CLOSED", "entity": "DE01"}, {"state": "collecting"},
     {"period": date(2026, 10, 30)}, {"period": date(2026, 9, 30), "entity": "US01", "view": "ready"},
     {"period": date(2026, 10, 30), "reason": "PO_MISSING"}, {"search": "KESTREL"},
     {"search": "prj_3", "view": "ready"}, {"search": "bg_8"}, {"state": "billed", "view": "ready"}],
)  # fmt: skip
async def test_what_matches_is_counted_as_it_is_listed(office: Office, asked: dict[str, Any]) -> None:
    await happen(office.database, Firm("acme", 6), 120)
    queue = await FinanceViews(office.services).billing_queue(call("acme"), **asked, limit=200)
    listed: dict[str, list[Decimal]] = {}
    for item in queue.items:
        listed.setdefault(item.currency, []).append(item.net_amount)
    assert {m.currency: (m.count, m.amount) for m in queue.matching} == {
        currency: (len(amounts), sum(amounts)) for currency, amounts in listed.items()
    }
    assert bool(queue.items) == (asked.get("state") != "billed")


async def test_lags_of_many_are_what_the_database_says_of_the_entries(office: Office) -> None:
    await happen(office.database, Firm("acme", 3), 400)
    office.clock.advance(timedelta(days=14))
    said = await office.database.fetchrow(
        """select count(*) as entries, percentile_disc(0.5) within group (order by days) as median_days,
                  percentile_disc(0.9) within group (order by days) as p90_days
           from (select round(extract(epoch from invoiced_at - approved_at) / 86400, 1) as days from finance_transaction
                 where tenant = 'acme' and invoiced_at is not null and approved_at is not null) as lag"""
    )
    found = await FinanceViews(office.services).billing_figures(call("acme"))
    assert said is not None and said["entries"] > 3
    assert (found.lag.entries, found.lag.median_days, found.lag.p90_days) == tuple(said.values())
    assert sum(week.entries for week in found.weeks) == said["entries"]


async def test_an_item_of_many_projects_with_a_long_name_is_shown_and_found(office: Office) -> None:
    event = Firm("acme", 1).item(1)
    projects = tuple(f"prj_{sha256(bytes(number)).hexdigest()[:26]}" for number in range(400))
    group = replace(event.group, project_ids=projects, customer_name="Ä" * 300, transaction_count=1, state="ready")
    async with unit_of_work(office.database) as connection:
        await apply(connection, "acme", replace(event, group=group, version=9))
    for words in (projects[-1], "Ä" * 40):
        found = await FinanceViews(office.services).billing_queue(call("acme"), search=words, sort="client")
        assert [item.id for item in found.items] == ["bg_1"]
