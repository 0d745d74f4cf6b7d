"""How Django gives a head and a body, takes an answer, and where the delivery goes: ``request.qstash_delivery``.

``body_timeout`` has no effect here: the body is read by the server, whose own timeout counts.

Spec: https://docs.djangoproject.com/en/stable/ref/request-response/
"""

import inspect
from collections.abc import Callable
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse

from .._core.errors import NonRetryable, RetryAfter
from .._core.receiving.answers import Answer, answer_signal
from .._core.receiving.guard import Guard
from .._core.receiving.head import Head
from .._core.receiving.once import Claimed, Turn
from .body import head_of, read
from .response import end_when_committed, end_with_request, is_of_a_test, show_in_stream

_CLAIMED = "qstash_integrations.claimed"


class DjangoHost:
    """One request to a plain view."""

    __slots__ = ("_args", "_kwargs", "_request", "_seen", "_view")

    def __init__(
        self, view: Callable[..., Any], request: HttpRequest, seen: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._view = view
        self._request: Any = request
        self._seen = seen
        """What the view is called with: Django REST framework puts a request of its own around Django's."""
        self._args = args
        self._kwargs = kwargs

    @property
    def claimed(self) -> Claimed | None:
        """By a decorator further out, or by ASGI middleware."""
        scope: dict[str, Any] = getattr(self._request, "scope", {})
        return getattr(self._request, "_qstash_claimed", None) or scope.get(_CLAIMED)

    def head(self) -> Head:
        return head_of(self._request)

    def route(self) -> str | None:
        found = self._request.resolver_match
        if found is None:
            return None
        # The backend of django.tasks has one route for all of its tasks.
        task: str | None = found.kwargs.get("name") if found.app_names[-1:] == ["qstash"] else None
        return task or f"/{found.route}"

    def read(self, guard: Guard, head: Head) -> bytes | Answer:
        return read(self._request, head, guard)

    def answer(self, answer: Answer) -> HttpResponse:
        headers = {**dict(answer.headers), "content-length": str(len(answer.body))}
        return HttpResponse(
            b"" if self._request.method == "HEAD" else answer.body, status=answer.status, headers=headers
        )

    def let_in(self, turn: Turn) -> None:
        self._request.qstash_delivery = turn.delivery
        # For Django's cache middleware, which would answer strangers with the response, and the next message unhandled.
        self._request._cache_update_cache = False
        if turn.claimed is not None:
            self._request._qstash_claimed = turn.claimed
            end_with_request(self._request, turn)

    def run(self, turn: Turn) -> Any:
        self.let_in(turn)
        response = self.call()
        if turn.is_claimed:
            end_when_committed(response, turn)
        else:
            show_in_stream(response, turn)
        return response

    def call(self) -> Any:
        return self._view(self._seen, *self._args, **self._kwargs)

    def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> HttpResponse:
        """Leave nothing of what the view wrote: to the block around it, nothing was raised."""
        for connection in connections.all(initialized_only=True):
            # The outermost block of a TestCase is none of the app's.
            if connection.in_atomic_block and not is_of_a_test(connection.atomic_blocks[-1:]):
                connection.set_rollback(True)
        answer = answer_signal(signal)
        turn.end(answer.status)
        return self.answer(answer)


class AsyncDjangoHost:
    """One request to an ``async`` view. Django has read the body before; its transactions are those of a thread."""

    __slots__ = ("_host",)

    def __init__(self, host: DjangoHost) -> None:
        self._host = host

    @property
    def claimed(self) -> Claimed | None:
        return self._host.claimed

    def head(self) -> Head:
        return self._host.head()

    def route(self) -> str | None:
        return self._host.route()

    async def read(self, guard: Guard, head: Head) -> bytes | Answer:
        return self._host.read(guard, head)

    async def answer(self, answer: Answer | None) -> HttpResponse:
        return self._host.answer(cast("Answer", answer))

    async def run(self, turn: Turn) -> Any:
        self._host.let_in(turn)
        called = self._host.call()
        response = await called if inspect.isawaitable(called) else called
        if turn.is_claimed:
            await sync_to_async(end_when_committed)(response, turn)
        else:
            show_in_stream(response, turn)
        return response

    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> HttpResponse:
        return await sync_to_async(self._host.steer)(signal, turn)
