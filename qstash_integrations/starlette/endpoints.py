"""Starlette: verified endpoints, and a publisher on the app that lives as long as the app does.

Verification of whole apps or of everything below a path is ``QStashMiddleware``.

Spec: https://www.starlette.io/endpoints/ and https://www.starlette.io/lifespan/
"""

import functools
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeVar, Unpack, cast, overload
from urllib.parse import quote

from starlette._utils import is_async_callable
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .._core.errors import NonRetryable, RetryAfter
from .._core.from_settings import FromSettings
from .._core.public_urls import join_public_url
from .._core.publishing.client import AsyncQStash
from .._core.receiving.answers import Answer, answer_signal
from .._core.receiving.delivery import Delivery
from .._core.receiving.guard import Guard, GuardOptions
from .._core.receiving.head import PATH
from .._core.receiving.once import Turn
from .._core.receiving.options import guard_from_settings
from .._core.settings import Settings
from ..asgi import CLAIMED, QStashMiddleware, Watched, deliver, protect, replay, with_delivery

__all__ = ["Publisher", "QStash", "QStashMiddleware", "verify_qstash"]

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

NOT_FOR_FASTAPI = (
    "verify_qstash is for Starlette endpoints, which take one request; FastAPI would read the body before it is "
    "verified: use APIRouter(route_class=qstash_integrations.fastapi.VerifiedRoute)"
)


class Publisher(AsyncQStash):
    """The publisher on the app: an ``AsyncQStash`` that also knows the app's own URLs."""

    app: Starlette

    def url_for(self, name: str, /, **path_params: Any) -> str:
        """The public URL of a route of this app: the first QSTASH_PUBLIC_URL, and the route's path.

        Raises ConfigurationError when no public URL is set, NoMatchFound for an unknown route.
        """
        path = str(self.app.url_path_for(name, **path_params))
        return join_public_url(Settings.load().public_url, quote(path, safe=PATH))


class QStash:
    """``QStash(app)`` puts a publisher on ``app.state.qstash`` and closes it when the app shuts down.

    The publisher is an ``AsyncQStash``, with ``.sync`` for plain ``def`` endpoints. Its settings are read at its first
    use, so that an app that only receives needs no token. What a verified endpoint lacks shows when the app starts:
    ``lifespan.startup.failed`` with the ConfigurationError.
    """

    def __init__(self, app: Starlette) -> None:
        if not isinstance(app, Starlette):
            raise TypeError(
                "qstash_integrations.starlette.QStash takes the app; the client that takes a token is "
                "qstash_integrations.QStash or qstash_integrations.AsyncQStash"
            )
        if hasattr(app.state, "qstash"):
            raise RuntimeError("this app has a publisher already: QStash(app) was called twice")
        publisher = Publisher.from_settings(Settings.load)
        publisher.app = app
        app.state.qstash = publisher
        run = app.router.lifespan_context

        @asynccontextmanager
        async def lifespan(running: Any) -> AsyncGenerator[Any]:
            for guard in _guards(app.routes):
                guard()
            try:
                async with run(running) as state:
                    yield state
            finally:
                await publisher.aclose()

        app.router.lifespan_context = lifespan


@overload
def verify_qstash(endpoint: Endpoint, /) -> Endpoint: ...
@overload
def verify_qstash(**options: Unpack[GuardOptions]) -> Callable[[Endpoint], Endpoint]: ...
def verify_qstash(endpoint: Any = None, /, **options: Unpack[GuardOptions]) -> Any:
    """Lets only requests through that QStash signed; they carry ``request.state.qstash_delivery``.

    For an endpoint function, plain or async, and for an ``HTTPEndpoint`` class, all methods of which it protects.
    """
    guard = guard_from_settings(options)
    if endpoint is None:
        return functools.partial(_verified, guard)
    return _verified(guard, endpoint)


def _verified(guard: FromSettings[Guard], endpoint: Any) -> Any:
    if inspect.isclass(endpoint) and issubclass(endpoint, HTTPEndpoint):
        return _verified_class(guard, endpoint)
    if not inspect.isroutine(endpoint) or len(_required(endpoint)) > 1:
        raise TypeError(NOT_FOR_FASTAPI)
    return _verified_function(guard, endpoint)


