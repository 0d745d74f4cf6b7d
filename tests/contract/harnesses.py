"""Seven hosts for one handler: the same requests must get the same answers from all of them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from qstash_integrations import Delivery, Receiver
from tests.contract import asgi_apps, wsgi_apps
from tests.contract.calls import Call, Handler, Reading, Reply
from tests.hosts import Answer, Request, Send, asgi_send, wsgi_send
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

RECEIVER = Receiver(CURRENT, NEXT, now=lambda: NOW)
URL = ORIGIN + "/hooks/ship"
BODY = b'{"order":"o-3c9f"}'
UNSIGNED = "no Upstash-Signature header at all"


class Harness(NamedTuple):
    """A framework: how to put a handler behind the verification, and how a server would call the result."""

    build: Callable[[Handler, Sequence[Reading], Any], Any]
    """From a handler, the readings of the body that it wants and the options of the adapter to an app."""
    serve: Callable[[Any], Send]
    asgi: bool = False
    streams: bool = True
    """The app is called before the body has arrived."""
    reads_chunks: bool = True
    """The framework reads a body without a length."""
    parses: bool = True
    """The framework parses JSON and forms."""


HARNESSES = {
    "asgi": Harness(asgi_apps.bare, asgi_send, asgi=True, parses=False),
    "starlette": Harness(asgi_apps.starlette, asgi_send, asgi=True),
    "fastapi": Harness(asgi_apps.fastapi, asgi_send, asgi=True),
    "flask": Harness(wsgi_apps.flask, wsgi_send),
    "flask-async": Harness(wsgi_apps.flask_async, wsgi_send),
    "django-wsgi": Harness(wsgi_apps.django_wsgi, wsgi_send, reads_chunks=False),
    "django-asgi": Harness(asgi_apps.django, asgi_send, asgi=True, streams=False),
}


def done(call: Call) -> Reply:
    return Reply()


class Shop:
    """An app with one verified handler on every path, and what reached it."""

    def __init__(
        self, harness: Harness, handler: Handler = done, *, readings: Sequence[Reading] = ("body",), **options: Any
    ) -> None:
        self.calls: list[Call] = []
        self.secrets = {CURRENT, NEXT}

        def record(call: Call) -> Reply:
            self.calls.append(call)
            return handler(call)

        self.app = harness.build(record, readings, {"receiver": RECEIVER, "public_url": ORIGIN, **options})
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
        whole = body if isinstance(body, bytes) else b"".join(body)
        if token is None:
            token = signed(whole, ORIGIN + target)
        self.secrets.update(text for text in (_text(token), _text(whole)) if len(text) > 8)
        signature = () if token == UNSIGNED else (("Upstash-Signature", token),)
        return self._send(Request(target, (*signature, *headers), body, **request))

    @property
    def delivery(self) -> Delivery:
        """What the handler was given; it must have run once."""
        (call,) = self.calls
        assert isinstance(call.delivery, Delivery)
        return call.delivery


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
