"""What the finance view exports: its subscriptions and its operations; and how it is made again from the event log."""

from collections.abc import Callable

from contracts.call import Call
from contracts.events import Event
from contracts.experience.finance_dashboard import FinanceDashboard
from experience_apis.finance_dashboard import projection, sums
from experience_apis.finance_dashboard.queries import FinanceViews
from runtime.data.database import Connection, Database
from runtime.services import Services
from runtime.work.outbox import read
from runtime.work.process import Process
from runtime.work.sweeps import Sweep
from runtime.work.unit import unit_of_work

NAME = "finance_dashboard"
_PAGE = 500


def build(services: Services) -> Process:
    """The view `finance_dashboard`."""

    async def show(connection: Connection, call: Call, event: Event) -> None:
        await apply(connection, call.tenant, event)

    async def fold() -> None:
        await sums.fold_all(services.database)

    return Process(
        name=NAME,
        contract=FinanceDashboard,
        implementation=FinanceViews(services),
        subscriptions=dict.fromkeys(projection.SHOWN.values(), show),
        sweeps=(Sweep("fold the sums of the finance view", sums.EVERY_S, fold),),
    )


async def apply(connection: Connection, tenant: str, event: Event) -> None:
    """Bring an event into the view's rows."""
    for sql, arguments in projection.statements(event):
        await connection.execute(sql, tenant, *arguments)


async def rebuild(database: Database, tenant: str, tell: Callable[[int], None] = lambda _: None) -> int:
    """Empty the view of a tenant and make it again from the event log, as one; answers the number of events, and tells on the way.

    Deliveries wait meanwhile; one that comes after it changes nothing the log has told already.
    """
    count, after = 0, 0
    async with unit_of_work(database) as connection:
        await connection.execute(f"lock table {', '.join(projection.TABLES)} in share row exclusive mode")
        for table in projection.TABLES:
            # house: sql the names are those of projection.TABLES
            await connection.execute(f"delete from {table} where tenant = $1", tenant)  # noqa: S608
        while page := await read(connection, tenant, after=after, types=projection.SHOWN, limit=_PAGE):
            for published in page:
                await apply(connection, tenant, published.event)
            count, after = count + len(page), page[-1].position
            tell(count)
        await sums.fold(connection, tenant)
    return count
