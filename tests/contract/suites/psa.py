"""What a PSA promises: projects made once from a template, opened and closed, with tasks and milestones kept by code and key."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from msgspec import Struct

from contracts.canon.project import (
    NewMilestone,
    NewMilestones,
    NewProject,
    Project,
    ProjectStatusChange,
    Task,
    Tasks,
)
from contracts.problems import Conflict, InvalidRequest, NotFound
from tests.contract.subject import Subject, new_key, pages


class Facts(Struct, frozen=True, kw_only=True):
    """`deal` and `account` can carry new projects; `template` brings tasks with `template_codes`.

    `project` is a seeded one with recorded time, `expected` its canon attributes; `projects` and `milestones` = all seeded
    references; `milestone_states` = how many seeded milestones stand in each state. `tasks` = (code, chargeable, first day, last
    day, open) of the tasks of the seeded project.
    """

    deal: str
    account: str
    template: str
    templates: Mapping[str, str]
    template_codes: frozenset[str]
    project: str
    expected: Mapping[str, Any]
    projects: frozenset[str]
    milestones: frozenset[str]
    milestone_states: Mapping[str, int]
    tasks: frozenset[tuple[str, bool, date, date, bool]]


def _new(subject: Subject, key: str) -> NewProject:
    return NewProject(
        key=key,
        code=f"P-{key[-8:]}",
        name="O'Brien & Söhne - Rollout",
        deal_ref=subject.facts.deal,
        account_ref=subject.facts.account,
        template_ref=subject.facts.template,
        entity_code="US01",
        country="US",
        currency="EUR",
        billing_method="time_and_materials",
        start_on=date(2026, 12, 1),
        end_on=date(2027, 3, 31),
    )


async def read(subject: Subject) -> Any:
    return await subject.adapter.list_projects(subject.call, limit=2)


async def write(subject: Subject, key: str) -> str:
    return (await _create(subject, key)).ref


async def found(subject: Subject, key: str) -> tuple[str, ...]:
    return tuple(project.ref for project in (await subject.adapter.find_projects(subject.call, key=key)).items)


async def _create(subject: Subject, key: str | None = None) -> Project:
    return await subject.adapter.create_project(subject.call, _new(subject, key or new_key()))


async def promise_that_templates_are_listed_by_service_line(subject: Subject) -> None:
    templates = await pages(partial(subject.adapter.list_templates, subject.call), limit=2)
    assert {template.ref: template.service_line for template in templates} == subject.facts.templates
    assert len(templates) == len(subject.facts.templates)


async def promise_that_a_new_project_holds_what_was_asked(subject: Subject) -> None:
    key = new_key()
    wanted, project = _new(subject, key), await _create(subject, key)
    same = ("key", "code", "name", "deal_ref", "account_ref", "entity_code", "country", "currency", "billing_method")
    assert {n: getattr(project, n) for n in same} == {n: getattr(wanted, n) for n in same}
    assert (project.start_on, project.end_on) == (wanted.start_on, wanted.end_on)
    assert project.status == "provisioning"
    assert not project.time_allowed


async def promise_that_a_deal_shows_all_its_projects(subject: Subject) -> None:
    refs = {(await _create(subject)).ref for _ in range(2)}
    of_deal = await subject.adapter.find_projects(subject.call, deal_ref=subject.facts.deal)
    assert refs <= {project.ref for project in of_deal.items}


async def promise_that_a_search_needs_a_criterion(subject: Subject) -> None:
    with pytest.raises(InvalidRequest):
        await subject.adapter.find_projects(subject.call)


async def promise_that_an_active_project_takes_time_and_a_held_one_does_not(subject: Subject) -> None:
    project = await _create(subject)
    for status, time_allowed in (("ready", False), ("active", True), ("on_hold", False), ("closed", False)):
        change = ProjectStatusChange(status=status)
        for _ in range(2):
            changed = await subject.adapter.set_project_status(subject.call, project.ref, change)
            assert (changed.ref, changed.status, changed.time_allowed) == (project.ref, status, time_allowed)


async def promise_that_only_a_project_without_actuals_is_cancelled(subject: Subject) -> None:
    cancel = ProjectStatusChange(status="cancelled")
    project = await _create(subject)
    assert (await subject.adapter.set_project_status(subject.call, project.ref, cancel)).status == "cancelled"
    with pytest.raises(Conflict):
        await subject.adapter.set_project_status(subject.call, subject.facts.project, cancel)


async def promise_that_tasks_are_kept_by_code(subject: Subject) -> None:
    project, facts = await _create(subject), subject.facts
    of_template = sorted(facts.template_codes)[0]
    wanted = Tasks(items=(Task(code=of_template, name="Renamed"), Task(code="NEW-1", name="New", chargeable=False)))
    first = await subject.adapter.put_tasks(subject.call, project.ref, wanted)
    assert [(task.code, task.name, task.chargeable) for task in first.items] == [
        (of_template, "Renamed", True),
        ("NEW-1", "New", False),
    ]
    assert all(task.ref for task in first.items)
    assert await subject.adapter.put_tasks(subject.call, project.ref, wanted) == first
    closed = Tasks(items=(Task(code="NEW-1", name="New", chargeable=False, open=False),))
    (task,) = (await subject.adapter.put_tasks(subject.call, project.ref, closed)).items
    assert (task.ref, task.open) == (first.items[1].ref, False)


def _milestone(key: str, sequence: int, amount: str) -> NewMilestone:
    return NewMilestone(
        key=key, sequence=sequence, name=f"Step {sequence}", planned_on=date(2027, 1, 15), amount=Decimal(amount)
    )


async def promise_that_milestones_are_kept_by_key(subject: Subject) -> None:
    project, keys = await _create(subject), (new_key(), new_key())
    wanted = NewMilestones(items=(_milestone(keys[0], 1, "1000.10"), _milestone(keys[1], 2, "2000.20")))
    first = (await subject.adapter.put_milestones(subject.call, project.ref, wanted)).items
    assert [(m.key, m.sequence, m.amount, m.currency, m.state) for m in first] == [
        (keys[0], 1, Decimal("1000.10"), "EUR", "planned"),
        (keys[1], 2, Decimal("2000.20"), "EUR", "planned"),
    ]
    assert {m.project_ref for m in first} == {project.ref}
    raised = NewMilestones(items=(_milestone(keys[1], 2, "2500.00"),))
    (milestone,) = (await subject.adapter.put_milestones(subject.call, project.ref, raised)).items
    assert (milestone.ref, milestone.amount) == (first[1].ref, Decimal("2500.00"))


async def promise_that_a_milestone_never_changes_its_project(subject: Subject) -> None:
    one, other, key = await _create(subject), await _create(subject), new_key()
    wanted = NewMilestones(items=(_milestone(key, 1, "10.00"),))
    await subject.adapter.put_milestones(subject.call, one.ref, wanted)
    with pytest.raises(Conflict):
        await subject.adapter.put_milestones(subject.call, other.ref, wanted)


async def promise_that_a_running_project_is_told_as_it_is(subject: Subject) -> None:
    facts = subject.facts
    projects = {project.ref: project for project in await pages(partial(subject.adapter.list_projects, subject.call))}
    project = projects[facts.project]
    assert {name: getattr(project, name) for name in facts.expected} == facts.expected


async def promise_that_pages_hold_every_project_once(subject: Subject) -> None:
    projects = await pages(partial(subject.adapter.list_projects, subject.call), limit=4)
    assert len({project.ref for project in projects}) == len(projects)
    assert subject.facts.projects <= {project.ref for project in projects}
    assert not set(subject.facts.templates) & {project.ref for project in projects}
    assert [p.changed_at for p in projects] == sorted(p.changed_at for p in projects)


async def promise_that_a_listing_can_start_at_an_instant(subject: Subject) -> None:
    project = await _create(subject)
    later = await pages(partial(subject.adapter.list_projects, subject.call), changed_since=project.changed_at)
    assert project.ref in {found.ref for found in later}
    assert all(found.changed_at >= project.changed_at for found in later)
    assert not subject.facts.projects & {found.ref for found in later}


async def promise_that_tasks_of_projects_are_listed_open_and_closed(subject: Subject) -> None:
    project = await _create(subject)
    new = Tasks(items=(Task(code="NEW-1", name="New", chargeable=False, open=False),))
    (put,) = (await subject.adapter.put_tasks(subject.call, project.ref, new)).items
    tasks = await pages(partial(subject.adapter.list_tasks, subject.call), limit=20)
    assert len({task.ref for task in tasks}) == len(tasks)
    assert [task.changed_at for task in tasks] == sorted(task.changed_at for task in tasks)
    (listed,) = (task for task in tasks if task.ref == put.ref)
    assert (listed.project_ref, listed.code, listed.chargeable, listed.open) == (project.ref, "NEW-1", False, False)
    own = [task for task in tasks if task.project_ref == subject.facts.project]
    assert {(t.code, t.chargeable, t.start_on, t.end_on, t.open) for t in own} == subject.facts.tasks
    projects = {found.ref for found in await pages(partial(subject.adapter.list_projects, subject.call))}
    assert {task.project_ref for task in tasks} <= projects
    later = await pages(partial(subject.adapter.list_tasks, subject.call), changed_since=listed.changed_at)
    assert put.ref in {task.ref for task in later}
    assert all(task.changed_at >= listed.changed_at for task in later)


async def promise_that_milestones_are_listed_in_any_state(subject: Subject) -> None:
    milestones = await pages(partial(subject.adapter.list_milestones, subject.call), limit=3)
    assert len({milestone.ref for milestone in milestones}) == len(milestones)
    seeded = [milestone for milestone in milestones if milestone.ref in subject.facts.milestones]
    states = {state: sum(m.state == state for m in seeded) for state in {m.state for m in seeded}}
    assert states == subject.facts.milestone_states


async def promise_that_references_of_others_are_not_found(subject: Subject) -> None:
    key = subject.facts.project.split(":")[2]
    for foreign in (f"elsewhere:project:{key}", f"{subject.instance}:task:{key}", f"{subject.instance}:project:none"):
        with pytest.raises(NotFound):
            await subject.adapter.set_project_status(subject.call, foreign, ProjectStatusChange(status="active"))
        with pytest.raises(NotFound):
            await subject.adapter.put_tasks(subject.call, foreign, Tasks(items=()))
        with pytest.raises(NotFound):
            await subject.adapter.put_milestones(subject.call, foreign, NewMilestones(items=()))
    with pytest.raises(NotFound):
        await subject.adapter.find_projects(subject.call, deal_ref=f"elsewhere:deal:{key}")
