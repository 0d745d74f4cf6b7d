"""One delivery into an ASGI or WSGI app without a socket: a signed request in, what a server would send back out.

No test client stands between, since those decode paths and add headers, and what was signed has to arrive.

Spec: https://asgi.readthedocs.io/en/latest/specs/www.html and https://peps.python.org/pep-3333/
"""

import io
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

import anyio

from ..server.attempt import SignedRequest
from ..server.worker.target import Target

Header = tuple[str, str]
_CLIENT = "127.0.0.1"


class Call(NamedTuple):
    """A request for an app; ``target`` is the path and query that it gets to see."""

    request: SignedRequest
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the app answered. ``error`` is what its handler raised, whether the app made an answer of it or not."""

    status: int
    headers: Sequence[Header] = ()
    body: bytes = field(default=b"", repr=False)
    error: Exception | None = None


async def exchange(app: Any, call: Call, *, state: Mapping[str, Any], client_stays: bool) -> Answer:
    """A request to an ASGI app. ``client_stays``: it does not even leave when it has its answer."""
    incoming: list[dict[str, Any]] = [{"type": "http.request", "body": call.request.body, "more_body": False}]
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
        await app(_scope(call, state), receive, send)
    except Exception as raised:  # noqa: BLE001 - it is what the test wants to know
        error = raised
    return _answer(sent, error)


def call_wsgi(app: Callable[..., Any], call: Call) -> Answer:
    """A request to a WSGI app."""
    started: list[Any] = []
    body = bytearray()

    def start_response(status: str, headers: list[Header], exc_info: Any = None) -> Callable[[bytes], None]:
        started[:] = [int(status[:3]), tuple(headers)]
        return body.extend

    try:
        chunks = app(_environ(call), start_response)
        try:
            for chunk in chunks:
                body += chunk
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
    except Exception as error:  # noqa: BLE001 - it is what the test wants to know
        return Answer(status=500, error=error)
    if not started:
        return Answer(status=500, error=RuntimeError("the app returned without calling start_response"))
    return Answer(status=started[0], headers=started[1], body=bytes(body))


def _answer(sent: Sequence[Any], error: Exception | None) -> Answer:
    start = next((message for message in sent if message["type"] == "http.response.start"), None)
    if start is None:
        return Answer(status=500, error=error or RuntimeError("the app returned without an answer"))
    return Answer(
        status=start["status"],
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start.get("headers", ())),
        body=b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body"),
        error=error,
    )


def _scope(call: Call, state: Mapping[str, Any]) -> dict[str, Any]:
    path, _, query = call.target.partition("?")
    url = Target.of(call.request.url)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": call.request.method,
        "scheme": url.scheme,
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in _headers(call)],
        "client": (_CLIENT, 0),
        "server": (url.host, url.port),
        "state": dict(state),
    }


def _environ(call: Call) -> dict[str, Any]:
    path, _, query = call.target.partition("?")
    url = Target.of(call.request.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": call.request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": call.target,
        "SERVER_NAME": url.host,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": _CLIENT,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(call.request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in _headers(call):
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def _headers(call: Call) -> list[Header]:
    length = str(len(call.request.body))
    return [("Host", Target.of(call.request.url).authority), *call.request.headers, ("Content-Length", length)]
