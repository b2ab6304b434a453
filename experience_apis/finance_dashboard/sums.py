"""Sums over all items and transactions, kept as changes in `finance_sum`: rows are appended where the view's rows change, and
folded together here. A sum is right at any time, folded or not, and exact: decimals, never rounded."""

from runtime.data.database import Connection, Database
from runtime.work.unit import unit_of_work

EVERY_S = 5
_MANY = 200
_UNFOLDED = "select tenant from finance_sum where not folded group by tenant having count(*) >= $1"
# What another session folds meanwhile is not deleted twice, and not counted twice: only what was deleted is summed.
_FOLD = """
with changed as (
    select distinct kind, state, currency, legal_entity, label, day, filled, shown from finance_sum
    where tenant = $1 and not folded),
gone as (
    delete from finance_sum s using changed c
    where s.tenant = $1 and (s.kind, s.state, s.currency, s.legal_entity, s.label, s.filled, s.shown)
      = (c.kind, c.state, c.currency, c.legal_entity, c.label, c.filled, c.shown) and s.day is not distinct from c.day
    returning s.*)
insert into finance_sum
select tenant, kind, state, currency, legal_entity, label, day, filled, shown, sum(count), sum(amount), sum(hours), true
from gone group by 1, 2, 3, 4, 5, 6, 7, 8, 9
having sum(count) <> 0 or sum(amount) <> 0 or sum(hours) <> 0
"""

_FOLD_LEVELS = """
with gone as (
    delete from finance_level where tenant = $1 and (day, queue_view, currency) in (
        select day, queue_view, currency from finance_level where tenant = $1 and not folded) returning *)
insert into finance_level
select tenant, day, queue_view, currency, sum(net), sum(unbilled), true from gone group by 1, 2, 3, 4
having sum(net) <> 0 or sum(unbilled) <> 0
"""


async def fold_all(database: Database) -> None:
    """Fold the sums of the tenants that have many changes."""
    for row in await database.fetch(_UNFOLDED, _MANY):
        async with unit_of_work(database) as connection:
            await fold(connection, row["tenant"])


async def fold(connection: Connection, tenant: str) -> None:
    """One row for each sum of a tenant; those that did not change are left alone."""
    await connection.execute(_FOLD, tenant)
    await connection.execute(_FOLD_LEVELS, tenant)
