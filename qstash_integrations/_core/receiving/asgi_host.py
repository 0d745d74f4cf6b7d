"""How ASGI gives a head and a body, takes an answer, and where the delivery goes: ``request.state.qstash_delivery``.

No frame here holds the scope, which has the token, or a body while the app runs: error trackers print the locals of
raising frames.

Spec: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from io import BytesIO
from typing import Any, TypeAlias, cast

from ..errors import NonRetryable, RetryAfter
from .answers import Answer, answer_signal
from .delivery import found, hide, show
from .guard import Guard
from .head import Head, head_of_scope
from .in_time import in_time
from .once import Claimed, Turn

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

DELIVERY = "qstash_delivery"
CLAIMED = "qstash_integrations.claimed"

LARGEST_HELD = 64 * 1024  # bytes
PATIENCE = 2.0  # seconds; a head and the first part of its body come together
_MORE = object()
_LAST_PARTS = ("http.response.body", "http.response.zerocopysend", "http.response.pathsend")


class AsgiHost:
    """One request to an ASGI app; the turn ends with the last part of the response."""

    __slots__ = ("_app", "_receive", "_scope", "_send", "_sending")

    def __init__(self, scope: Scope, receive: Receive, send: Send, app: ASGIApp) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._app = app
        self._sending: Sending | None = None

    @property
    def claimed(self) -> Claimed | None:
        return self._scope.get(CLAIMED)

    def head(self) -> Head:
        return head_of_scope(self._scope)

    def route(self) -> str | None:
        return route_of(self._scope)

    def read(self, guard: Guard, head: Head) -> Awaitable[bytes | Answer | None]:
        return read_body(guard, head, self._receive)

    async def answer(self, answer: Answer | None) -> None:
        if answer is not None:  # else nobody waits for one
            await reply(answer, self._scope["method"], self._send)

    async def run(self, turn: Turn) -> int | None:
        """The status that the app has sent."""
        inner = with_delivery(self._scope, turn)
        sending = self._sending = Sending(self._send, turn, inner, holds_errors=True)
        running = self._app(inner, replay(turn.delivery.body, self._receive), sending)
        del inner
        try:
            await running
        except (NonRetryable, RetryAfter):
            raise
        except BaseException:
            # An HTTPException that comes now answers nothing.
            turn.work.answering(sending.status)
            await sending.send_error()
            raise
        if sending.is_held or turn.is_claimed:
            await sending.finish()
        return sending.status

    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> None:
        if self._sending is not None and self._sending.has_begun:
            raise signal
        await reply(answer_signal(signal), self._scope["method"], Sending(self._send, turn, {}))
        await turn.aend(None)  # of no effect once it was sent


class Sending:
    """A ``send`` that ends the turn with the last part of the response, once that was sent.

    Where FastAPI will run exit code of ``yield`` dependencies after the response, the response is held until the app
    has returned: a commit that fails there would have been answered 200. What is larger than 64 KiB is sent, and its
    turn ends when the app has returned.

    With ``holds_errors`` a 5xx is held as well: what Starlette answers an exception before it raises that again, which
    may be a signal that has an answer of its own.
    """

    __slots__ = (
        "_held",
        "_holds_errors",
        "_is_complete",
        "_is_error",
        "_scope",
        "_send",
        "_size",
        "_turn",
        "has_begun",
        "is_held",
        "status",
    )

    def __init__(self, send: Send, turn: Turn, scope: Scope, *, holds_errors: bool = False) -> None:
        self.has_begun = False
        self.is_held = False
        self._holds_errors = holds_errors
        self._send = send
        self._turn = turn
        self._scope = scope
        self.status: int | None = None
        """None until the response begins."""
        self._is_complete = False
        self._is_error = False
        self._held: list[Message] = []
        self._size = 0  # bytes of the body, as far as it is held

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = status = message["status"]
            self._is_error = self._holds_errors and status >= 500
            self.is_held = self._is_error or has_exit_code(self._scope)
        if self.is_held:
            return self._hold(message)
        self.has_begun = True
        # Most turns need no end, and what they send no coroutine of ours.
        return self._send_and_end(message) if self._turn.is_claimed else self._send(message)

    async def finish(self) -> None:
        """The app has returned, and nothing in it can fail any more."""
        await self._send_held()
        await self._turn.aend(self.status if self._is_complete else None)

    async def send_error(self) -> None:
        """The app has failed, and nobody else answers for it: so does what it has sent itself."""
        if self._is_error:
            await self._send_held()

    async def _hold(self, message: Message) -> None:
        self._size += len(message.get("body", b""))
        self._held.append(message)
        is_last = _is_last(message)
        del message  # error trackers print the locals of frames
        if self._size > LARGEST_HELD:
            await self._send_held()
        self._is_complete = self._is_complete or is_last

    async def _send_and_end(self, message: Message) -> None:
        sending, is_last = self._send(message), _is_last(message)
        del message  # as above
        await sending
        if is_last:
            self._is_complete = True
            await self._turn.aend(self.status)

    async def _send_held(self) -> None:
        while self._held:
            self.has_begun = True
            await self._send(self._held.pop(0))


def _is_last(message: Message) -> bool:
    return message["type"] in _LAST_PARTS and not message.get("more_body", False)


def has_exit_code(scope: Scope) -> bool:
    """Whether FastAPI will run some of ``yield`` dependencies after the response."""
    # A stack has no public way to ask whether it is empty.
    return "fastapi_inner_astack" in scope and bool(getattr(scope["fastapi_inner_astack"], "_exit_callbacks", True))


async def read_body(guard: Guard, head: Head, receive: Receive, *, patience: float = PATIENCE) -> bytes | Answer | None:
    """The whole body, within the limits of size and time; None when the client left before.

    Seconds of ``patience`` for its first part: ASGI gives a body once, and whoever asks after somebody ahead has read
    it waits for a client that has nothing left to send.
    """
    arriving = _Arriving(guard, head)
    begun = time.monotonic()
    late = arriving.nothing_came if patience < guard.body_timeout else arriving.too_late
    body = await in_time(arriving.part(receive), min(patience, guard.body_timeout), late)
    if body is _MORE:
        left = guard.body_timeout - (time.monotonic() - begun)
        body = await in_time(arriving.rest(receive), left, arriving.too_late)
    return cast("bytes | Answer | None", body)


class _Arriving:
    """A body that arrives, in no variable of a frame that waits for more of it."""

    __slots__ = ("_guard", "_head", "_read")

    def __init__(self, guard: Guard, head: Head) -> None:
        self._guard = guard
        self._head = head
        self._read: BytesIO | None = None

    async def part(self, receive: Receive) -> object:
        """The body, once it is whole; until then _MORE."""
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body, more = message.get("body", b""), message.get("more_body", False)
        # Complete with the announced length: some servers tell the end apart, in a message that must be waited for.
        if self._read is None:
            if not more or len(body) == self._head.content_length:
                return body
            self._read = BytesIO()
        if self._read.tell() + len(body) > self._guard.max_body_size:
            return self._guard.too_large(self._head)
        self._read.write(body)
        return _MORE if more and self._read.tell() != self._head.content_length else self._read.getvalue()

    async def rest(self, receive: Receive) -> object:
        while (body := await self.part(receive)) is _MORE:
            pass
        return body

    def nothing_came(self) -> Answer:
        return self._guard.taken(
            self._head, f"nothing of the body came within {PATIENCE:g} seconds: it was read ahead, or the sender stalls"
        )

    def too_late(self) -> Answer:
        return self._guard.too_late(self._head)


def with_delivery(scope: Scope, turn: Turn) -> Scope:
    """A copy of the scope that carries the delivery, and what was claimed; the server's own is left alone."""
    marked = {**scope, "state": {**state_of(scope), DELIVERY: turn.delivery}}
    if turn.claimed is not None:
        marked[CLAIMED] = turn.claimed
    return marked


