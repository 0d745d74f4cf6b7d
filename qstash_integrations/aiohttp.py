"""How aiohttp gives a head and a body, takes an answer, and where the delivery goes: ``request[DELIVERY]``.

A body with a Content-Encoding is turned away: aiohttp's server inflates it, unless told ``auto_decompress=False``.

Spec: https://docs.aiohttp.org/en/stable/web_reference.html
"""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar, Unpack, cast, overload

from ._core.extras import need

need("aiohttp", "aiohttp")

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.payload import AsyncIterablePayload

from ._core.errors import NonRetryable, RetryAfter
from ._core.receiving.admission import ahandle
from ._core.receiving.answers import INCOMPLETE_BODY, Answer, answer_signal
from ._core.receiving.asgi_host import read_body
from ._core.receiving.delivery import Delivery, hide, show
from ._core.receiving.guard import Guard, GuardOptions
from ._core.receiving.guards import Guards, check_guard
from ._core.receiving.head import Head, head_of_lines, without_origin
from ._core.receiving.once import Claimed, Turn
from ._core.receiving.options import Wanted
from ._core.receiving.order import check_order, note
from ._core.receiving.probe import PROBE_PATH, facts_of, probe_path_of

__all__ = ["DELIVERY", "add_probe", "check_qstash", "qstash_middleware", "verify_qstash"]


def _key_of_text(name: str, _kind: object) -> str:
    """Before aiohttp 3.14 requests and responses know no others."""
    return name


_RequestKey: Any = getattr(web, "RequestKey", _key_of_text)
_ResponseKey: Any = getattr(web, "ResponseKey", _key_of_text)
DELIVERY: "web.RequestKey[Delivery]" = _RequestKey("qstash_delivery", Delivery)
_CLAIMED: "web.RequestKey[Claimed]" = _RequestKey("qstash_integrations.claimed", object)
_TURNS: "web.ResponseKey[list[Turn]]" = _ResponseKey("qstash_integrations.turns", object)
Call: TypeAlias = Callable[..., Awaitable[web.StreamResponse]]
Handler = TypeVar("Handler", bound=Call)


@overload
def verify_qstash(handler: Handler, /) -> Handler: ...
@overload
def verify_qstash(**options: Unpack[GuardOptions]) -> Callable[[Handler], Handler]: ...
def verify_qstash(handler: Any = None, /, **options: Unpack[GuardOptions]) -> Any:
    """Lets only requests through that QStash signed, with ``request[DELIVERY]``; for handlers, and a ``web.View``.

    Everything else is answered 401. Stands below ``@routes.post``. TypeError or ConfigurationError names an option that
    is wrong; a missing setting is said by ``check_qstash``, else at the first request.
    """
    verified = functools.partial(_verified, Guards(Wanted.taken_from(options)))
    return verified if handler is None else verified(handler)


def qstash_middleware(**options: Unpack[GuardOptions]) -> Call:
    """Protects all of an app, such as one for webhooks that ``add_subapp`` puts below a path.

    The options are those of ``verify_qstash``.
    """

    def middleware(request: web.Request, handler: Call) -> Awaitable[web.StreamResponse]:
        return handler(request)

    return cast(Call, web.middleware(_verified(Guards(Wanted.taken_from(options)), middleware)))


async def check_qstash(app: web.Application) -> None:
    """``app.on_startup.append(check_qstash)``: with wrong settings for what it verifies the app does not start.

    Raises ConfigurationError, which names the setting, or where ``verify_qstash`` stands on the wrong side of a route.
    """
    handlers: list[Any] = [route.handler for route in app.router.routes()]
    for holder in (*handlers, *cast("list[Any]", app.middlewares)):
        check_guard(holder)
    check_order(handlers, "@verify_qstash stands below @routes.post")


def add_probe(app: web.Application, path: str = PROBE_PATH, **options: Unpack[GuardOptions]) -> None:
    """A verified route that does nothing: with it ``qstash-integrations doctor`` asks how a request looks from inside.

    For POST to ``path``, and to whatever is below it. ``options`` are those of the app's verified handlers.
    """
    wanted, base = Wanted.taken_from(options), probe_path_of(path, "path")
    probe = _verified(Guards(Wanted(wanted.given, {**wanted.options, "of_probe": True})), _probe)
    for pattern in (f"{base}", f"{base}/{{rest:.*}}"):
        app.router.add_post(pattern, probe)


