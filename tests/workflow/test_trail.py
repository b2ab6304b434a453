"""What happened, as the trail tells it: the log without gaps, the story of an id, the audit trail by pages."""

from datetime import timedelta

import pytest

from contracts.events import ProjectCreated
from contracts.problems import InvalidRequest, NotFound
from process_apis.trail import events, traces
from process_apis.trail.process import TrailQueries
from runtime.connections import Connections
from runtime.data.database import Database
from runtime.data.trail import AuditRow, Trail
from runtime.ports import Ports
from runtime.services import Services
from runtime.settings import Settings
from runtime.work.outbox import publish
from runtime.work.unit import unit_of_work
from tests.support.clock import NOON, FixedClock
from tests.workflow.stage import CALL, eventually


def created(project: str, version: int = 1) -> ProjectCreated:
    return ProjectCreated(
        object_id=project, version=version, occurred_at=NOON, actor="ada", code="P1", legal_entity_id="ent_1"
    )


async def published(database: Database, *projects: str) -> None:
    for project in projects:
        async with unit_of_work(database) as connection:
            await publish(connection, CALL, created(project))
    await seen(database)


async def seen(database: Database) -> None:
    """Until no transaction is open on the server, also of other tests, before whose end the feed shows no later event."""
    now = await database.fetchval("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")

    async def over() -> bool:
        return bool(await database.fetchval("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= $1", now))

    await eventually(over)


class TestFeed:
    """The log of events as a feed."""

    async def test_goes_on_where_it_stood(self, database: Database) -> None:
        await published(database, "prj_1", "prj_2", "prj_3")
        first = await events.feed(database, CALL.tenant, None, None, 2, NOON)
        rest = await events.feed(database, CALL.tenant, first.last_sequence, None, 2, NOON)
        assert [e.subject for e in (*first.items, *rest.items)] == ["prj_1", "prj_2", "prj_3"]
        after = await events.feed(database, CALL.tenant, rest.last_sequence, None, 2, NOON)
        assert (after.items, after.last_sequence) == ((), rest.last_sequence)

    async def test_an_event_is_a_cloud_event(self, database: Database) -> None:
        await published(database, "prj_1")
        (event,) = (await events.feed(database, CALL.tenant, None, "project.*", 9, NOON)).items
        assert (event.specversion, event.id, event.type) == ("1.0", "project.created:prj_1:1", "project.created")
        assert (event.time, event.correlationid, event.data["code"]) == (NOON, CALL.correlation_id, "P1")

    async def test_what_commits_late_is_not_passed_over(self, database: Database) -> None:
        async with database.transaction() as slow:
            await publish(slow, CALL, created("prj_slow"))
            async with unit_of_work(database) as connection:
                await publish(connection, CALL, created("prj_fast"))
            waiting = await events.feed(database, CALL.tenant, None, None, 9, NOON)
            assert waiting.items == ()
        await seen(database)
        feed = await events.feed(database, CALL.tenant, waiting.last_sequence, None, 9, NOON)
        assert [e.subject for e in feed.items] == ["prj_slow", "prj_fast"]

    async def test_now_is_what_is_yet_to_come(self, database: Database) -> None:
        await published(database, "prj_1")
        now = await events.feed(database, CALL.tenant, "now", None, 9, NOON)
        assert now.items == ()
        await published(database, "prj_2")
        feed = await events.feed(database, CALL.tenant, now.last_sequence, None, 9, NOON)
        assert [e.subject for e in feed.items] == ["prj_2"]

    async def test_other_types_and_other_tenants_are_left_out(self, database: Database) -> None:
        await published(database, "prj_1")
        assert (await events.feed(database, CALL.tenant, None, "invoice.*", 9, NOON)).items == ()
        assert (await events.feed(database, "other", None, None, 9, NOON)).items == ()

    @pytest.mark.parametrize("unknown", ["project.crated", "projekt.*"])
    async def test_a_type_that_does_not_exist_is_refused(self, database: Database, unknown: str) -> None:
        with pytest.raises(InvalidRequest):
            await events.feed(database, CALL.tenant, None, unknown, 9, NOON)

    async def test_a_place_beyond_all_numbers_is_the_end(self, database: Database) -> None:
        await published(database, "prj_1")
        beyond = f"{'9' * 20}.{'9' * 19}"
        assert (await events.feed(database, CALL.tenant, beyond, None, 9, NOON)).items == ()


async def audited(database: Database, count: int) -> None:
    trail = Trail(database)
    for number in range(count):
        trail.append(
            AuditRow(
                tenant=CALL.tenant,
                id=f"aud_{number}",
                at=NOON + timedelta(minutes=number),
                client="ba",
                principal="ada",
                operation="registers.get_project",
                method="GET",
                path="/process/v1/projects/prj_1",
                status=403 if number % 2 else 200,
                problem="forbidden" if number % 2 else None,
                correlation_id=CALL.correlation_id,
                request_id=f"req_{number}",
            )
        )
    await trail.flush()


class TestTrace:
    """The story of an id."""

    @pytest.fixture(autouse=True)
    async def happened(self, database: Database) -> None:
        await published(database, "prj_1", "prj_2")
        await audited(database, 2)

    @pytest.mark.parametrize("subject", [CALL.correlation_id, "req_1"])
    async def test_of_a_correlation_or_request_is_all_of_it(self, database: Database, subject: str) -> None:
        told = await traces.of(database, CALL.tenant, subject, NOON)
        assert told.correlation_ids == (CALL.correlation_id,)
        assert [(h.kind, h.outcome) for h in told.items if h.kind == "request"] == [
            ("request", "200"),
            ("request", "403 forbidden"),
        ]
        assert {h.what for h in told.items if h.kind == "event"} == {"project.created prj_1", "project.created prj_2"}

    @pytest.mark.parametrize("subject", ["prj_1", "project.created:prj_1:1"])
    async def test_of_an_object_or_event_is_about_that_object(self, database: Database, subject: str) -> None:
        told = await traces.of(database, CALL.tenant, subject, NOON)
        assert [h.what for h in told.items if h.kind == "event"] == ["project.created prj_1"]
        assert sum(h.kind == "request" for h in told.items) == 2

    @pytest.mark.parametrize("subject", ["prj_3", "req_", "x" * 250, "a:b", ":", "req_'; drop"])
    async def test_of_what_turns_up_nowhere_there_is_none(self, database: Database, subject: str) -> None:
        with pytest.raises(NotFound):
            await traces.of(database, CALL.tenant, subject, NOON)

    async def test_of_another_tenant_there_is_none(self, database: Database) -> None:
        with pytest.raises(NotFound):
            await traces.of(database, "other", "prj_1", NOON)


class TestAudit:
    """The audit trail by pages."""

    async def test_newest_first_with_filters(self, database: Database) -> None:
        await audited(database, 5)
        clock = FixedClock()
        trail = TrailQueries(Services(database=database, ports=Ports(Connections()), settings=Settings(), clock=clock))
        first = await trail.list_audit(CALL, limit=3)
        rest = await trail.list_audit(CALL, cursor=first.next_cursor, limit=3)
        assert [e.request_id for e in (*first.items, *rest.items)] == [f"req_{n}" for n in (4, 3, 2, 1, 0)]
        assert rest.next_cursor is None
        refused = await trail.list_audit(CALL, problem="forbidden", since=NOON + timedelta(minutes=2))
        assert [e.request_id for e in refused.items] == ["req_3"]
        assert (await trail.list_audit(CALL, until=NOON)).items == ()
        with pytest.raises(InvalidRequest):
            await trail.list_audit(CALL, cursor="nonsense")