def route_of(scope: Scope) -> str | None:
    """The path of the route that Starlette or FastAPI has found, with what it is mounted below."""
    # Newer versions of FastAPI keep an included route as it is, and what it has become there beside it.
    of_fastapi: Mapping[str, Any] = scope.get("fastapi") or {}
    included = of_fastapi.get("effective_route_context")
    path = getattr(included or scope.get("route"), "path", None)
    if not isinstance(path, str):
        return None
    # Starlette's Mount puts the mounted path into root_path, and what the server said into app_root_path.
    mounted: str = scope.get("root_path", "")
    return mounted.removeprefix(scope.get("app_root_path", mounted)) + path


def state_of(scope: Scope) -> dict[str, Any]:
    """The request's state: not every server gives each one, and some give None."""
    state: dict[str, Any] | None = scope.get("state")
    return state or {}


def alone(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    """Call an app for a request that is not verified here: the handler that makes it in process lends it nothing."""
    outer = found()
    running = app(scope, receive, send)
    if outer is None or state_of(scope).get(DELIVERY) is outer:
        return running
    return _alone(running)


async def _alone(running: Awaitable[None]) -> None:
    token = show(None)
    try:
        await running
    finally:
        hide(token)


def replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives the body once and is the real one from then on, less what that may still have of a body.

    Giving the body again makes a waiting app spin; inventing a disconnect cuts streaming responses short. Whatever else
    came would be bytes that nobody has verified.
    """
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    is_over = False

    async def receive_again() -> Message:
        nonlocal is_over
        if messages:
            return messages.pop()
        while (message := await receive())["type"] == "http.request":
            # Some bridges give the end of the body whenever they are asked, and wait for nothing.
            if is_over:
                return {"type": "http.request", "body": b"", "more_body": False}
            is_over = not message.get("more_body", False)
        return message

    return receive_again


async def reply(answer: Answer, method: str, send: Send) -> None:
    headers = [(name.encode(), value.encode()) for name, value in answer.headers]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    # A client that has gone away is no error of the app.
    with suppress(OSError):
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})
