"""What OpenTelemetry is told of deliveries, and how many requests were turned away. Where nothing records, nothing.

The span of the request is the framework's, below whatever that takes for its parent. Ours stands below it, one for each
attempt, with a link to the context that came with the message: an attempt may come days later. Only what was verified
has a span, and nothing but a link comes of the header, which is unsigned.

Spec: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
"""

import time
from collections.abc import Callable, Sequence
from contextvars import Token
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import NonRetryable, RetryAfter
from ..otel import OFF, telemetry
from ..task_urls import task_of
from .delivery import Delivery, found
from .head import Head

if TYPE_CHECKING:
    from ..otel.api import Telemetry

_COMMON = {
    "messaging.system": "qstash",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
}
# What a duplicate is answered, in the place of the handler.
_DUPLICATES = {200: "done", 409: "busy"}
_ANSWERS = ("werkzeug", "starlette")


class Work:
    """A delivery that a handler works on, and nobody records."""

    __slots__ = ()

    def answering(self, response: object) -> None:
        """A response has begun, or is about to be sent, of which ``leave`` is not told."""

    def failed(self, error: BaseException) -> None:
        """The handler has raised."""

    def leave(self, response: object = None) -> None:
        """It is over, with what the handler has returned: in most frameworks a response, which knows its status."""


UNRECORDED = Work()


class RecordedWork(Work):
    """One attempt at a message: its span, which is the current one until ``leave``, and how long it took."""

    __slots__ = ("_begun_at", "_entered", "_error", "_few", "_span", "_status", "_telemetry")

    def __init__(self, recorder: "Telemetry", delivery: Delivery, head: Head, route: str | None) -> None:
        url = urlsplit(delivery.claims.sub)
        host = url.netloc.rpartition("@")[2]
        template = task_of(delivery.claims.sub) or route
        self._few: dict[str, str] = {**_COMMON, **({} if template is None else _template(template))}
        told = {
            "messaging.message.id": delivery.message_id,
            "messaging.qstash.retried": delivery.retried,
            "messaging.qstash.schedule_id": delivery.schedule_id,
            "messaging.qstash.url_group": delivery.url_group,
        }
        names = recorder.headers_known()
        carried = {name: value for name, value in zip(names, head.headers(names), strict=True) if value}
        self._telemetry = recorder
        self._span = recorder.begin(
            f"process {template or host}",
            "CONSUMER",
            {
                **self._few,
                "messaging.destination.name": f"{url.scheme}://{host}{url.path}",
                "messaging.message.body.size": len(delivery.body),
                **{name: value for name, value in told.items() if value is not None},
            },
            recorder.links_to([carried]),
        )
        self._begun_at = time.perf_counter()
        self._entered: Token[Any] | None = None
        self._error: BaseException | None = None
        self._status: int | None = None

    def enter(self) -> "RecordedWork":
        self._entered = self._telemetry.enter(self._span)
        return self

    def answering(self, response: object) -> None:
        self._status = _status_of(response)

    def failed(self, error: BaseException) -> None:
        if self._status is None and _is_answer(error):
            self._status = getattr(error, "status_code", None) or getattr(error, "code", None)
        elif self._error is None:
            self._error = error

    def leave(self, response: object = None) -> None:
        """One error at most is recorded; of a signal to QStash the one behind it."""
        error, self._error = self._error, None
        try:
            if self._status is None:
                self._status = _status_of(response)
            kind = self._kind(error)
            if kind is not None:
                cause = error.__cause__ if isinstance(error, NonRetryable | RetryAfter) else error
                self._telemetry.fail(self._span, kind, cause if isinstance(cause, Exception) else None)
            few = self._few if kind is None else {**self._few, "error.type": kind}
            self._telemetry.processed.record(time.perf_counter() - self._begun_at, few)
        finally:
            # Also when an answer fails to tell its status: the thread's next request may be anybody's.
            if self._entered is not None:
                self._telemetry.leave(self._entered)
            self._span.end()

    def end_as_duplicate(self, status: int) -> None:
        """The handler was not called."""
        state = _DUPLICATES.get(status)
        if state is None:
            self._telemetry.fail(self._span, str(status))
        else:
            self._span.set_attribute("messaging.qstash.duplicate", state)
        self._span.end()

    def _kind(self, error: BaseException | None) -> str | None:
        if error is not None:
            return type(error).__qualname__
        # Whatever else it is, to QStash the attempt has failed.
        return None if self._status is None or 200 <= self._status < 300 else str(self._status)


def begin(otel: str, delivery: Delivery, head: Head, route: Callable[[], str | None]) -> Work:
    """The work that a delivery is, current from now on; unrecorded if a layer further out records it already."""
    recorder = None if otel == OFF else telemetry()
    if recorder is None or _is_recorded(delivery):
        return UNRECORDED
    return RecordedWork(recorder, delivery, head, route()).enter()


def record_duplicate(otel: str, delivery: Delivery, head: Head, route: Callable[[], str | None], status: int) -> None:
    """A delivery that was answered in the handler's place; a replay is a rejection, and has no span."""
    recorder = None if otel == OFF or status == 401 else telemetry()
    if recorder is not None:
        RecordedWork(recorder, delivery, head, route()).end_as_duplicate(status)


def count_rejection(otel: str, reason: str) -> None:
    """One request that was turned away."""
    recorder = None if otel == OFF else telemetry()
    if recorder is not None:
        recorder.rejected.add(1, {"messaging.system": "qstash", "error.type": reason})


def _is_recorded(delivery: Delivery) -> bool:
    outer = found()
    return outer is not None and outer.claims == delivery.claims


def _template(template: str) -> dict[str, str]:
    return {"messaging.destination.template": template}


def _is_answer(error: BaseException) -> bool:
    """Whether frameworks answer it as the handler's wish."""
    return any(
        kind.__name__ == "HTTPException" and kind.__module__.partition(".")[0] in _ANSWERS
        for kind in type(error).__mro__
    )


def _status_of(response: Any) -> int | None:
    """Flask takes a status beside the body; an ASGI app has sent one; whatever else has none is answered 200."""
    if response is None or isinstance(response, int):  # such as an HTTPStatus
        return response
    if isinstance(response, tuple):
        parts: Sequence[Any] = [*response]
        status = parts[1] if len(parts) > 1 else None
        return status if isinstance(status, int) else _status_of(parts[0]) if parts else None
    for name in ("status_code", "status"):
        status = getattr(response, name, None)
        if isinstance(status, int):
            return status
    return None
