"""``verify_qstash`` for endpoints: functions, plain or async, and ``HTTPEndpoint`` classes.

Spec: https://www.starlette.io/endpoints/
"""

import functools
import inspect
from collections.abc import Awaitable, Callable
from copy import copy
from types import MappingProxyType
from typing import Any, TypeVar, Unpack, cast, overload

from starlette._utils import is_async_callable
from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import get_name
from starlette.types import Receive, Scope, Send

from .._core.errors import NonRetryable, RetryAfter
from .._core.receiving.admission import ahandle
from .._core.receiving.answers import Answer, answer_signal
from .._core.receiving.asgi_host import CLAIMED, AsgiHost, Sending, read_body, replay, route_of, with_delivery
from .._core.receiving.delivery import hide, show
from .._core.receiving.guard import TAKEN, Guard, GuardOptions
from .._core.receiving.guards import Guards
from .._core.receiving.head import Head, head_of_scope
from .._core.receiving.once import Claimed, Turn
from .._core.receiving.options import Wanted
from .._core.receiving.order import note

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

NOT_FOR_FASTAPI = (
    "verify_qstash is for Starlette endpoints, which take one request; FastAPI would read the body before it is "
    "verified: use APIRouter(route_class=qstash_integrations.fastapi.VerifiedRoute), or for one endpoint "
    "Depends(qstash_integrations.fastapi.verify_qstash)"
)


@overload
def verify_qstash(endpoint: Endpoint, /) -> Endpoint: ...
@overload
def verify_qstash(**options: Unpack[GuardOptions]) -> Callable[[Endpoint], Endpoint]: ...
def verify_qstash(endpoint: Any = None, /, **options: Unpack[GuardOptions]) -> Any:
    """Lets only requests through that QStash signed; they carry ``request.state.qstash_delivery``.

    For an endpoint function, plain or async, or anything else that takes a request, such as a partial; and for an
    ``HTTPEndpoint`` class, all methods of which it protects. Tools find the endpoint's own signature.
    """
    guards = Guards(Wanted.taken_from(options))
    if endpoint is None:
        return functools.partial(_verified, guards)
    return _verified(guards, endpoint)


async def read_request(guard: Guard, head: Head, request: Request, taken: str = TAKEN) -> bytes | Answer | None:
    """The body, as in ``read_body``; also one that was read ahead with ``request.body()``, and that Starlette keeps."""
    kept = getattr(request, "_body", None)
    if isinstance(kept, bytes):
        return kept
    if getattr(request, "_stream_consumed", False):
        return guard.taken(head, taken)
    return await read_body(guard, head, request.receive)


def response(answer: Answer, method: str) -> Response:
    headers = {**dict(answer.headers), "content-length": str(len(answer.body))}
    return Response(b"" if method == "HEAD" else answer.body, answer.status, headers)


def _verified(guards: Guards, endpoint: Any) -> Any:
    if inspect.isclass(endpoint) and issubclass(endpoint, HTTPEndpoint):
        return _verified_class(guards, endpoint)
    if inspect.isclass(endpoint) or not callable(endpoint):
        raise TypeError(NOT_FOR_FASTAPI)
    return _verified_function(guards, endpoint)


