"""The tracer, the instruments and the propagator of this process, by the current names of the conventions.

Spec: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from contextvars import Token
from typing import Any, Literal, cast

from opentelemetry import context as contexts
from opentelemetry import metrics, propagate, trace
from opentelemetry.context import Context
from opentelemetry.metrics import Counter, Histogram, Meter, MeterProvider
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, TracerProvider

Attributes = Mapping[str, str | int]

_NAME = "qstash_integrations"
_SCHEMA = "https://opentelemetry.io/schemas/1.44.0"
# In seconds, as the conventions advise.
_BOUNDARIES = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
# Names under which a context travels where no server on the way is to take it for its parent.
_APART = "qstash-"


class Telemetry:
    """What records in this process: of the providers that were current when it was made."""

    __slots__ = ("_tracer", "duration", "meters", "processed", "rejected", "sent", "tracers")

    def __init__(self, tracers: TracerProvider, meters: MeterProvider) -> None:
        self.tracers: TracerProvider = tracers
        self.meters: MeterProvider = meters
        self._tracer = trace.get_tracer(_NAME, tracer_provider=tracers, schema_url=_SCHEMA)
        meter = metrics.get_meter(_NAME, meter_provider=meters, schema_url=_SCHEMA)
        self.duration: Histogram = _seconds(
            meter, "messaging.client.operation.duration", "How long sending took, with its retries."
        )
        self.processed: Histogram = _seconds(meter, "messaging.process.duration", "How long a delivery was worked on.")
        self.sent: Counter = meter.create_counter(
            "messaging.client.sent.messages", "{message}", "Messages that were to be sent, by how it ended."
        )
        self.rejected: Counter = meter.create_counter(
            "messaging.qstash.rejected.requests", "{request}", "Requests that were turned away, by the reason."
        )

    def begin(
        self,
        name: str,
        kind: Literal["CLIENT", "PRODUCER", "CONSUMER"],
        attributes: Attributes,
        links: Sequence[Link] = (),
    ) -> Span:
        """A span below the ambient one, which is not current yet."""
        return self._tracer.start_span(name, kind=SpanKind[kind], attributes=attributes, links=links)

    def enter(self, span: Span) -> "Token[Any]":
        """Make it current, until ``leave`` gets the token."""
        return cast("Token[Any]", contexts.attach(trace.set_span_in_context(span)))

    def leave(self, token: "Token[Any]") -> None:
        """No record of it, unlike OpenTelemetry's own: the garbage collector closes coroutines in any context."""
        with suppress(ValueError):
            token.var.reset(token)

    def fail(self, span: Span, kind: str, error: BaseException | None = None) -> None:
        """It ends in an error; ``error`` is recorded with text and traceback, unless it fails to give a text."""
        span.set_attribute("error.type", kind)
        span.set_status(Status(StatusCode.ERROR))
        if error is not None:
            with suppress(Exception):
                span.record_exception(error)

    def headers_of(self, span: Span, *, apart: bool) -> dict[str, str]:
        """What carries the span's context, as the configured propagators write it."""
        carrier: dict[str, str] = {}
        propagate.inject(carrier, trace.set_span_in_context(span))
        return {_APART + name: value for name, value in carrier.items()} if apart else carrier

    def headers_known(self) -> list[str]:
        """The lower-case names by which a context may come."""
        # A sorted list of a set: what else travels, such as baggage, is nobody's context.
        fields = sorted({name.lower() for name in propagate.get_global_textmap().fields} - {"baggage"})
        return [*fields, *(_APART + name for name in fields)]

    def links_to(self, carriers: Iterable[Mapping[str, str]]) -> list[Link]:
        """A link to the context in each carrier that has one, by lower-case names. Other text counts as none."""
        # From nothing of the ambient context, and nothing but the link comes of it.
        found = [trace.get_current_span(propagate.extract(one, Context(), _GETTER)) for one in carriers]
        return [Link(context) for span in found if (context := span.get_span_context()).is_valid]


_made: Telemetry | None = None
# Once, for whoever names providers in the environment.
_asked = (trace.get_tracer_provider(), metrics.get_meter_provider())


def at_work() -> Telemetry | None:
    """None as long as there are only OpenTelemetry's own providers, which do nothing."""
    global _made
    if _is_none_set():
        return None
    tracers, meters = trace.get_tracer_provider(), metrics.get_meter_provider()
    if _made is not None and _made.tracers is tracers and _made.meters is meters:
        return _made
    if _is_idle(tracers) and _is_idle(meters):
        return None
    _made = Telemetry(tracers, meters)
    return _made


class _Getter(Getter[Mapping[str, str]]):
    def get(self, carrier: Mapping[str, str], key: str) -> list[str] | None:
        name = key.lower()
        value = carrier.get(_APART + name) or carrier.get(name)
        return None if value is None else [value]

    def keys(self, carrier: Mapping[str, str]) -> list[str]:
        return [name.removeprefix(_APART) for name in carrier]


_GETTER = _Getter()


def _is_none_set() -> bool:
    """Known at once. The public functions look into the environment each time, which costs a message 5 µs."""
    inner = sys.modules.get("opentelemetry.metrics._internal")
    return getattr(trace, "_TRACER_PROVIDER", _asked) is None and getattr(inner, "_METER_PROVIDER", _asked) is None


def _is_idle(provider: object) -> bool:
    return type(provider).__module__.startswith(("opentelemetry.trace", "opentelemetry.metrics"))


def _seconds(meter: Meter, name: str, description: str) -> Histogram:
    advised: dict[str, Any] = {"explicit_bucket_boundaries_advisory": _BOUNDARIES}
    try:
        return meter.create_histogram(name, "s", description, **advised)
    except TypeError:  # of an older one than the extra brings
        return meter.create_histogram(name, "s", description)
