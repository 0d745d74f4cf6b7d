"""Flask apps whose verified view stands at /hooks/ship, and what is sent to them."""

from collections.abc import Callable
from typing import Any

from flask import Flask, g, request

from qstash_integrations import Delivery, Receiver
from qstash_integrations.flask import QStash, verify_qstash
from tests.hosts import Answer, Request, wsgi_send
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

RECEIVER = Receiver(CURRENT, NEXT, now=lambda: NOW)
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
URL = ORIGIN + "/hooks/ship"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
MULTIPART_BODY = (
    b'--x\r\nContent-Disposition: form-data; name="order"; filename="o.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\nthree\r\n--x--\r\n"
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Shop:
    """An app, and the deliveries that reached its verified view."""

    def __init__(self, view: Callable[[], Any] = lambda: "shipped", /, **options: Any) -> None:
        self.app = Flask("shop")
        self.ran: list[Delivery] = []
        defaults: Any = {"receiver": RECEIVER, "public_url": ORIGIN}
        QStash(self.app, **{**defaults, **options})

        @verify_qstash
        def ship() -> Any:
            self.ran.append(g.qstash_delivery)
            return view()

        self.app.add_url_rule("/hooks/ship", view_func=ship, methods=METHODS)

    def send(
        self,
        body: bytes = b"hi",
        *,
        token: str | None = None,
        content_type: str = "text/plain",
        target: str = "/hooks/ship",
        **request: Any,
    ) -> Answer:
        """A request signed for its own body, unless ``token`` says otherwise."""
        signature = signed(body) if token is None else token
        headers = (("Upstash-Signature", signature), ("Content-Type", content_type), *request.pop("headers", ()))
        return wsgi_send(self.app)(Request(target, headers, body, **request))


def seen() -> dict[str, Any]:
    """Everything that Flask's request shows of the body."""
    return {
        "data": request.get_data().decode(),
        "form": request.form.to_dict(),
        "files": {name: file.read().decode() for name, file in request.files.items()},
        "json": request.get_json(silent=True),
    }


def new_app(**options: Any) -> Flask:
    app = Flask("shop")
    defaults: Any = {"receiver": RECEIVER, "public_url": ORIGIN}
    QStash(app, **{**defaults, **options})
    return app


def send(app: Any, target: str = "/hooks/ship", token: str | None = None, **request: Any) -> Answer:
    """A request without a body, signed for its target unless ``token`` says otherwise."""
    signature = signed(b"", ORIGIN + target) if token is None else token
    return wsgi_send(app)(Request(target, [("Upstash-Signature", signature)], **request))


def raises(error: BaseException) -> Callable[[], Any]:
    def view() -> Any:
        raise error

    return view


async def ship_async() -> str:
    return str(g.qstash_delivery.claims.sub)


def name_of_file(name: str) -> str:
    return name


def ship() -> str:
    return str(g.qstash_delivery.claims.sub)
