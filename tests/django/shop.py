"""A Django project whose verified view stands at /hooks/ship, and what is sent to it."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from qstash_integrations import Delivery, Receiver
from qstash_integrations.django import qstash, verify_qstash
from tests.django.project import asgi_app, wsgi_app
from tests.hosts import Answer, Request, Send, asgi_send, wsgi_send
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

Host = Callable[..., Send]
HOSTS: dict[str, Host] = {
    "wsgi": lambda *patterns: wsgi_send(wsgi_app(*patterns)),
    "asgi": lambda *patterns: asgi_send(asgi_app(*patterns)),
}
"""How URL patterns become something that requests can be sent to."""
# For what is decided before a request comes, and for views that both hosts call in the same way.
on_one_host = pytest.mark.parametrize("host", [HOSTS["asgi"]], ids=["asgi"])

RECEIVER = Receiver(CURRENT, NEXT, now=lambda: NOW)
URL = ORIGIN + "/hooks/ship"
OPTIONS: Any = {"receiver": RECEIVER, "public_url": ORIGIN}
REJECTED = Answer(
    401,
    {
        "content-type": "application/json",
        "cache-control": "no-store",
        "www-authenticate": "Upstash-Signature",
        "content-length": "29",
    },
    b'{"error":"invalid signature"}',
)
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
MULTIPART_BODY = (
    b'--x\r\nContent-Disposition: form-data; name="order"; filename="o.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\nthree\r\n--x--\r\n"
)


def delivery_of(request: Any) -> Delivery:
    """What the decorator left on the request, for type checkers."""
    delivery: Delivery = request.qstash_delivery
    return delivery


def ship(request: HttpRequest) -> HttpResponse:
    return HttpResponse(delivery_of(request).claims.sub)


async def ship_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse(delivery_of(request).claims.sub)


def publish(request: HttpRequest) -> HttpResponse:
    qstash.publish(url="https://example.com", body=request.body)
    return HttpResponse("published")


def is_async(view: Any) -> bool:
    """As Django asks."""
    return iscoroutinefunction(view)  # pyright: ignore[reportDeprecated]


def raises(error: BaseException) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


def request_to(
    target: str = "/hooks/ship",
    body: bytes = b"",
    *,
    token: str | None = None,
    content_type: str = "text/plain",
    headers: tuple[tuple[str, str], ...] = (),
    **request: Any,
) -> Request:
    """A request signed for its own target and body, unless ``token`` says otherwise."""
    signature = signed(body, ORIGIN + target) if token is None else token
    return Request(
        target, [("Upstash-Signature", signature), ("Content-Type", content_type), *headers], body, **request
    )


class Shop:
    """A project with one verified view, and the deliveries that reached it."""

    def __init__(
        self, host: Host, view: Callable[[HttpRequest], Any] = lambda request: HttpResponse("shipped"), **options: Any
    ) -> None:
        self.ran: list[Delivery] = []

        @verify_qstash(**{**OPTIONS, **options})
        def ship(request: HttpRequest) -> Any:
            self.ran.append(delivery_of(request))
            return view(request)

        self._send = host(path("hooks/ship", ship))

    def send(self, body: bytes = b"hi", **request: Any) -> Answer:
        return self._send(request_to(body=body, **request))