def _verified_class(guard: FromSettings[Guard], endpoint: type[HTTPEndpoint]) -> type[HTTPEndpoint]:
    class Verified(endpoint):  # type: ignore[misc,valid-type]
        async def dispatch(self) -> None:
            async def app(scope: Scope, receive: Receive, send: Send) -> None:
                # Anew, of the class that was called: a subclass has methods of its own.
                await super(Verified, type(self)(scope, receive, send)).dispatch()

            await protect(guard(), self.scope, self.receive, self.send, app)

    cast("Any", Verified).qstash_guard = guard
    return cast("type[HTTPEndpoint]", functools.update_wrapper(Verified, endpoint, updated=()))


def _verified_function(guard: FromSettings[Guard], endpoint: Callable[..., Any]) -> Callable[..., Awaitable[Response]]:
    call = endpoint if is_async_callable(endpoint) else functools.partial(run_in_threadpool, endpoint)

    @functools.wraps(endpoint)
    async def verified(*args: Any) -> Response:
        *bound, request = args
        made = guard()
        delivery = await deliver(made, request.scope, request.receive)
        if not isinstance(delivery, Delivery):
            return _response(delivery, request.method)
        turn = await made.once.abegin(delivery, request.method, request.scope.get(CLAIMED))
        if isinstance(turn, Answer):
            return _response(turn, request.method)
        scope, receive = with_delivery(request.scope, delivery, turn), replay(delivery.body, request.receive)
        # The send is for early hints and push promises.
        again = Request(scope, receive, request._send)  # pyright: ignore[reportPrivateUsage]
        try:
            response = cast(Response, await call(*bound, again))
        except (NonRetryable, RetryAfter) as signal:
            response = _response(answer_signal(signal), request.method)
        except BaseException:
            await turn.aend(None)
            raise
        return _Watched(response, turn) if turn.open else response

    # FastAPI inspects its endpoints when they are registered, Starlette never does.
    verified.__signature__ = _NoSignature()  # type: ignore[attr-defined]
    verified.qstash_guard = guard  # type: ignore[attr-defined]
    return verified


def _guards(routes: Iterable[Any]) -> Iterator[FromSettings[Guard]]:
    """The guards of all verified endpoints and mounts, those of mounted and included routers among them."""
    for route in routes:
        for holder in (route, getattr(route, "endpoint", None), getattr(route, "app", None)):
            guard = getattr(holder, "qstash_guard", None)
            if isinstance(guard, FromSettings):
                yield cast("FromSettings[Guard]", guard)
        # Newer versions of FastAPI keep an included router as it is.
        router = getattr(route, "original_router", route)
        yield from _guards(getattr(router, "routes", None) or ())


def _response(answer: Answer | None, method: str) -> Response:
    if answer is None:
        return _Silence()
    headers = {**dict(answer.headers), "content-length": str(len(answer.body))}
    return Response(b"" if method == "HEAD" else answer.body, answer.status, headers)


class _Watched(Response):
    """The endpoint's response, which ends the turn once it was sent."""

    __slots__ = ("_response", "_turn")

    def __init__(self, response: Response, turn: Turn) -> None:
        self._response = response
        self._turn = turn
        # Whatever decorators further out read or change is the response itself.
        self.__dict__ = response.__dict__

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._response(scope, receive, Watched(send, self._turn))
        finally:
            await self._turn.aend(None)


class _Silence(Response):
    """For a client that left before it had sent its body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        return


class _NoSignature:
    """Raises where FastAPI asks for the signature: called since Python 3.12, put into a TypeError before."""

    def __call__(self) -> NoReturn:
        raise TypeError(NOT_FOR_FASTAPI)

    def __repr__(self) -> str:
        return f"({NOT_FOR_FASTAPI})"


def _required(endpoint: Callable[..., Any]) -> list[inspect.Parameter]:
    parameters = inspect.signature(endpoint).parameters.values()
    return [parameter for parameter in parameters if parameter.default is parameter.empty and parameter.name != "self"]
