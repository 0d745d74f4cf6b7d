"""Faults that an adapter could have, planted in a small one: each is a change of one of its steps.

``Adapter`` is a whole adapter for bare ASGI on nothing but the seam. ``test_mutants.py`` says which case notices what.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel

from qstash_integrations import Delivery
from qstash_integrations._core.errors import NonRetryable, RetryAfter
from qstash_integrations._core.receiving.admission import ahandle
from qstash_integrations._core.receiving.answers import Answer, answer_signal
from qstash_integrations._core.receiving.asgi_host import CLAIMED, Sending, read_body, replay, reply, with_delivery
from qstash_integrations._core.receiving.guard import Guard
from qstash_integrations._core.receiving.head import Head, head_of_scope
from qstash_integrations._core.receiving.in_time import in_time
from qstash_integrations._core.receiving.once import Claimed, Turn
from qstash_integrations._core.receiving.options import guard_from_settings
from tests.contract import asgi_apps
from tests.contract.harnesses import Harness
from tests.hosts import Answer as Received
from tests.hosts import Request, asgi_exchange


class Adapter:
    """One request."""

    def __init__(self, app: Any, scope: Any, receive: Any, send: Any) -> None:
        self.app, self.scope, self.receive, self.send = app, scope, receive, send
        self.has_begun = False

    async def handle(self, made: Callable[[], Any]) -> None:
        await ahandle(made, self)

    @property
    def claimed(self) -> Claimed | None:
        return self.scope.get(CLAIMED)  # type: ignore[no-any-return]

    def head(self) -> Head:
        return head_of_scope(self.scope)

    def read(self, guard: Guard, head: Head) -> Awaitable[bytes | Answer | None]:
        return read_body(guard, head, self.receive)

    async def answer(self, answer: Answer | None) -> None:
        if answer is not None:
            await reply(answer, self.scope["method"], self.send)

    async def run(self, turn: Turn) -> None:
        status = 0
        done = False

        async def send(message: Any) -> None:
            nonlocal status, done
            status = message.get("status", status)
            done = message["type"] == "http.response.body" and not message.get("more_body", False)
            await self.before_sending(message, turn)
            self.has_begun = True
            await self.send(message)
            if done:
                await self.after_the_last_part(turn, status)

        await self.app(self.inner(turn), self.again(turn.delivery.body), send)
        await turn.aend(None)

    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> None:
        if self.has_begun:
            raise signal
        await reply(answer_signal(signal), self.scope["method"], Sending(self.send, turn, {}))

    async def before_sending(self, message: Any, turn: Turn) -> None:
        """Nothing."""

    async def after_the_last_part(self, turn: Turn, status: int) -> None:
        await turn.aend(status)

    def inner(self, turn: Turn) -> Any:
        return with_delivery(self.scope, turn)

    def again(self, body: bytes) -> Any:
        return replay(body, self.receive)


class Partial:
    """A guard, or its part, of which something is not asked."""

    def __init__(self, whole: Any, **instead: Any) -> None:
        self._whole = whole
        vars(self).update(instead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)


async def whole(receive: Any) -> bytes | None:
    """All of a body, without any limit."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


class ReadsBeforeAdmission(Adapter):
    async def handle(self, made: Callable[[], Any]) -> None:
        self.receive = replay(await whole(self.receive) or b"", self.receive)
        await super().handle(made)


class Unprepared(Adapter):
    async def handle(self, made: Callable[[], Any]) -> None:
        await super().handle(lambda: Partial(made(), prepare=None))


class AdmitsEverybody(Adapter):
    async def handle(self, made: Callable[[], Any]) -> None:
        await super().handle(lambda: Partial(made(), admit=_no_claims, deliver=_delivery))


class SkipsTheHash(Adapter):
    async def handle(self, made: Callable[[], Any]) -> None:
        await super().handle(lambda: Partial(made(), deliver=_delivery))


def _no_claims(head: Head) -> None:
    """Nobody has asked."""


def _delivery(claims: Any, body: bytes, head: Head) -> Delivery:
    return Delivery.of(claims, body, head.headers)


class BelievesTheHost(Adapter):
    async def handle(self, made: Callable[[], Any]) -> None:
        origin = f"https://{self.head().header('host')}"
        given = made()
        guard = guard_from_settings({"receiver": given._receiver, "public_url": origin})
        await super().handle(guard)


class DecodesTheTarget(Adapter):
    def head(self) -> Head:
        return head_of_scope({**self.scope, "raw_path": None})


class DropsTheQuery(Adapter):
    def head(self) -> Head:
        return head_of_scope({**self.scope, "query_string": b""})


class TakesTheFirstSignature(Adapter):
    def head(self) -> Head:
        return head_of_scope({**self.scope, "headers": list(dict(reversed(self.scope["headers"])).items())})


class ReadsWithoutEnd(Adapter):
    def read(self, guard: Guard, head: Head) -> Awaitable[bytes | Answer | None]:
        return in_time(whole(self.receive), guard.body_timeout, partial(guard.too_late, head))


class ReadsWithoutTimeout(Adapter):
    def read(self, guard: Guard, head: Head) -> Awaitable[bytes | Answer | None]:
        return whole(self.receive)


