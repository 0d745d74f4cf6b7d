"""Apps called in this process, without a socket: a request in, what a server would send back out.

The app under test, which speaks ASGI or WSGI, and the API of the local server. No test client stands between, since
those decode paths and add headers, and what was signed has to arrive.

Spec: https://asgi.readthedocs.io/en/latest/specs/www.html and https://peps.python.org/pep-3333/
"""

import io
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

import anyio

from .._core.publishing.client import APIRequest, APIResponse
from ..server.api import LOCAL_NAMES, Access, Api
from ..server.engine import Engine
from ..server.worker.target import Target

Header = tuple[str, str]
_CLIENT = "127.0.0.1"


class AppRequest(NamedTuple):
    method: str
    url: str
    target: str
    """Path and query as the app gets to see them."""
    headers: Sequence[Header]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AppResponse:
    """What the app answered. ``error`` is what its handler raised, whether the app made an answer of it or not."""

    status: int
    headers: Sequence[Header] = ()
    body: bytes = field(default=b"", repr=False)
    error: Exception | None = None


async def call_asgi(app: Any, request: AppRequest, *, state: Mapping[str, Any], client_stays: bool) -> AppResponse:
    """A request to an ASGI app. ``client_stays``: it does not even leave when it has its answer."""
    incoming: list[dict[str, Any]] = [{"type": "http.request", "body": request.body, "more_body": False}]
    sent: list[Any] = []
    over = anyio.Event()

    async def receive() -> Any:
        if incoming:
            return incoming.pop()
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if is_last and not client_stays:
            over.set()

    error: Exception | None = None
    try:
        await app(_scope(request, state), receive, send)
    except Exception as raised:  # noqa: BLE001 - it is what the test wants to know
        error = raised
    return _response(sent, error)


def call_wsgi(app: Callable[..., Any], request: AppRequest) -> AppResponse:
    """A request to a WSGI app."""
    started: list[Any] = []
    body = bytearray()

    def start_response(status: str, headers: list[Header], exc_info: Any = None) -> Callable[[bytes], None]:
        started[:] = [int(status[:3]), tuple(headers)]
        return body.extend

    try:
        chunks = app(_environ(request), start_response)
        try:
            for chunk in chunks:
                body += chunk
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
    except Exception as error:  # noqa: BLE001 - it is what the test wants to know
        return AppResponse(status=500, error=error)
    if not started:
        return AppResponse(status=500, error=RuntimeError("the app returned without calling start_response"))
    return AppResponse(status=started[0], headers=started[1], body=bytes(body))


class InProcessApi:
    """Takes the publishers' requests, from whatever thread they come; ``lock`` is held meanwhile."""

    def __init__(self, engine: Engine, token: str, lock: threading.RLock) -> None:
        self._api = Api(engine, Access(token, LOCAL_NAMES))
        self._lock = lock

    def __call__(self, request: APIRequest) -> APIResponse:
        sent: list[Any] = []
        body = request.body or b""

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        target = Target.of(request.url).path
        scope = _scope(AppRequest(request.method, request.url, target, request.headers, body), {})
        with self._lock:
            _finish(self._api(scope, receive, send))
        response = _response(sent, None)
        return APIResponse(response.status, response.body, {name.lower(): value for name, value in response.headers})


def _finish(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits: publishers call from inside and outside of event loops."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("the API waits for something that does not come")


def _response(sent: Sequence[Any], error: Exception | None) -> AppResponse:
    start = next((message for message in sent if message["type"] == "http.response.start"), None)
    if start is None:
        return AppResponse(status=500, error=error or RuntimeError("the app returned without an answer"))
    return AppResponse(
        status=start["status"],
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start.get("headers", ())),
        body=b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body"),
        error=error,
    )


def _scope(request: AppRequest, state: Mapping[str, Any]) -> dict[str, Any]:
    path, _, query = request.target.partition("?")
    url = Target.of(request.url)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers_of(request)],
        "client": (_CLIENT, 0),
        "server": (url.host, url.port),
        "state": dict(state),
    }


def _environ(request: AppRequest) -> dict[str, Any]:
    path, _, query = request.target.partition("?")
    url = Target.of(request.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": request.target,
        "SERVER_NAME": url.host,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": _CLIENT,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers_of(request):
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def headers_of(request: AppRequest) -> list[Header]:
    """With those that a connection needs."""
    length = str(len(request.body))
    return [("Host", Target.of(request.url).authority), *request.headers, ("Content-Length", length)]
