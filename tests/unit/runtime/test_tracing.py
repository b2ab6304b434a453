"""Traces: whose spans are kept, how the context travels, what a run is called."""

from collections.abc import Iterator

import pytest

from contracts.problems import NotFound
from runtime import tracing
from runtime.tracing import Span

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNSAMPLED = PARENT[:-2] + "00"


@pytest.fixture
def kept() -> Iterator[list[Span]]:
    """What was exported; one new trace in a great many is sampled."""
    spans: list[Span] = []
    tracing.configure(spans.extend, 2**40)
    yield spans
    tracing.configure(None)


def test_without_an_exporter_nothing_is_made() -> None:
    with tracing.work("sweep", PARENT) as work, tracing.span("ask") as asked:
        assert work is None
        assert asked is None
        assert tracing.here() is None
    assert not tracing.on()


def test_spans_of_a_sampled_trace_stand_below_each_other(kept: list[Span]) -> None:
    with tracing.work("step", PARENT) as work:
        assert work is not None
        assert tracing.here() == f"00-{PARENT[3:35]}-{work.span_id}-01"
        with tracing.span("ask", "client") as asked:
            assert asked is not None
            assert tracing.here() == f"00-{PARENT[3:35]}-{asked.span_id}-01"
    assert [(s.name, s.parent_id) for s in kept] == [("ask", work.span_id), ("step", PARENT[36:52])]
    assert all(s.root.trace_id == PARENT[3:35] and s.ended_ns >= s.started_ns for s in kept)
    assert tracing.here() is None


def test_an_unsampled_trace_is_kept_only_where_it_failed_or_was_slow(
    kept: list[Span], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tracing.work("quick", UNSAMPLED):
        pass
    with tracing.work("quick", None):
        pass
    assert not kept
    with pytest.raises(NotFound), tracing.work("outer", UNSAMPLED), tracing.span("inner"):
        raise NotFound("No.")
    assert [(s.name, s.error) for s in kept] == [("inner", "not-found"), ("outer", "not-found")]
    kept.clear()
    with tracing.work("slow", UNSAMPLED) as work:
        assert work is not None
        work.started_ns -= int((tracing.SLOW_S + 0.1) * 1e9)
    assert [s.name for s in kept] == ["slow"]


def test_work_that_called_nobody_may_be_left_out(kept: list[Span]) -> None:
    with tracing.work("sweep", PARENT, alone=False):
        pass
    assert not kept
    with tracing.work("sweep", PARENT, alone=False), tracing.span("ask"):
        pass
    assert len(kept) == 2


def test_a_call_from_another_process_begins_below_its_caller(kept: list[Span]) -> None:
    with tracing.called("erp.post_lines", PARENT) as first:
        assert first is not None
        with tracing.called("psa.get_project", PARENT) as second:
            assert second is not None
    assert (first.parent_id, second.parent_id) == (PARENT[36:52], first.span_id)


def test_a_run_is_called_the_same_in_every_process(kept: list[Span]) -> None:
    own = tracing.of_run("run_1", PARENT)
    assert own == tracing.of_run("run_1", PARENT)
    assert (own[:36], own[-3:]) == (PARENT[:36], PARENT[-3:])
    assert own[36:52] not in (PARENT[36:52], tracing.of_run("run_2", PARENT)[36:52])
    alone = tracing.of_run("run_1", None)
    assert (len(alone), alone) == (55, tracing.of_run("run_1", None))
