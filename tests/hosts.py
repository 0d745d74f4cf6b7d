"""The two ends of a web server, without the server: one ASGI or WSGI request in, its answer out.

No test client stands between, since those decode paths, add lengths and join headers.
"""

import io
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, NamedTuple, NoReturn
from urllib.parse import unquote_to_bytes

import anyio
import anyio.lowlevel
import pytest


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Request(NamedTuple):
    target: str
    headers: Sequence[tuple[str, str | bytes]] = ()
    body: bytes | Sequence[bytes] = b""
    method: str = "POST"
    chunked: bool = False
    """No Content-Length."""
    root_path: str = ""
    hang_up: bool = False
    """The client leaves after ``body``, of which it had announced more."""
    stalls: bool = False
    """The client stays, and sends no more than ``body``, of which it had announced more."""
    leaves_after: int | None = None
    """The client leaves once it has got so many parts of the answer's body."""
    readable: bool = True
    """False: whoever touches the body fails."""


Send = Callable[[Request], Answer]
NOTHING_SENT = Answer(0, {}, b"")
# Only waiting differs between them: for tests in which something is waited for.
on_both_loops = pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])


def asgi_send(app: Any, backend: str = "asyncio") -> Send:
    """Requests to an ASGI app, one event loop each."""

    def send(request: Request) -> Answer:
        return anyio.run(asgi_exchange, app, request, backend=backend)

    return send


async def asgi_exchange(app: Any, request: Request) -> Answer:
    """One request to an ASGI app, for tests that run their own event loop."""
    chunks = [request.body] if isinstance(request.body, bytes) else list(request.body)
    incoming = [
        {
            "type": "http.request",
            "body": chunk,
            "more_body": request.hang_up or request.stalls or index < len(chunks) - 1,
        }
        for index, chunk in enumerate(chunks)
    ]
    sent: list[Any] = []
    over = anyio.Event()
    if request.hang_up:
        over.set()

    async def receive() -> Any:
        if not request.readable:
            raise AssertionError("the body was read")
        await anyio.lowlevel.checkpoint()  # others get their turn, as with a real socket
        if incoming:
            return incoming.pop(0)
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if request.leaves_after is not None and len(sent) > request.leaves_after:
            over.set()
            raise OSError("the client is gone")
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            over.set()

    await app(scope_of(request), receive, send)
    return answer_of(sent)


def scope_of(request: Request) -> dict[str, Any]:
    path, _, query = request.target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": request.root_path,
        "headers": [(name.lower().encode(), _bytes(value)) for name, value in headers_of(request)],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


def answer_of(sent: Sequence[Any]) -> Answer:
    """The answer in the messages that an ASGI app sent."""
    if not sent:
        return NOTHING_SENT
    start, *rest = sent
    assert start["type"] == "http.response.start"
    headers = {name.decode().lower(): value.decode() for name, value in start.get("headers", [])}
    return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in rest))


def wsgi_send(app: Any) -> Send:
    """Requests to a WSGI app, as gunicorn hands them over."""

    def send(request: Request) -> Answer:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [status, headers]
            return None

        answer = app(environ_of(request), start_response)
        try:
            body = b"".join(islice(answer, request.leaves_after))
        finally:
            if hasattr(answer, "close"):
                answer.close()
        return Answer(int(started[0][:3]), {name.lower(): value for name, value in started[1]}, body)

    return send


def environ_of(request: Request) -> dict[str, Any]:
    path, _, query = request.target.partition("?")
    body = request.body if isinstance(request.body, bytes) else b"".join(request.body)
    decoded = unquote_to_bytes(path).decode("latin-1")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": request.root_path,
        "PATH_INFO": decoded.removeprefix(request.root_path),
        "QUERY_STRING": query,
        "RAW_URI": request.target,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body) if request.readable else _Untouchable(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        # What gunicorn says of every request; a body without a length can then be read to its end.
        "wsgi.input_terminated": True,
    }
    for name, value in headers_of(request):
        if "_" in name:  # which would look like a hyphen from here on: every server drops such a header
            continue
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key
        text = value if isinstance(value, str) else value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ


class _Untouchable(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> NoReturn:
        raise AssertionError("the body was read")


def headers_of(request: Request) -> list[tuple[str, str | bytes]]:
    given = {name.lower() for name, _ in request.headers}
    headers: list[tuple[str, str | bytes]] = [] if "host" in given else [("Host", "api.example.com")]
    headers += request.headers
    if request.chunked:
        headers.append(("Transfer-Encoding", "chunked"))
    elif request.body and "content-length" not in given:
        size = len(request.body) if isinstance(request.body, bytes) else sum(map(len, request.body))
        headers.append(("Content-Length", str(size)))
    return headers


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")
