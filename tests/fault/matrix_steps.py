"""kill -9 of the worker after the effect of a step and before its record: every step of every workflow, from the code itself.

The step's work is done, the vendors have what it wrote and our tables what it stored; what the vendors answered is lost with
the process. The next worker runs the step again. In the end registers and vendors hold what they hold without trouble.
"""

import ast
from collections.abc import Callable, Iterator

import pytest

from tests.fault.stretches import Step, Stretches
from tests.support.demo import ROOT
from tests.support.gates import gate
from tests.support.journeys import STRETCHES, Stretch
from tests.support.site import Site

# Words of a run whose records are named by what they wait for; here they go by their kind.
_NAMELESS = {"start": "child", "join": "wait", "wait_for": "wait", "sleep": "sleep", "hold": "hold"}
_RECORDED = """new.state in ('done', 'skipped') and new.kind = '{kind}' and starts_with(new.name, '{name}') and exists (
    select from run r where r.tenant = new.tenant and r.id = new.run_id and r.workflow = '{workflow}')"""


def declared() -> list[str]:
    """Every step that a workflow in the code can take: its name, or its kind where names are made while it runs."""
    trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "process_apis").rglob("*.py")]
    return sorted({name for tree in trees for call in _calls(tree) for name in _names(call)})


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and ast.unparse(node.func.value) == "run"
        ):
            yield node


def _names(call: ast.Call) -> Iterator[str]:
    word = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if word in _NAMELESS:
        yield _NAMELESS[word]
    elif word in ("step", "compensation"):
        name = _word(call.args[0])
        yield name
        if any(keyword.arg == "undo" for keyword in call.keywords):
            yield f"undo {name}"


def _word(name: ast.expr) -> str:
    """The name of a step; of one that says in its name what it is about, what it says before that."""
    if isinstance(name, ast.JoinedStr):
        name = name.values[0]
    return str(ast.literal_eval(name)).strip()


def taken(stretches: Stretches, last: str = STRETCHES[-1].name) -> dict[Step, str]:
    """Which stretch, up to the last one asked for, takes a step of a workflow first, in the order in which steps end."""
    found: dict[Step, str] = {}
    for stretch in STRETCHES:
        for step in stretches.undisturbed(stretch.name).steps:
            found.setdefault(step, stretch.name)
        if stretch.name == last:
            break
    return found


def killed_at_every(stretch: Stretch, steps: list[Step]) -> Callable[[Site], None]:
    """The trouble of this matrix: at the record of each of these steps the worker is killed, and another is started.

    Runs that go on beside each other reach them in any order, so all that are left are waited for at once.
    """

    def trouble(site: Site) -> None:
        left = list(steps)
        while left:
            whens = [_RECORDED.format(kind=kind, name=name, workflow=workflow) for workflow, kind, name in left]
            with gate(site.database_url, "step", "update", *whens) as closed:
                (stretch.act(site) if len(left) == len(steps) else site.start("worker"))
                reached = closed.until_reached(f"the record of one of {left}", 90)
                site.kill("worker")
            left.pop(reached)
        site.start("worker")

    return trouble


@pytest.mark.parametrize("name", [s.name for s in STRETCHES])
def test_a_worker_killed_between_every_step_and_its_record(name: str, stretches: Stretches) -> None:
    known = stretches.undisturbed(name)
    first = taken(stretches, name)
    steps = [step for step in known.steps if first[step] == name]
    if not steps:
        pytest.skip("takes no step that others do not take before")
    print(f"{name}: {len(steps)} kills")
    found = stretches.disturbed(name, killed_at_every(known.stretch, steps))
    assert not found, f"{steps}:\n" + "\n".join(found)


def test_every_step_in_the_code_is_taken(stretches: Stretches) -> None:
    """A step that is new must be reached by a stretch of work, and so be killed at."""
    reached = {word for _, kind, name in taken(stretches) for word in (kind, name)}
    assert set(declared()) <= reached


def test_every_workflow_is_performed(stretches: Stretches) -> None:
    workflows = {workflow for workflow, _, _ in taken(stretches)}
    assert workflows == {"onboarding", "onboarding_country", "post_time", "reverse_time", "rerate_time", "post_invoice"}
