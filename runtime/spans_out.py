"""Spans to an OpenTelemetry collector: OTLP over HTTP by the SDK, in a thread of its own. The one file that imports the SDK."""

from collections.abc import Callable
from importlib.metadata import version

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from runtime import tracing
from runtime.tracing import Span

_PATH = "/v1/traces"
_TIMEOUT_S, _DELAY_MS, _MOST_WAITING = 5, 500, 8192
_KINDS = {kind: SpanKind[kind.upper()] for kind in ("internal", "server", "client", "producer", "consumer")}


def export(endpoint: str, role: str, one_in: int) -> Callable[[], None]:
    """Switches tracing on for this process. Returns what sends the rest and switches it off again."""
    name = f"ledgerway-{role}"
    resource = Resource.create({"service.name": name, "service.version": version("ledgerway")})
    scope = InstrumentationScope("ledgerway", version("ledgerway"))
    sender = OTLPSpanExporter(endpoint=_address(endpoint), timeout=_TIMEOUT_S)
    queue = BatchSpanProcessor(sender, max_queue_size=_MOST_WAITING, schedule_delay_millis=_DELAY_MS)

    def take(spans: list[Span]) -> None:
        for span in spans:
            queue.on_end(_readable(span, resource, scope))

    def stop() -> None:
        tracing.configure(None)
        queue.shutdown()  # type: ignore[no-untyped-call]

    tracing.configure(take, one_in)
    return stop


def _address(endpoint: str) -> str:
    """The collector's address for traces: given in full, or as the base address of its OTLP receiver."""
    return endpoint if endpoint.endswith(_PATH) else endpoint.rstrip("/") + _PATH


def _readable(span: Span, resource: Resource, scope: InstrumentationScope) -> ReadableSpan:
    status = Status(StatusCode.UNSET) if span.error is None else Status(StatusCode.ERROR, span.error)
    return ReadableSpan(
        name=span.name,
        context=_context(span, span.span_id),
        parent=None if span.parent_id is None else _context(span, span.parent_id),
        resource=resource,
        attributes=span.attributes,
        kind=_KINDS[span.kind],
        status=status,
        start_time=span.started_ns,
        end_time=span.ended_ns,
        instrumentation_scope=scope,
    )


def _context(span: Span, span_id: str) -> SpanContext:
    """What comes here is wanted, so the SDK is told that it is sampled."""
    flags = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(int(span.root.trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=flags)