def _verified_class(guards: Guards, endpoint: type[HTTPEndpoint]) -> type[HTTPEndpoint]:
    class Verified(endpoint):  # type: ignore[misc,valid-type]
        async def dispatch(self) -> None:
            # Of the class that was called: a subclass has methods of its own.
            def anew(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
                call: Awaitable[None] = super(Verified, type(self)(scope, receive, send)).dispatch()
                return call

            await ahandle(guards.of(self.scope), AsgiHost(self.scope, self.receive, self.send, anew))

    cast("Any", Verified).qstash_guard = guards
    return cast("type[HTTPEndpoint]", functools.update_wrapper(Verified, endpoint, updated=()))


def _verified_function(guards: Guards, endpoint: Callable[..., Any]) -> Callable[..., Awaitable[Response]]:
    signature = _signature(endpoint)
    call = endpoint if is_async_callable(endpoint) else functools.partial(run_in_threadpool, endpoint)

    # What an object keeps as its attributes is none of a function's.
    @functools.wraps(endpoint, updated=("__dict__",) if inspect.isroutine(endpoint) else ())
    async def verified(*args: Any, **kwargs: Any) -> Response:
        host = _EndpointHost(call, args, kwargs)
        del args, kwargs  # error trackers print the locals of raising frames, and walk through requests
        return await ahandle(guards.of(host.scope), host)

    verified.__name__ = get_name(endpoint)
    verified.__signature__ = signature  # type: ignore[attr-defined]
    verified.qstash_guard = guards  # type: ignore[attr-defined]
    note(endpoint)
    return verified


class _Signature(inspect.Signature):
    """The endpoint's own, which raises where FastAPI registers it: Starlette never asks for one."""

    __slots__ = ()

    @property
    def parameters(self) -> MappingProxyType[str, inspect.Parameter]:
        here = inspect.currentframe()
        caller = here and here.f_back
        if caller and str(caller.f_globals.get("__name__")).partition(".")[0] == "fastapi":
            raise TypeError(NOT_FOR_FASTAPI)
        return super().parameters


def _signature(endpoint: Callable[..., Any]) -> inspect.Signature:
    """TypeError for an endpoint that Starlette could not call, with a request and nothing else."""
    try:
        signature = inspect.signature(endpoint)
    except ValueError:  # of something written in C
        return _Signature([inspect.Parameter("request", inspect.Parameter.POSITIONAL_ONLY)])
    is_method = next(iter(signature.parameters), None) in ("self", "cls")
    try:
        signature.bind(*([None] * (1 + is_method)))
    except TypeError:
        raise TypeError(NOT_FOR_FASTAPI) from None
    return _for_starlette(signature)


def _for_starlette(signature: inspect.Signature) -> inspect.Signature:
    return _Signature(list(signature.parameters.values()), return_annotation=signature.return_annotation)


class _EndpointHost:
    """One call of an endpoint function, which returns a response that the router sends."""

    __slots__ = ("_args", "_call", "_kwargs", "_request", "_taken_from", "_there", "scope")

    def __init__(self, call: Callable[..., Awaitable[Response]], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._call = call
        self._args = list(args)
        self._kwargs = kwargs
        self._taken_from, self._there = _request_in(self._args, kwargs)
        self._request: Request = self._taken_from[self._there]
        self.scope: Scope = self._request.scope

    @property
    def claimed(self) -> Claimed | None:
        return cast("Claimed | None", self.scope.get(CLAIMED))

    def head(self) -> Head:
        return head_of_scope(self.scope)

    def route(self) -> str | None:
        return route_of(self.scope)

    async def read(self, guard: Guard, head: Head) -> bytes | Answer | None:
        return await read_request(guard, head, self._request)

    async def answer(self, answer: Answer | None) -> Response:
        return _Silence() if answer is None else response(answer, self._request.method)

    async def run(self, turn: Turn) -> Response:
        given = self._request
        self._taken_from[self._there] = Request(
            with_delivery(given.scope, turn),
            replay(turn.delivery.body, given.receive),
            given._send,  # pyright: ignore[reportPrivateUsage] - for early hints and push promises
        )
        del given
        return _ending(await self._call(*self._args, **self._kwargs), turn)

    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> Response:
        return _ending(response(answer_signal(signal), self._request.method), turn)


def _request_in(args: list[Any], kwargs: dict[str, Any]) -> tuple[Any, int | str]:
    """Among which arguments the request is, and where there: decorators hand it on as they like."""
    for place, value in enumerate(args):
        if isinstance(value, Request):
            return args, place
    for name, value in kwargs.items():
        if isinstance(value, Request):
            return kwargs, name
    raise TypeError(NOT_FOR_FASTAPI)


def _ending(response: Response, turn: Turn) -> Response:
    """The endpoint's response, which ends the turn when it was sent, and shows the delivery to what still runs for it.

    A copy, since an app may answer many requests with one response. It is what decorators further out see and change.
    """
    if not turn.is_claimed and not _runs_code(response):
        return response
    sent = copy(response)
    kind: Any = type(response)
    sent.__class__ = _ending_kind(kind)
    cast("Any", sent).qstash_turn = turn
    return sent


def _runs_code(response: object) -> bool:
    """Whether something of the app's runs while it is sent: a stream, a background task."""
    # Starlette takes any ASGI app for a response.
    return isinstance(response, Response) and (
        response.background is not None or type(response).__call__ is not Response.__call__
    )


@functools.cache
def _ending_kind(kind: Any) -> type[Response]:
    async def call(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
        turn: Turn = self.qstash_turn
        sending = Sending(send, turn, scope)
        running = kind.__call__(self, scope, receive, sending)
        del scope, receive, send
        shown = show(turn.delivery)
        try:
            await running
            await sending.finish()
        finally:
            hide(shown)
            await turn.aend(None)  # of no effect once it was sent

    return type(kind.__name__, (kind,), {"__call__": call, "__module__": kind.__module__, "__doc__": kind.__doc__})


class _Silence(Response):
    """For a client that left before it had sent its body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        return


# ``Depends(verify_qstash)`` takes the one of ``qstash_integrations.fastapi``.
cast("Any", verify_qstash).__signature__ = _for_starlette(inspect.signature(verify_qstash))
