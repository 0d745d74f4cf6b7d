"""The one way in: from the head of a request to the handler's turn, and what becomes of that.

An adapter is a host. It says how its framework gives a head and a body, takes an answer, and runs the handler; the
order of these, and what may not be forgotten between them, stands here and nowhere else, once for threads and once for
event loops. No frame of this module holds a token, a body or a delivery while a handler runs: error trackers print the
locals of raising frames.

Spec: https://upstash.com/docs/qstash/howto/signature and https://upstash.com/docs/qstash/features/retry
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from ..errors import NonRetryable, RetryAfter
from .answers import Answer
from .delivery import hide, show
from .guard import Guard
from .head import Head
from .once import Claimed, Turn
from .recording import begin, record_duplicate

R_co = TypeVar("R_co", covariant=True)
R = TypeVar("R")


class Guest(Protocol):
    """A request, as far as it takes to admit it."""

    @property
    def claimed(self) -> Claimed | None:
        """What a layer further out says that it has claimed for this request."""
        ...

    def head(self) -> Head: ...

    def route(self) -> str | None:
        """The template of the path, such as ``/ship/{id}``, as far as the framework knows it by now."""
        ...


class Readable(Guest, Protocol):
    def read(self, guard: Guard, head: Head) -> bytes | Answer:
        """The whole body, at most a byte more than ``guard.max_body_size`` of it, or why there is none."""
        ...


class Host(Readable, Protocol[R_co]):
    """One request in a framework that runs handlers in threads."""

    def answer(self, answer: Answer) -> R_co: ...

    def run(self, turn: Turn) -> R_co:
        """Call the handler with ``turn.delivery``; see to it that the turn ends with the response."""
        ...

    def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> R_co:
        """Answer what the handler has raised; the turn ends with that."""
        ...


class AsyncHost(Guest, Protocol[R_co]):
    """``Host`` for event loops."""

    def read(self, guard: Guard, head: Head) -> Awaitable[bytes | Answer | None]:
        """As in ``Host``; None when the client left, and nobody waits for an answer."""
        ...

    async def answer(self, answer: Answer | None) -> R_co: ...
    async def run(self, turn: Turn) -> R_co: ...
    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> R_co: ...


def admit(made: Callable[[], Guard], host: Readable) -> Turn | Answer:
    """The handler's turn, for hosts that are called before the handler and not around it. Its work has begun."""
    guard, head = made(), host.head()
    claims = guard.admit(head)
    if isinstance(claims, Answer):
        return claims
    body = host.read(guard, head)
    if isinstance(body, Answer):
        return body
    delivery = guard.deliver(claims, body, head)
    if isinstance(delivery, Answer):
        return delivery
    turn = Turn(delivery) if guard.once is None else guard.once.begin(delivery, head.method, host.claimed)
    if isinstance(turn, Answer):
        record_duplicate(guard.otel, delivery, head, host.route, turn.status)
    else:
        turn.work = begin(guard.otel, delivery, head, host.route)
    return turn


def handle(made: Callable[[], Guard], host: Host[R]) -> R:
    """Run the handler for a genuine request, answer any other one, answer what the handler raises to steer QStash.

    ``current_delivery`` finds the delivery until this returns. What a host hands on to be run later, such as the stream
    of a response, has to show it again.
    """
    turn = admit(made, host)
    if isinstance(turn, Answer):
        return host.answer(turn)
    shown, response = show(turn.delivery), None
    try:
        try:
            response = host.run(turn)
        except (NonRetryable, RetryAfter) as signal:
            turn.work.failed(signal)
            response = host.steer(signal, turn)
        return response
    except BaseException as error:
        turn.work.failed(error)
        turn.end(None)
        raise
    finally:
        hide(shown)
        turn.work.leave(response)


async def ahandle(made: Callable[[], Guard], host: AsyncHost[R]) -> R:
    """``handle`` for event loops, in one piece: each further coroutine costs at every step of every request."""
    guard, head = made(), host.head()
    if guard.prepare:
        await guard.prepare(head.signature)
    claims = guard.admit(head)
    if isinstance(claims, Answer):
        return await host.answer(claims)
    body = await host.read(guard, head)
    if not isinstance(body, bytes):
        return await host.answer(body)
    delivery = guard.deliver(claims, body, head)
    if isinstance(delivery, Answer):
        return await host.answer(delivery)
    once = guard.once
    turn = Turn(delivery) if once is None else await once.abegin(delivery, head.method, host.claimed)
    if isinstance(turn, Answer):
        record_duplicate(guard.otel, delivery, head, host.route, turn.status)
        return await host.answer(turn)
    turn.work = begin(guard.otel, delivery, head, host.route)
    del body, claims, delivery
    shown, response = show(turn.delivery), None
    try:
        try:
            response = await host.run(turn)
        except (NonRetryable, RetryAfter) as signal:
            turn.work.failed(signal)
            response = await host.steer(signal, turn)
        return response
    except BaseException as error:
        turn.work.failed(error)
        await turn.aend(None)
        raise
    finally:
        hide(shown)
        turn.work.leave(response)
