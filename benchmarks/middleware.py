"""What verification adds to a request, in the framework but without a server: a bare app, ours, and the official way.

The app is called as a server calls it. What the bare app takes is subtracted from both and from the floor, round by
round. The floor is that of ``verify``, in the handler: in an app, whose code does not fit into the first cache of a
processor as a whole, the same few lines take half as long again. Before anything is timed, both ways refuse a forged
request.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from importlib import import_module
from statistics import median
from typing import Any

from .measure import ratio, times_each
from .table import Row, Target, at_most
from .tokens import KIB, ORIGIN, WRONG, token
from .verify import US

ROUNDS = 25
SIDES = ("bare", "ours", "official", "floor")
REFUSING = ("ours", "official")
AT_ONCE = 20  # requests in one go of the event loop


def measure() -> list[Row]:
    loop = asyncio.new_event_loop()
    in_asgi = partial(_asgi, loop)
    try:
        return [
            _row("Starlette", in_asgi, of_peer=0.45, of_floor=2.5),
            _row("FastAPI", in_asgi, of_peer=0.48, of_floor=2.7),
            _row("Flask", _wsgi, of_peer=0.48, of_floor=4),
            _row("Django", _wsgi, of_peer=0.4, of_floor=4),
        ]
    finally:
        loop.close()


Way = Callable[[], list[int]]
Caller = Callable[[Any, str, str], Way]


def _row(framework: str, caller: Caller, *, of_peer: float, of_floor: float) -> Row:
    apps = import_module(f"{__package__}.apps.{framework.lower()}")
    ways: dict[str, Way] = {}
    for side in SIDES:
        app, path = getattr(apps, side), f"/{side}"
        way = ways[side] = caller(app, path, token(url=ORIGIN + path))
        assert set(way()) == {200}
        forged = caller(app, path, token(url=ORIGIN + path, key=WRONG))
        assert set(forged()) == {401 if side in REFUSING else 200}
    times = times_each(ways, rounds=ROUNDS)
    added = [(median(times[side]) - median(times["bare"])) / AT_ONCE * US for side in ("ours", "official", "floor")]
    ratios = [
        _at_most(
            times,
            lambda one: (one["ours"] - one["bare"]) / (one["official"] - one["bare"]),
            of_peer,
            "of what the peer adds",
        ),
        _at_most(
            times, lambda one: (one["ours"] - one["bare"]) / (one["floor"] - one["bare"]), of_floor, "of the floor"
        ),
    ]
    return Row("middleware", f"added to a request in {framework}", "µs", *added, ratios)


def _at_most(
    times: Mapping[str, list[float]], of: Callable[[Mapping[str, float]], float], wanted: float, text: str
) -> Target:
    value, spread = ratio(times, of)
    return at_most(value, wanted, text, spread)


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


def environ_of(path: str, signature: str) -> dict[str, Any]:
    """A request as a WSGI server gives it, but for its body."""
    return {
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


def _wsgi(app: Any, path: str, signature: str) -> Way:
    environ = environ_of(path, signature)

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