class TakesDisconnectForTheEnd(Adapter):
    def read(self, guard: Guard, head: Head) -> Awaitable[bytes | Answer | None]:
        async def receive() -> Any:
            message = await self.receive()
            return {"type": "http.request"} if message["type"] == "http.disconnect" else message

        return read_body(guard, head, receive)


class ReadsOneChunk(Adapter):
    async def read(self, guard: Guard, head: Head) -> bytes | Answer | None:
        return (await self.receive()).get("body", b"")  # type: ignore[no-any-return]


class GivesNoBody(Adapter):
    def again(self, body: bytes) -> Any:
        return self.receive


class GivesTheBodyTwice(Adapter):
    def again(self, body: bytes) -> Any:
        return replay(body * 2, self.receive)


class SaysWhy(Adapter):
    async def answer(self, answer: Answer | None) -> None:
        await super().answer(answer and answer._replace(body=b'{"error":"expired"}'))


class AnswersHeadWithABody(Adapter):
    async def answer(self, answer: Answer | None) -> None:
        if answer is not None:
            await reply(answer, "GET", self.send)


class AnswersWhoHasLeft(Adapter):
    async def answer(self, answer: Answer | None) -> None:
        await super().answer(answer or Answer(400, (), b""))


class RunsAllTheSame(Adapter):
    async def answer(self, answer: Answer | None) -> None:
        await self.app({**self.scope, "state": {"qstash_delivery": None}}, replay(b"", self.receive), self.send)


class SharesTheDelivery(Adapter):
    latest: Any = None

    def inner(self, turn: Turn) -> Any:
        return with_delivery(self.scope, type(self).latest)

    async def run(self, turn: Turn) -> None:
        type(self).latest = turn
        await anyio.lowlevel.checkpoint()
        await super().run(turn)


class IgnoresTheStore(Adapter):
    async def handle(self, made: Callable[[], Any]) -> None:
        await super().handle(lambda: Partial(made(), once=None))


class IgnoresWhatWasClaimed(Adapter):
    claimed = None


class DropsWhatItClaims(Adapter):
    def inner(self, turn: Turn) -> Any:
        inner = with_delivery(self.scope, turn)
        inner.pop(CLAIMED, None)
        return inner


class EndsBeforeItRuns(Adapter):
    async def run(self, turn: Turn) -> None:
        await turn.aend(200)
        await super().run(turn)


class DoneWithTheFirstPart(Adapter):
    async def before_sending(self, message: Any, turn: Turn) -> None:
        await turn.aend(message.get("status"))


class DoneBeforeItIsSent(Adapter):
    async def before_sending(self, message: Any, turn: Turn) -> None:
        if message["type"] == "http.response.body":
            await turn.aend(200)


class DoneWhateverTheStatus(Adapter):
    async def after_the_last_part(self, turn: Turn, status: int) -> None:
        await turn.aend(200)


class NeverDone(Adapter):
    async def after_the_last_part(self, turn: Turn, status: int) -> None:
        await turn.aend(None)


class DoneAfterAnException(Adapter):
    async def run(self, turn: Turn) -> None:
        try:
            await super().run(turn)
        except LookupError:
            await turn.aend(200)
            raise


class NeverReleased(Adapter):
    async def handle(self, made: Callable[[], Any]) -> None:
        guard = made()
        await super().handle(lambda: Partial(guard, once=guard.once and Partial(guard.once, abegin=self._begin(guard))))

    def _begin(self, guard: Guard) -> Any:
        async def begin(*arguments: Any) -> Any:
            turn = await guard.once.abegin(*arguments)  # type: ignore[union-attr]
            if isinstance(turn, Answer):
                return turn
            kept.append(turn)
            return Partial(turn, aend=partial(_end_if_done, turn))

        return begin


kept: list[Turn] = []


async def _end_if_done(turn: Turn, status: int | None) -> None:
    if status == 200:
        await turn.aend(status)


class SwallowsSignals(Adapter):
    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> None:
        await reply(Answer(200, (), b""), self.scope["method"], self.send)


class PassesSignalsOn(Adapter):
    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> None:
        raise signal


class AnswersTwice(Adapter):
    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> None:
        self.has_begun = False
        await super().steer(signal, turn)


class MakesAPageOfErrors(Adapter):
    async def run(self, turn: Turn) -> None:
        try:
            await super().run(turn)
        except LookupError:
            await reply(Answer(500, (), b""), self.scope["method"], self.send)


class RefersToItself(Adapter):
    async def run(self, turn: Turn) -> None:
        self.turn, self.itself = turn, self
        await super().run(turn)


def harness_of(adapter: type[Adapter]) -> Harness:
    def verify(**options: Any) -> Callable[[Any], Any]:
        guard = guard_from_settings(options)  # type: ignore[arg-type]

        def around(app: Any) -> Any:
            async def verified(scope: Any, receive: Any, send: Any) -> None:
                await adapter(app, scope, receive, send).handle(guard)

            return verified

        return around

    return Harness(partial(asgi_apps.bare, verify=verify), _exchange, asgi=True, parses=False, has_ahead=False)


async def _exchange(app: Any, request: Request) -> Received:
    """Who waits for ever fails after a second."""
    with anyio.fail_after(1):
        return await asgi_exchange(app, request)
