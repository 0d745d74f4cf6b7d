"""Two small adapters on nothing but the seam, of which every step can be changed: ``mutants.py`` does.

``Adapter`` is for bare ASGI, as middleware is; ``Endpoint`` gives its response away, as decorators of endpoints do.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response

from qstash_integrations._core.errors import NonRetryable, RetryAfter
from qstash_integrations._core.receiving.admission import ahandle
from qstash_integrations._core.receiving.answers import Answer, answer_signal
from qstash_integrations._core.receiving.asgi_host import CLAIMED, Sending, read_body, replay, reply, with_delivery
from qstash_integrations._core.receiving.delivery import Delivery, hide, show
from qstash_integrations._core.receiving.guard import Guard
from qstash_integrations._core.receiving.head import Head, head_of_scope
from qstash_integrations._core.receiving.once import Claimed, Turn
from qstash_integrations._core.receiving.options import Wanted, guard_from_settings
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
        if self.scope["type"] == "lifespan":
            self.start(made)
        else:
            await ahandle(made, self)

    def start(self, made: Callable[[], Any]) -> None:
        made()

    @property
    def claimed(self) -> Claimed | None:
        return self.scope.get(CLAIMED)  # type: ignore[no-any-return]

    def head(self) -> Head:
        return head_of_scope(self.scope)

    def route(self) -> str | None:
        return None

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


class Endpoint:
    """One request to an endpoint of Starlette."""

    def __init__(self, endpoint: Any, request: StarletteRequest) -> None:
        self.endpoint, self.request = endpoint, request

    async def handle(self, made: Callable[[], Any]) -> Response:
        return await ahandle(made, self)

    @property
    def claimed(self) -> Claimed | None:
        return self.request.scope.get(CLAIMED)

    def route(self) -> str | None:
        return None

    def head(self) -> Head:
        return head_of_scope(self.request.scope)

    async def read(self, guard: Guard, head: Head) -> bytes | Answer | None:
        if hasattr(self.request, "_body"):
            return self.request._body
        if self.request._stream_consumed:
            return self.taken(guard, head)
        return await read_body(guard, head, self.request.receive)

    def taken(self, guard: Guard, head: Head) -> bytes | Answer:
        return guard.taken(head)

    async def answer(self, answer: Answer | None) -> Response:
        status, headers, body = answer or Answer(400, (), b"")
        return Response(body, status, dict(headers))

    async def run(self, turn: Turn) -> Response:
        scope = with_delivery(self.request.scope, turn)
        response = await self.endpoint(StarletteRequest(scope, replay(turn.delivery.body, self.request.receive)))
        return Ending(response, turn, self.while_sending(turn))

    def while_sending(self, turn: Turn) -> Delivery | None:
        return turn.delivery

    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> Response:
        return Ending(await self.answer(answer_signal(signal)), turn)


class Ending(Response):
    """A response with which a turn ends."""

    def __init__(self, response: Response, turn: Turn, shown: Delivery | None = None) -> None:
        self.response, self.turn, self.shown = response, turn, shown
        self.status_code = response.status_code

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        shown = show(self.shown)
        await self.response(scope, receive, send)
        hide(shown)
        await self.turn.aend(self.status_code)


def harness_of(kind: type[Adapter] | type[Endpoint]) -> Harness:
    def verify(**options: Any) -> Callable[[Any], Any]:
        guard = guard_from_settings(Wanted.taken_from(options))

        def around(inner: Any) -> Any:
            async def verified(*given: Any) -> Any:
                return await kind(inner, *given).handle(guard)

            return verified

        return around

    build = asgi_apps.bare if issubclass(kind, Adapter) else asgi_apps.starlette
    return Harness(partial(build, verify=verify), asgi_apps.start, _exchange, asgi=True, parses=False)


async def _exchange(app: Any, request: Request) -> Received:
    """Who waits for ever fails after a second."""
    with anyio.fail_after(1):
        return await asgi_exchange(app, request)
