"""Faults that an adapter could have, planted in those of ``throwaway.py``: each is a change of one step.

``test_mutants.py`` says which case notices what.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from functools import partial
from typing import Any

import anyio.lowlevel
from starlette.responses import Response

from qstash_integrations import Delivery
from qstash_integrations._core.errors import ConfigurationError, NonRetryable, RetryAfter
from qstash_integrations._core.receiving.answers import STORE_UNAVAILABLE, Answer, answer_signal
from qstash_integrations._core.receiving.asgi_host import CLAIMED, DELIVERY, read_body, replay, reply, with_delivery
from qstash_integrations._core.receiving.delivery import show
from qstash_integrations._core.receiving.guard import Guard
from qstash_integrations._core.receiving.head import Head, head_of_scope
from qstash_integrations._core.receiving.in_time import in_time
from qstash_integrations._core.receiving.once import Turn
from qstash_integrations._core.receiving.options import Wanted, guard_from_settings
from tests.contract.throwaway import Adapter, Endpoint

first_made: dict[Any, Any] = {}
kept: list[Turn] = []
shown_last: list[Delivery] = []


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


class StartsWithoutSettings(Adapter):
    def start(self, made: Callable[[], Any]) -> None:
        """Nothing."""


class LetsInWithoutSettings(Adapter):
    async def handle(self, made: Callable[[], Any]) -> None:
        try:
            await super().handle(made)
        except ConfigurationError:
            await self.app({**self.scope, "state": {DELIVERY: None}}, self.receive, self.send)


class KeepsTheFirstSettings(Adapter):
    async def handle(self, made: Callable[[], Any]) -> None:
        first = first_made.setdefault(made, made())
        await super().handle(lambda: first)


class LogsTheToken(Adapter):
    def head(self) -> Head:
        head = super().head()
        logging.getLogger("an adapter").debug("asked with %s", head.signature)
        return head


class LogsTheBody(Adapter):
    async def run(self, turn: Turn) -> None:
        logging.getLogger("an adapter").debug("given %r", turn.delivery)
        logging.getLogger("an adapter").debug("given %r", turn.delivery.body)
        await super().run(turn)


class LetsOptionsThrough(Adapter):
    async def handle(self, made: Callable[[], Any]) -> None:
        if self.scope.get("method") == "OPTIONS":
            await reply(Answer(204, (), b""), "OPTIONS", self.send)
        else:
            await super().handle(made)


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
        guard = guard_from_settings(Wanted.taken_from({"receiver": given._receiver, "public_url": origin}))
        await super().handle(guard)


class DecodesTheTarget(Adapter):
    def head(self) -> Head:
        return head_of_scope({**self.scope, "raw_path": None})


class DropsTheQuery(Adapter):
    def head(self) -> Head:
        return head_of_scope({**self.scope, "query_string": b""})


class ForgetsTheMount(Adapter):
    def head(self) -> Head:
        return head_of_scope({**self.scope, "root_path": ""})


class TakesUnderscores(Adapter):
    def head(self) -> Head:
        lines = [(name.replace(b"_", b"-"), value) for name, value in self.scope["headers"]]
        return head_of_scope({**self.scope, "headers": lines})


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


class ReadsAgainWhatWasRead(Endpoint):
    async def read(self, guard: Guard, head: Head) -> bytes | Answer | None:
        vars(self.request).pop("_body", None)
        return await super().read(guard, head)


class WaitsForWhatWasTaken(Endpoint):
    async def read(self, guard: Guard, head: Head) -> bytes | Answer | None:
        return await read_body(guard, head, self.request.receive)


class TakesWhatWasTakenForEmpty(Endpoint):
    def taken(self, guard: Guard, head: Head) -> bytes | Answer:
        return b""


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
        await self.app({**self.scope, "state": {DELIVERY: None}}, replay(b"", self.receive), self.send)


class SharesTheDelivery(Adapter):
    latest: Any = None

    def inner(self, turn: Turn) -> Any:
        return with_delivery(self.scope, type(self).latest)

    async def run(self, turn: Turn) -> None:
        type(self).latest = turn
        await anyio.lowlevel.checkpoint()
        await super().run(turn)


class RunsInAContextOfItsOwn(Adapter):
    async def run(self, turn: Turn) -> None:
        await asyncio.create_task(super().run(turn), context=Context())


class LeavesTheDelivery(Adapter):
    async def handle(self, made: Callable[[], Any]) -> None:
        await super().handle(made)
        show(shown_last[0])

    async def run(self, turn: Turn) -> None:
        shown_last[:] = [turn.delivery]
        await super().run(turn)


class ShowsNothingInTheStream(Endpoint):
    def while_sending(self, turn: Turn) -> None:
        """Nothing."""


class IgnoresTheStore(Adapter):
    async def handle(self, made: Callable[[], Any]) -> None:
        await super().handle(lambda: Partial(made(), once=None))


class RunsWithoutTheStore(Adapter):
    async def handle(self, made: Callable[[], Any]) -> None:
        guard = made()

        async def begin(delivery: Delivery, *arguments: Any) -> Any:
            turn = await guard.once.abegin(delivery, *arguments)
            return Turn(delivery) if turn == STORE_UNAVAILABLE else turn

        await super().handle(lambda: Partial(guard, once=guard.once and Partial(guard.once, abegin=begin)))


class ClaimsBeforeTheHash(Adapter):
    async def handle(self, made: Callable[[], Any]) -> None:
        guard, turns = made(), []

        def deliver(claims: Any, body: bytes, head: Head) -> Any:
            turns.append(guard.once.begin(_delivery(claims, body, head), head.method))
            kept.extend(turns)
            return guard.deliver(claims, body, head)

        async def begin(*arguments: Any) -> Any:
            return turns.pop()

        await super().handle(lambda: Partial(guard, deliver=deliver, once=Partial(guard.once, abegin=begin)))


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


class DoneWhenReturned(Endpoint):
    async def run(self, turn: Turn) -> Response:
        response = await super().run(turn)
        await turn.aend(response.status_code)
        return response


class TakesALostClientForServed(Adapter):
    async def run(self, turn: Turn) -> None:
        send = self.send

        async def send_quietly(message: Any) -> None:
            with suppress(OSError):
                await send(message)

        self.send = send_quietly
        await super().run(turn)


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


async def _end_if_done(turn: Turn, status: int | None) -> None:
    if status == 200:
        await turn.aend(status)


class SwallowsSignals(Adapter):
    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> None:
        await reply(Answer(200, (), b""), self.scope["method"], self.send)


class PassesSignalsOn(Adapter):
    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> None:
        raise signal


class SignalsHeadWithABody(Adapter):
    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> None:
        await reply(answer_signal(signal), "GET", self.send)


class SignalsAndForgetsTheTurn(Adapter):
    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> None:
        await reply(answer_signal(signal), self.scope["method"], self.send)


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
