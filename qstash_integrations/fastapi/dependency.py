"""``Depends(verify_qstash)``: verification as a dependency, after FastAPI has read and parsed the body.

Spec: https://fastapi.tiangolo.com/tutorial/dependencies/
"""

import inspect
from collections.abc import AsyncGenerator
from typing import Annotated, Any, NoReturn, TypeAlias, Unpack, cast, overload

from fastapi import Depends, Request
from fastapi.exceptions import WebSocketException
from starlette.requests import HTTPConnection
from starlette.responses import Response

from .._core.errors import ConfigurationError, NonRetryable, RetryAfter
from .._core.receiving.admission import ahandle
from .._core.receiving.answers import INCOMPLETE_BODY, Answer, answer_signal
from .._core.receiving.asgi_host import CLAIMED, DELIVERY, route_of, state_of
from .._core.receiving.delivery import Delivery, hide, show
from .._core.receiving.guard import TAKEN, Guard, GuardOptions
from .._core.receiving.guards import Guards
from .._core.receiving.head import Head, head_of_scope
from .._core.receiving.once import Claimed, Turn
from .._core.receiving.options import Wanted
from .._core.receiving.recording import UNRECORDED, Work
from ..starlette.endpoints import read_request, response

NO_DECORATOR = (
    "in FastAPI verify_qstash is a dependency: write dependencies=[Depends(verify_qstash)] for one endpoint, or "
    "verify before the body is parsed, with APIRouter(route_class=VerifiedRoute)"
)
NO_ONCE = (
    "once= is not for Depends(verify_qstash), which never learns what is answered, and so not whether a message is "
    "done: use APIRouter(route_class=VerifiedRoute.using(once=...)) or QStashMiddleware"
)
FORM = f"{TAKEN}, as FastAPI does with a form, which takes APIRouter(route_class=VerifiedRoute)"


class _Dependency:
    """``Depends(verify_qstash)``: the endpoint runs only for what QStash signed, and may take the ``Delivery``.

    For one endpoint, for a router or for an app, as ``dependencies=[Depends(verify_qstash)]`` or as the parameter
    ``delivery: VerifiedDelivery``; with options as ``Depends(verify_qstash(max_body_size=1024))``. One limit: FastAPI
    reads and parses the body first. So a stranger can make it read a body of any size, and is answered 422 for one
    that is no JSON; a form is refused, of which FastAPI keeps no bytes; dependencies named before it run before it. As
    every dependency it is one of path operations, not of what is mounted or comes from ``add_route``.
    ``VerifiedRoute`` and ``QStashMiddleware`` verify before all that, and have ``once=``.
    """

    __signature__: inspect.Signature = inspect.Signature(
        [inspect.Parameter("connection", inspect.Parameter.KEYWORD_ONLY, annotation=HTTPConnection)]
    )

    def __init__(self, options: GuardOptions) -> None:
        wanted = Wanted.taken_from(options)
        if "once" in wanted.options:
            raise ConfigurationError(NO_ONCE)
        self.qstash_guard: Guards = Guards(wanted)
        # FastAPI asks what it finds here whether it is a generator. Python calls what the class has.
        setattr(self, "__call__", self._verified)  # noqa: B010 - to type checkers it is a method

    @overload
    def __call__(self, /, *, connection: HTTPConnection) -> AsyncGenerator[Delivery]: ...
    @overload
    def __call__(self, /, **options: Unpack[GuardOptions]) -> "_Dependency": ...
    def __call__(self, endpoint: object = None, /, **given: Any) -> Any:
        if endpoint is not None:
            raise TypeError(NO_DECORATOR)
        return self._verified(**given) if "connection" in given else _Dependency(cast("GuardOptions", given))

    async def _verified(self, connection: HTTPConnection) -> AsyncGenerator[Delivery]:
        if not isinstance(connection, Request):
            raise WebSocketException(code=1008)
        request, guard = _Asking(connection), self.qstash_guard.of(connection.scope)
        del connection  # error trackers print the locals of raising frames, and walk through requests
        turn = await ahandle(guard, request)
        if isinstance(turn, Answer):
            request.refuse(turn)
        shown = show(turn.delivery)
        delivery = [request.let_in(turn)]
        del turn
        try:
            yield delivery.pop()
        except (NonRetryable, RetryAfter) as signal:
            request.work.failed(signal)
            request.refuse(answer_signal(signal))
        except BaseException as error:
            request.work.failed(error)
            raise
        finally:
            hide(shown)
            request.work.leave()


class _Asking:
    """One request whose dependency asks before the endpoint is called, and is not told what that answers."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.work: Work = UNRECORDED

    @property
    def claimed(self) -> Claimed | None:
        return cast("Claimed | None", self._request.scope.get(CLAIMED))

    def head(self) -> Head:
        return head_of_scope(self._request.scope)

    def route(self) -> str | None:
        return route_of(self._request.scope)

    async def read(self, guard: Guard, head: Head) -> bytes | Answer | None:
        return await read_request(guard, head, self._request, FORM)

    async def answer(self, answer: Answer | None) -> Turn | Answer:
        return answer or INCOMPLETE_BODY

    async def run(self, turn: Turn) -> Turn | Answer:
        # It is over with the endpoint, which runs later.
        self.work, turn.work = turn.work, UNRECORDED
        return turn

    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> Turn | Answer:
        return answer_signal(signal)

    def let_in(self, turn: Turn) -> Delivery:
        request, delivery = self._request, turn.delivery
        request._body = delivery.body  # pyright: ignore[reportPrivateUsage] - where Starlette keeps it
        request.scope["state"] = {**state_of(request.scope), DELIVERY: delivery}
        vars(request).pop("_state", None)
        return delivery

    def refuse(self, answer: Answer) -> NoReturn:
        """Out of the dependency, with the same bytes as everywhere: by a handler that no other error can come to."""
        handlers, _ = self._request.scope["starlette.exception_handlers"]
        handlers[_Refused] = _respond
        raise _Refused(answer)


class _Refused(Exception):
    """Carries an answer past the endpoint."""


async def _respond(request: Request, refused: _Refused) -> Response:
    return response(refused.args[0], request.method)


verify_qstash: _Dependency = _Dependency({})

VerifiedDelivery: TypeAlias = Annotated[Delivery, Depends(verify_qstash)]
"""A parameter that verifies: ``delivery: VerifiedDelivery``, as ``Depends(verify_qstash)`` does."""