async def _probe(request: web.Request) -> web.StreamResponse:
    status, headers, body = facts_of(_head_of(request), request[DELIVERY], "aiohttp")
    return web.Response(status=status, headers=dict(headers), body=body)


def _head_of(request: web.Request) -> Head:
    lines = [(name.lower(), value) for name, value in request.raw_headers]
    return head_of_lines(request.method, without_origin(request.raw_path), lines, interface="aiohttp")


def _verified(guards: Guards, handler: Call) -> Any:
    @functools.wraps(handler, updated=())
    async def verified(*args: Any, **more: Any) -> web.StreamResponse:
        host = _Host(functools.partial(handler, *args, **more), args)
        del args, more  # error trackers print the locals of raising frames, and walk through requests
        response = await ahandle(guards.of_environment, host)
        try:
            if isinstance(response, web.HTTPException):
                raise response  # as the handler did
            return response
        finally:
            del response  # which refers to this frame by now

    verified.qstash_guard = guards  # type: ignore[attr-defined]
    note(handler)
    return verified


class _Host:
    def __init__(self, call: Call, args: tuple[Any, ...]) -> None:
        self._call = call
        self._request: Any = next((given for given in args if isinstance(given, web.Request)), None) or args[0].request

    @property
    def claimed(self) -> Claimed | None:
        return cast("Claimed | None", self._request.get(_CLAIMED))

    def head(self) -> Head:
        return _head_of(self._request)

    def route(self) -> str | None:
        resource = self._request.match_info.route.resource
        return None if resource is None else cast("str", resource.canonical)

    async def read(self, guard: Guard, head: Head) -> bytes | Answer | None:
        """Also a body that somebody ahead has read with ``request.read()``, and that aiohttp keeps."""
        if self._request._read_bytes is not None:
            return bytes(self._request._read_bytes)
        try:
            # What was read ahead shows at once here, so that nobody has to guess.
            body = await read_body(guard, head, self._receive, patience=guard.body_timeout)
        except (OSError, HttpProcessingError, web.RequestPayloadError):
            return None  # the client left, or what it sends is no body
        # The stream of a request without a body has not always counted.
        taken = isinstance(body, bytes) and len(body) < getattr(self._request.content, "total_bytes", 0)
        return guard.taken(head) if taken else body

    async def _receive(self) -> dict[str, Any]:
        content: StreamReader = self._request.content
        return {"type": "http.request", "body": await content.readany(), "more_body": not content.at_eof()}

    async def answer(self, answer: Answer | None) -> web.StreamResponse:
        status, headers, body = answer or INCOMPLETE_BODY
        return web.Response(status=status, headers={**dict(headers), "content-length": str(len(body))}, body=body)

    async def run(self, turn: Turn) -> web.StreamResponse:
        self._let_in(turn)
        try:
            return _ending(await self._call(), turn)
        except web.HTTPException as response:
            return _ending(response, turn)

    def _let_in(self, turn: Turn) -> None:
        request, body = self._request, turn.delivery.body
        request._read_bytes, request._payload = body, StreamReader(request.protocol, len(body) + 1)
        request._payload.feed_data(body)
        request._payload.feed_eof()
        request._cache.pop("content", None)
        request[DELIVERY] = turn.delivery
        if turn.claimed is not None:
            request[_CLAIMED] = turn.claimed

    async def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> web.StreamResponse:
        if self._request.writer.output_size:
            raise signal  # since a part of another answer was sent
        return _ending(await self.answer(answer_signal(signal)), turn)


def _ending(response: web.StreamResponse, turn: Turn) -> web.StreamResponse:
    """The handler's response, with whose last part the turn ends; parts that are made later find the delivery."""
    if turn.is_claimed or isinstance(getattr(response, "body", None), AsyncIterablePayload):
        response.__class__ = _ending_kind(type(response))
        response.setdefault(_TURNS, []).append(turn)
    return response


@functools.cache
def _ending_kind(kind: Any) -> type[web.StreamResponse]:
    async def write_eof(self: Any, data: bytes = b"") -> None:
        status = None
        shown = show(self[_TURNS][0].delivery)
        try:
            await kind.write_eof(self, data)
            status = self.status
        finally:
            hide(shown)
            for turn in self[_TURNS]:
                await turn.aend(status)

    return type(kind.__name__, (kind,), {"write_eof": write_eof})
