"""An SDK of OpenTelemetry for one test, with what it was told; and none for the tests of others.

Spec: https://opentelemetry.io/docs/specs/otel/trace/sdk/
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.metrics import _internal as metrics_internal
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import ProxyTracerProvider
from opentelemetry.util._once import Once


class Told:
    """What was recorded."""

    def __init__(self) -> None:
        self._kept = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._kept))
        self.meters = MeterProvider([self._reader])

    @property
    def tracer(self) -> trace.Tracer:
        """An app's own."""
        return self.tracers.get_tracer("app")

    def all(self) -> list[ReadableSpan]:
        return list(self._kept.get_finished_spans())

    def ours(self) -> list[ReadableSpan]:
        return [span for span in self.all() if span.instrumentation_scope.name == "qstash_integrations"]

    def names(self) -> list[str]:
        return [span.name for span in self.ours()]

    def one(self, name: str) -> ReadableSpan:
        (found,) = [span for span in self.all() if span.name == name]
        return found

    def is_below(self, span: ReadableSpan, other: ReadableSpan) -> bool:
        """Whether ``other`` is its parent, or one further up, as frameworks record steps of their own between them."""
        spans = {found.context.span_id: found for found in self.all()}
        above: ReadableSpan | None = span
        while above is not None and above is not other:
            above = spans.get(above.parent.span_id) if above.parent else None
        return above is other

    def points(self, metric: str) -> list[Any]:
        found = self._reader.get_metrics_data()
        scopes = [scope for resource in found.resource_metrics for scope in resource.scope_metrics] if found else []
        return [
            point for scope in scopes for one in scope.metrics if one.name == metric for point in one.data.data_points
        ]


@contextmanager
def recording() -> Generator[Told]:
    """The SDK is at work until the end."""
    made = Told()
    trace.set_tracer_provider(made.tracers)
    metrics.set_meter_provider(made.meters)
    yield made
    made.tracers.shutdown()
    made.meters.shutdown()
    # As OpenTelemetry's own tests do.
    found: Any = trace
    found._TRACER_PROVIDER_SET_ONCE, found._TRACER_PROVIDER = Once(), None
    found._PROXY_TRACER_PROVIDER = ProxyTracerProvider()
    inner: Any = metrics_internal
    inner._METER_PROVIDER_SET_ONCE, inner._METER_PROVIDER = Once(), None
    inner._PROXY_METER_PROVIDER = inner._ProxyMeterProvider()


def context_of(span: ReadableSpan) -> tuple[int, int]:
    return span.context.trace_id, span.context.span_id


def linked(span: ReadableSpan) -> list[tuple[int, int]]:
    return [(link.context.trace_id, link.context.span_id) for link in span.links]


def traceparent(span: ReadableSpan) -> str:
    """As the header that carries its context says it."""
    return f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-{int(span.context.trace_flags):02x}"
