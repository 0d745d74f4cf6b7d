"""Verification in front of any ASGI app, with no framework in between.

``app.add_middleware(QStashMiddleware)`` in Starlette and FastAPI, ``QStashMiddleware(app)`` around anything else. The
other ASGI adapters are made of ``protect``, the ten steps of which are the whole of it.

Spec: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, Unpack

from ._core.errors import ConfigurationError, NonRetryable, RetryAfter
from ._core.receiving.answers import BODY_TIMED_OUT, Answer, answer_signal
from ._core.receiving.delivery import Delivery
from ._core.receiving.guard import Admission, Guard, GuardOptions
from ._core.receiving.head import head_of_scope
from ._core.receiving.once import Turn
from ._core.receiving.options import guard_from_settings
from ._core.receiving.paths import Protected

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

DELIVERY = "qstash_delivery"
CLAIMED = "qstash_integrations.claimed"

_BODIES = ("http.response.body", "http.response.zerocopysend", "http.response.pathsend")


class QStashMiddleware:
    """Lets only requests through that QStash signed; the app finds them at ``request.state.qstash_delivery``.

    Protects everything: put it around a sub-app, or into ``Mount(..., middleware=[...])``, and the router decides what
    that is. ``exclude`` lists exact paths that stay open, each as the server hands it over; behind a server's root path
    also as it is without. ``prefix="/hooks"`` protects what some router could take for that path or one below, and so
    ``/api/hooks``, ``/HOOKS`` and ``/webhooks`` as well: a mount may take off what stands before. WebSockets in the
    protected part are closed with 1008. A path that could match nothing is a ConfigurationError. With wrong settings
    the app does not start: ``lifespan.startup.failed``, or ConfigurationError at every request where the server has no
    lifespan.
    """

    def __init__(
        self, app: ASGIApp, *, prefix: str = "/", exclude: Sequence[str] = (), **options: Unpack[GuardOptions]
    ) -> None:
        self._app = app
        self._protected = Protected(prefix, exclude)
        self.qstash_guard = guard_from_settings(options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "lifespan":
                await self._lifespan(scope, receive, send)
            case "http" | "websocket" if not self._protected.covers(scope):
                await self._app(scope, receive, send)
            case "http":
                await protect(self.qstash_guard(), scope, receive, send, self._app)
            case "websocket":
                await send({"type": "websocket.close", "code": 1008})
            case other:
                raise RuntimeError(f"QStashMiddleware cannot check a connection of type {other!r}, so it refuses it")

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self.qstash_guard()
        except ConfigurationError as error:
            await receive()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            # As Starlette does: its TestClient would take a quiet end for a start.
            raise
        await self._app(scope, receive, send)


async def protect(guard: Guard, scope: Scope, receive: Receive, send: Send, app: ASGIApp) -> None:
    """Call ``app`` for a genuine request, answer any other one, answer what the app raises to steer QStash."""
    delivery = await deliver(guard, scope, receive)
    if not isinstance(delivery, Delivery):
        await reply(delivery, scope, send)
        return
    turn = await guard.once.abegin(delivery, scope["method"], scope.get(CLAIMED))
    if isinstance(turn, Answer):
        await reply(turn, scope, send)
        return
    watched = Watched(send, turn)
    try:
        running = app(with_delivery(scope, delivery, turn), replay(delivery.body, receive), watched)
        del delivery  # error trackers print the locals of raising frames
        await running
    except (NonRetryable, RetryAfter) as signal:
        if watched.status:
            raise
        await reply(answer_signal(signal), scope, watched)
    finally:
        await turn.aend(None)  # of no effect once the response was complete


async def deliver(guard: Guard, scope: Scope, receive: Receive) -> Delivery | Answer | None:
    """Verify the head, then read and verify the body. None: the client left before it had sent its body."""
    head = head_of_scope(scope)
    if guard.prepare:
        await guard.prepare(head.signature)
    admission = guard.admit(head)
    return admission if isinstance(admission, Answer) else await _read_in_time(admission, receive, guard.body_timeout)


def with_delivery(scope: Scope, delivery: Delivery, turn: Turn) -> Scope:
    """A copy of the scope that carries the delivery, and what was claimed; the server's own is left alone."""
    return {**scope, "state": {**scope.get("state", {}), DELIVERY: delivery}, CLAIMED: turn.claimed}


def replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives the body once and is the real one from then on.

    Giving the body again makes a waiting app spin; inventing a disconnect cuts streaming responses short.
    """
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again


class Watched:
    """A ``send`` that keeps the status, and ends the turn with the last part of the response."""

    def __init__(self, send: Send, turn: Turn) -> None:
        self.status: int | None = None
        self._send = send
        self._turn = turn

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)
        if message["type"] in _BODIES and not message.get("more_body", False):
            await self._turn.aend(self.status)


async def reply(answer: Answer | None, scope: Scope, send: Send) -> None:
    """Send an answer; nobody waits for None."""
    if answer is None:
        return
    headers = [(name.encode(), value.encode()) for name, value in answer.headers]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    # A client that has gone away is no error of the app.
    with suppress(OSError):
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})


async def _read_in_time(admission: Admission, receive: Receive, seconds: float) -> Delivery | Answer | None:
    if not _in_asyncio():
        from anyio import move_on_after

        with move_on_after(seconds):
            return await _read(admission, receive)
        return BODY_TIMED_OUT
    # At half the cost of anyio's, which would be as much as that of the signature.
    timeout = asyncio.timeout(seconds)
    try:
        async with timeout:
            return await _read(admission, receive)
    except TimeoutError:
        if not timeout.expired():
            raise
    return BODY_TIMED_OUT


def _in_asyncio() -> bool:
    """Rather than in trio, which may be a guest of an asyncio loop and is in none of its tasks then."""
    try:
        return asyncio.current_task() is not None
    except RuntimeError:
        return False


async def _read(admission: Admission, receive: Receive) -> Delivery | Answer | None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        if refusal := admission.feed(message.get("body", b"")):
            return refusal
        if not message.get("more_body", False):
            return admission.finish()
