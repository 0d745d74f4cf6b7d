"""The API as an ASGI app: access, route, body, endpoint, answer. Everything it says itself is JSON.

No CORS headers, ever: a page of another origin has no business here.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core.log_fields import fields
from ..dashboard import Asset, asset
from ..engine import Engine
from ..faults import fault_log
from ..model import Refused
from .access import Access, Refusal
from .api_call import MAX_HEADER_BYTES, MAX_HEADERS, MAX_TARGET, ApiCall, Reply, header
from .asgi import Gone, HttpAnswer, HttpRequest, NoRoom, Receive, Room, Scope, Send, TooLarge, request_of
from .local import LOCAL_ROUTES
from .local import PREFIX as LOCAL_PREFIX
from .routes import ROUTES
from .routing import Match, find
from .together import Run, at_once

MAX_COMING_IN = 24 * 1024 * 1024  # bytes of large bodies at once, from their first byte until they are stored
MAX_COMING_IN_OPEN = 4 * 1024 * 1024  # the same of those who need no token: they hold up nobody but one another
TOKEN_PATH = f"{LOCAL_PREFIX}token"
ABOUT_PATH = f"{LOCAL_PREFIX}server"


class Api:
    """``changed`` is called after every call that may have made something due. ``run`` makes those calls. ``about``
    says how the server was started.

    Runs in the thread of the engine, whose calls are short: nothing else happens during one.
    """

    def __init__(
        self,
        engine: Engine,
        access: Access,
        *,
        changed: Callable[[], None] = lambda: None,
        run: Run = at_once,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self._engine = engine
        self._access = access
        self._changed = changed
        self._run = run
        self._about = about or {}
        self._room = Room(MAX_COMING_IN)
        self._open_room = Room(MAX_COMING_IN_OPEN)
        self._logger = fault_log()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        try:
            answer = await self._answer(request_of(scope, receive))
        except Gone:
            return
        await answer.send(send)

    async def _answer(self, request: HttpRequest) -> HttpAnswer:
        headers = request.by_name()
        if request.method in ("GET", "HEAD") and (page := asset(request.path)):
            refusal = self._access.page_refusal(headers)
            return _refused(refusal) if refusal else _page(page)
        if (request.method, request.path) == ("POST", TOKEN_PATH):
            return self._exchange(headers)
        found = _find(request.method, request.path)
        is_open = isinstance(found, Match) and found.route.opened is not None
        refusal = self._access.open_refusal(headers) if is_open else self._access.refusal(headers, request.query)
        if refusal is not None:
            return _refused(refusal)
        if too_large := _too_large(request):
            return too_large
        if (request.method, request.path) == ("GET", ABOUT_PATH):
            return _answer(Reply(200, self._about))
        if not isinstance(found, Match):
            return _no_route(request.method, found)
        changes = request.method != "GET" or found.route.is_secret
        if changes and not is_open and self._access.may_only_read(headers, request.query):
            return _error(403, "the token may only read")
        return await self._with_body(found, request)

    async def _with_body(self, found: Match, request: HttpRequest) -> HttpAnswer:
        limits, route = self._engine.limits, found.route
        quota, limit = ("maxBatchSize", limits.batch_bytes) if route.many else ("maxMessageSize", limits.body)
        try:
            if route.opened is not None:
                limit = limits.hook_body
                route.opened(self._engine, found.path)
            room = self._room if route.opened is None else self._open_room
            async with room.of(request.length(limit)):
                body = await request.body(limit)
                return await self._call(found, _call(request, found, body))
        except Refused as refused:
            return _error(refused.status, refused.text)
        except TooLarge:
            if route.opened is not None:
                return _error(413, f"the body is larger than {limit} bytes")
            return _error(412, f"quota {quota} exceeded, current limit: {limit}")
        except NoRoom:
            return _error(503, "too much is coming in at once; try again", {"retry-after": "1"})

    def _exchange(self, headers: Mapping[str, str]) -> HttpAnswer:
        token = self._access.exchange(headers)
        return _refused(token) if isinstance(token, Refusal) else _answer(Reply(200, {"token": token}))

    async def _call(self, found: Match, call: ApiCall) -> HttpAnswer:
        reads = found.route.method == "GET"
        run = at_once if reads else self._run
        try:
            reply = await run(lambda: found.route.endpoint(self._engine, call))
        except Refused as refused:
            return _error(refused.status, refused.text)
        except Exception:
            self._logger.exception(
                "the local QStash failed in %s %s",
                call.method,
                found.route.pattern,
                extra=fields("server_call_failed", method=call.method, path=found.route.pattern),
            )
            return _error(500, "internal error; the log of the local server says more")
        if not reads:
            self._changed()
        return _answer(reply)


def _find(method: str, path: str) -> Match | tuple[str, ...]:
    if path.lower().startswith(LOCAL_PREFIX):
        return find(LOCAL_ROUTES, method, path, LOCAL_PREFIX)
    return find(ROUTES, method, path)


def _call(request: HttpRequest, found: Match, body: bytes) -> ApiCall:
    return ApiCall(
        method=request.method,
        target=request.path,
        path=found.path,
        query=request.query,
        headers=tuple(
            header(name.decode("latin-1"), value)
            for name, value in request.headers
            if name != b"authorization" or found.route.opened is not None
        ),
        body=body,
        caller_ip=request.caller_ip,
    )


def _too_large(request: HttpRequest) -> HttpAnswer | None:
    headers = request.headers
    if len(headers) > MAX_HEADERS or sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
        return _error(431, f"at most {MAX_HEADERS} headers and {MAX_HEADER_BYTES} bytes of them")
    if len(request.path) + len(request.query) > MAX_TARGET:
        return _error(414, f"the path and query are longer than {MAX_TARGET} bytes")
    return None


def _no_route(method: str, allowed: Sequence[str]) -> HttpAnswer:
    if allowed:
        return _error(405, f"{method} is not possible here", {"allow": ", ".join(allowed)})
    return _error(404, "this path is not part of the QStash API")


def _refused(refusal: Refusal) -> HttpAnswer:
    challenge = {"www-authenticate": "Bearer"} if refusal.status == 401 else {}
    return _error(refusal.status, refusal.error, challenge)


def _page(page: Asset) -> HttpAnswer:
    return HttpAnswer(200, {**page.headers, **_HEADERS}, page.content)


def _answer(reply: Reply) -> HttpAnswer:
    if reply.content is None:
        return HttpAnswer(reply.status, _HEADERS)
    if isinstance(reply.content, bytes):
        return HttpAnswer(reply.status, _FILE, reply.content)
    return HttpAnswer(reply.status, _JSON, _json(reply.content))


def _error(status: int, text: str, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    return HttpAnswer(status, {**_JSON, **headers} if headers else _JSON, _json({"error": text}))


_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_JSON = {"content-type": "application/json", **_HEADERS}
# A body that somebody else wrote is for saving only: shown by a browser, it would be a page of this server.
_FILE = {
    "content-type": "application/octet-stream",
    "content-disposition": 'attachment; filename="body"',
    **_HEADERS,
}


def _json(content: Any) -> bytes:
    return _ENCODER.encode(content).encode("ascii")


_ENCODER = json.JSONEncoder(separators=(",", ":"))
