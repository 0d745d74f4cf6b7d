"""The API as an ASGI app: access, route, body, endpoint, answer. Everything it says itself is JSON.

No CORS headers, ever: a page of another origin has no business here.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..dashboard import Asset, asset
from ..engine import Engine
from ..model import Refused
from .access import Access, Refusal
from .call import Call, Reply, header
from .local import LOCAL_ROUTES
from .local import PREFIX as LOCAL_PREFIX
from .routes import ROUTES
from .routing import Match, find

logger: logging.Logger = logging.getLogger("qstash_integrations.server")

# A batch holds many messages, each with its quotes escaped.
BATCH_FACTOR = 16
MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024
MAX_TARGET = 16 * 1024
TOKEN_PATH = f"{LOCAL_PREFIX}token"


class Api:
    """``changed`` is called after every call that may have made something due.

    Runs in the thread of the engine, whose calls are short: nothing else happens during one.
    """

    def __init__(
        self,
        engine: Engine,
        access: Access,
        *,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._access = access
        self._changed = changed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        try:
            response = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        query = request.scope["query_string"].decode("latin-1")
        path = request.scope["raw_path"].decode("latin-1")
        headers = _by_name(request)
        if request.method in ("GET", "HEAD") and (page := asset(path)):
            refusal = self._access.page_refusal(headers)
            return _refused(refusal) if refusal else _page(page)
        if (request.method, path) == ("POST", TOKEN_PATH):
            return self._exchange(headers)
        refusal = self._access.refusal(headers, query)
        if refusal is not None:
            return _refused(refusal)
        if too_large := _too_large(request, path, query):
            return too_large
        found = _find(request.method, path)
        if not isinstance(found, Match):
            return _no_route(request.method, found)
        limit = self._engine.limits.body * (BATCH_FACTOR if found.route.many else 1)
        body = await _read(request, limit)
        if body is None:
            return _error(413, f"the request body is larger than {limit} bytes")
        return self._call(found, _call(request, found, query, body))

    def _exchange(self, headers: Mapping[str, str]) -> Response:
        token = self._access.exchange(headers)
        return _refused(token) if isinstance(token, Refusal) else _response(Reply(200, {"token": token}))

    def _call(self, found: Match, call: Call) -> Response:
        try:
            reply = found.route.endpoint(self._engine, call)
        except Refused as refused:
            return _error(refused.status, refused.text)
        except Exception:
            logger.exception("the local QStash failed in %s %s", call.method, found.route.pattern)
            return _error(500, "internal error; the log of the local server says more")
        if call.method != "GET":
            self._changed()
        return _response(reply)


def _find(method: str, path: str) -> Match | tuple[str, ...]:
    if path.lower().startswith(LOCAL_PREFIX):
        return find(LOCAL_ROUTES, method, path, LOCAL_PREFIX)
    return find(ROUTES, method, path)


def _call(request: Request, found: Match, query: str, body: bytes) -> Call:
    return Call(
        method=request.method,
        path=found.path,
        query=query,
        headers=tuple(
            header(name.decode("latin-1"), value)
            for name, value in request.headers.raw
            if name.lower() != b"authorization"
        ),
        body=body,
        caller_ip=request.client.host if request.client else "",
    )


def _by_name(request: Request) -> Mapping[str, str]:
    """The headers by lower-case name; of a name that comes twice, both values, which matches nothing."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _too_large(request: Request, path: str, query: str) -> Response | None:
    raw = request.headers.raw
    if len(raw) > MAX_HEADERS or sum(len(name) + len(value) for name, value in raw) > MAX_HEADER_BYTES:
        return _error(431, f"at most {MAX_HEADERS} headers and {MAX_HEADER_BYTES} bytes of them")
    if len(path) + len(query) > MAX_TARGET:
        return _error(414, f"the path and query are longer than {MAX_TARGET} bytes")
    return None


async def _read(request: Request, limit: int) -> bytes | None:
    """The body; None when it is, or says that it is, larger than ``limit``."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > limit:
        return None
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _no_route(method: str, allowed: Sequence[str]) -> Response:
    if allowed:
        return _error(405, f"{method} is not possible here", {"allow": ", ".join(allowed)})
    return _error(404, "this path is not part of the QStash API")


def _refused(refusal: Refusal) -> Response:
    challenge = {"www-authenticate": "Bearer"} if refusal.status == 401 else {}
    return _error(refusal.status, refusal.error, challenge)


def _page(page: Asset) -> Response:
    return Response(page.content, 200, {**page.headers, **_HEADERS})


def _response(reply: Reply) -> Response:
    if reply.content is None:
        return Response(status_code=reply.status, headers=_HEADERS)
    if isinstance(reply.content, bytes):
        return Response(reply.content, reply.status, {**_FILE, **_HEADERS})
    return Response(_json(reply.content), reply.status, {"content-type": "application/json", **_HEADERS})


def _error(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(_json({"error": text}), status, {"content-type": "application/json", **_HEADERS, **(headers or {})})


# A body that somebody else wrote is for saving only: shown by a browser, it would be a page of this server.
_FILE = {"content-type": "application/octet-stream", "content-disposition": 'attachment; filename="body"'}
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def _json(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode("ascii")
