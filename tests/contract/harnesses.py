"""Eight hosts for one handler: the same requests must get the same answers from all of them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

import anyio
import pytest

from qstash_integrations import Delivery, Receiver, current_delivery
from tests.contract import aiohttp_apps, asgi_apps, wsgi_apps
from tests.contract.calls import ALONE, Around, Call, Handler, Reading, Reply
from tests.hosts import Answer, Request, Send, asgi_exchange, wsgi_send
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

RECEIVER = Receiver(CURRENT, NEXT, now=lambda: NOW)
URL = ORIGIN + "/hooks/ship"
BODY = b'{"order":"o-3c9f"}'
UNSIGNED = "no Upstash-Signature header at all"


class Harness(NamedTuple):
    """A framework: how to put a handler behind the verification, and how a server would call the result."""

    build: Callable[..., Any]
    """From a handler, the readings of the body that it wants, the options of the adapter, and Around, to an app."""
    start: Callable[[Any], None]
    """What looks at an app's settings when it starts: ConfigurationError when a verified handler lacks one."""
    exchange: Callable[[Any, Request], Awaitable[Answer]] | None = None
    """One request to an app that runs in an event loop; None for WSGI."""
    asgi: bool = False
    streams: bool = True
    """The app is called before the body has arrived."""
    reads_chunks: bool = True
    """The framework reads a body without a length."""
    parses: bool = True
    """The framework parses JSON and forms."""
    mounts: bool = True
    """The server may say where the app is mounted."""
    has_ahead: bool = True
    """Other code can stand between the framework and the verification."""
    done_when_returned: bool = False
    """The work of a handler is done when that has returned, and not when its answer is sent: it is committed."""

    def serve(self, app: Any) -> Send:
        exchange = self.exchange
        return wsgi_send(app) if exchange is None else lambda request: anyio.run(exchange, app, request)

    def left_over(self, app: Any, request: Request) -> Delivery | None:
        """What ``current_delivery`` finds after a request, where that was made."""
        if self.exchange is not None:
            return anyio.run(_left_over, self.exchange, app, request)
        with suppress(Exception):
            wsgi_send(app)(request)
        return current()

    def serve_at_once(self, app: Any, requests: Sequence[Request]) -> list[Answer]:
        """In one event loop, or in eight threads."""
        if self.exchange is not None:
            return anyio.run(_all_at_once, self.exchange, app, requests)
        with ThreadPoolExecutor(8) as threads:
            return list(threads.map(wsgi_send(app), requests))


HARNESSES = {
    "asgi": Harness(asgi_apps.bare, asgi_apps.start, asgi_exchange, asgi=True, parses=False, has_ahead=False),
    "starlette": Harness(asgi_apps.starlette, asgi_apps.start_with_publisher, asgi_exchange, asgi=True),
    "fastapi": Harness(asgi_apps.fastapi, asgi_apps.start_with_publisher, asgi_exchange, asgi=True, has_ahead=False),
    "flask": Harness(wsgi_apps.flask, wsgi_apps.start_flask),
    "flask-async": Harness(wsgi_apps.flask_async, wsgi_apps.start_flask),
    "django-wsgi": Harness(wsgi_apps.django_wsgi, wsgi_apps.start_django, reads_chunks=False, done_when_returned=True),
    "django-asgi": Harness(
        asgi_apps.django, wsgi_apps.start_django, asgi_exchange, asgi=True, streams=False, done_when_returned=True
    ),
    "aiohttp": Harness(aiohttp_apps.aiohttp, aiohttp_apps.start, aiohttp_apps.aiohttp_exchange, mounts=False),
}
# One of each interface, for what is decided behind all adapters.
INTERFACES = ("asgi", "flask")
on_each_interface = pytest.mark.parametrize("harness", INTERFACES, indirect=True)
# Which ways there are for a request to be admitted: an async view of Flask is met behind that of a plain one.
WAYS_IN = [name for name in HARNESSES if name != "flask-async"]


def each(
    arguments: str, rows: Mapping[str, Any], *, on_all: Sequence[str], harnesses: Iterable[str] = WAYS_IN
) -> pytest.MarkDecorator:
    """Every row over ASGI and over WSGI; on the other harnesses those in which an adapter can be wrong by itself."""
    names = arguments.split(", ")
    assert set(on_all) <= set(rows)
    return pytest.mark.parametrize(
        ("harness", *names),
        [
            pytest.param(harness, *(row if len(names) > 1 else (row,)), id=f"{harness}-{name}")
            for harness in harnesses
            for name, row in rows.items()
            if harness in INTERFACES or name in on_all
        ],
        indirect=["harness"],
    )


def current() -> Delivery | None:
    try:
        return current_delivery()
    except LookupError:
        return None


def done(call: Call) -> Reply:
    return Reply()


class Shop:
    """An app with one verified handler on every path, and what reached it."""

    def __init__(
        self,
        harness: Harness,
        handler: Handler = done,
        *,
        readings: Sequence[Reading] = ("body",),
        around: Around = ALONE,
        **options: Any,
    ) -> None:
        self.calls: list[Call] = []
        self.current: list[Delivery | None] = []
        """What ``current_delivery`` found in the handler."""
        self.secrets = {CURRENT, NEXT}

        def record(call: Call) -> Reply:
            self.calls.append(call)
            self.current.append(current())
            return handler(call)

        self.app = harness.build(record, readings, {"receiver": RECEIVER, "public_url": ORIGIN, **options}, around)
        self._send = harness.serve(self.app)

    def send(
        self,
        body: bytes | Sequence[bytes] = BODY,
        *,
        token: str | bytes | None = None,
        target: str = "/hooks/ship",
        headers: Sequence[tuple[str, str | bytes]] = (),
        **request: Any,
    ) -> Answer:
        """A request signed for its own body and the usual URL, unless ``token`` says otherwise."""
        return self._send(self.request(body, token=token, target=target, headers=headers, **request))

    def request(
        self,
        body: bytes | Sequence[bytes] = BODY,
        *,
        token: str | bytes | None = None,
        target: str = "/hooks/ship",
        headers: Sequence[tuple[str, str | bytes]] = (),
        **request: Any,
    ) -> Request:
        whole = body if isinstance(body, bytes) else b"".join(body)
        if token is None:
            token = signed(whole, ORIGIN + target)
        self.secrets.update(text for text in (_text(token), _text(whole)) if len(text) > 8)
        signature = () if token == UNSIGNED else (("Upstash-Signature", token),)
        return Request(target, (*signature, *headers), body, **request)

    @property
    def delivery(self) -> Delivery:
        """What the handler was given; it must have run once."""
        (call,) = self.calls
        assert isinstance(call.delivery, Delivery)
        return call.delivery


async def _all_at_once(
    exchange: Callable[[Any, Request], Awaitable[Answer]], app: Any, requests: Sequence[Request]
) -> list[Answer]:
    answers: dict[int, Answer] = {}

    async def send(number: int) -> None:
        answers[number] = await exchange(app, requests[number])

    async with anyio.create_task_group() as tasks:
        for number in range(len(requests)):
            tasks.start_soon(send, number)
    return [answers[number] for number in range(len(requests))]


async def _left_over(exchange: Callable[[Any, Request], Awaitable[Answer]], app: Any, request: Request) -> Any:
    with suppress(Exception):
        await exchange(app, request)
    return current()


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
