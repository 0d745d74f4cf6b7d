"""When the response of a view is complete: where Django closes it, having handed all of it to the server.

What the view returned may still be replaced, by middleware or by a transaction that cannot be committed, and what is
sent decides.

Spec: https://docs.djangoproject.com/en/stable/ref/request-response/#httpresponse-objects
"""

import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast
from weakref import ref

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from .._core.receiving.once import Claimed, Turn

_CLAIMED = "qstash_integrations.claimed"


def claimed(request: HttpRequest) -> Claimed | None:
    """What was claimed for this request by whoever verified it further out: a decorator, or ASGI middleware."""
    scope: dict[str, Any] = getattr(request, "scope", {})
    return getattr(request, "_qstash_claimed", None) or scope.get(_CLAIMED)


def let_in(request: HttpRequest, delivery: object, turn: Turn) -> Turn:
    """Leave the delivery where the view looks for it, and what was claimed where decorators further in do.

    The turn ends at the latest when Django closes the request, which it does with whatever response it has sent.
    """
    marked: Any = request
    marked.qstash_delivery = delivery
    # For Django's cache middleware, which would answer strangers with the response, and the next message unhandled.
    marked._cache_update_cache = False
    if not turn.open:
        return turn
    marked._qstash_claimed = turn.claimed
    this: Any = ref(request)
    close: Any = type(request).close

    def end_and_close() -> None:
        # Of no effect once the view's own response was closed.
        turn.end(_status_of(_closing()))
        close(this())

    marked.close = end_and_close
    return turn


def watch(response: Any, turn: Turn) -> Any:
    """End the turn when Django closes the view's response, if it does, and all of it was sent."""
    if not turn.open or not isinstance(response, HttpResponseBase):
        return response
    watched: Any = response
    stream = _Stream(watched.streaming_content, turn) if watched.streaming else None
    if stream is not None:
        watched.streaming_content = aiter(stream) if watched.is_async else iter(stream)
    # Nothing here refers to itself: what Django drops without closing it has to be gone at once.
    this: Any = ref(watched)
    kind = cast("Any", type(watched))
    close = kind.close

    def end_and_close() -> None:
        answered = this()
        turn.end(answered.status_code if stream is None or stream.complete else None)
        close(answered)

    watched.close = end_and_close
    return watched


def _closing() -> object:
    """The response that is closing the request: Django hands it to nobody, so it is looked up where it is at work."""
    frame = inspect.currentframe()
    for _ in range(2):
        frame = frame and frame.f_back
    return frame and frame.f_locals.get("self")


def _status_of(response: object) -> int | None:
    """None for a stream that is not the view's: nobody has seen whether it was complete."""
    if not isinstance(response, HttpResponseBase) or response.streaming:
        return None
    return response.status_code


class _Stream:
    """The parts of a streaming response; one that breaks off ends the turn there, for Django may not close it."""

    def __init__(self, parts: Any, turn: Turn) -> None:
        self.complete = False
        self._parts = parts
        self._turn = turn

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._parts
            self.complete = True
        finally:
            if not self.complete:
                self._turn.end(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._parts:
                yield part
            self.complete = True
        finally:
            if not self.complete:
                await self._turn.aend(None)
