"""What verification adds to a request, in the framework but without a server: a bare app, ours, and the official way.

The app is called as a server calls it. What the bare app takes is subtracted from both, and the floor is that of
``verify``. Before anything is timed, both ways refuse a forged request.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any

from .measure import seconds_each
from .table import Row, at_most
from .tokens import KIB, ORIGIN, WRONG, token
from .verify import US, floor

SIDES = ("bare", "ours", "official")
AT_ONCE = 20  # requests in one go of the event loop


def measure() -> list[Row]:
    loop = asyncio.new_event_loop()
    try:
        return [
            _row("starlette", lambda app, path, sent: _asgi(loop, app, path, sent), 0.35),
            _row("flask", _wsgi, 0.5),
            _row("django", _wsgi, 0.5),
        ]
    finally:
        loop.close()


Way = Callable[[], list[int]]
Caller = Callable[[Any, str, str], Way]


def _row(framework: str, caller: Caller, of_peer: float) -> Row:
    apps = import_module(f"{__package__}.apps.{framework}")
    ways: dict[str, Way] = {}
    for side in SIDES:
        app, path = getattr(apps, side), f"/{side}"
        ways[side] = caller(app, path, token(url=ORIGIN + path))
        assert set(ways[side]()) == {200}
        forged = caller(app, path, token(url=ORIGIN + path, key=WRONG))
        assert set(forged()) == {200 if side == "bare" else 401}
    found = {side: seconds / AT_ONCE for side, seconds in seconds_each(ways, rounds=25).items()}
    ours, peer = found["ours"] - found["bare"], found["official"] - found["bare"]
    ratios = [at_most(ours / peer, of_peer, "of what the peer adds")]
    return Row(
        "middleware",
        f"added to a request in {framework.capitalize()}",
        "µs",
        ours * US,
        peer * US,
        floor() * US,
        ratios,
    )


def _asgi(loop: asyncio.AbstractEventLoop, app: Any, path: str, signature: str) -> Way:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"content-length", b"%d" % len(KIB)),
            (b"upstash-signature", signature.encode()),
            (b"upstash-message-id", b"msg_26hZCxZCuWyyTWPmSVBrNB882AMbwQS9E"),
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }

    async def many() -> list[int]:
        return [await _exchange(app, {**scope, "state": {}}) for _ in range(AT_ONCE)]

    return lambda: loop.run_until_complete(many())


async def _exchange(app: Callable[..., Awaitable[None]], scope: dict[str, Any]) -> int:
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": KIB, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status


def _wsgi(app: Any, path: str, signature: str) -> Way:
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "RAW_URI": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(KIB)),
        "HTTP_HOST": "127.0.0.1",
        "HTTP_UPSTASH_SIGNATURE": signature,
        "HTTP_UPSTASH_MESSAGE_ID": "msg_26hZCxZCuWyyTWPmSVBrNB882AMbwQS9E",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }

    def once() -> int:
        statuses: list[str] = []

        def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
            statuses.append(status)

        answer = app({**environ, "wsgi.input": io.BytesIO(KIB)}, start_response)
        b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        return int(statuses[0][:3])

    return lambda: [once() for _ in range(AT_ONCE)]
