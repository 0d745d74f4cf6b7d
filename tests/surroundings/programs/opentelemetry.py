"""Every instrumentation of OpenTelemetry that an app with us may have. Prints what its spans say of messages."""

import json
import sys
from typing import Any

from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.starlette import StarletteInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)
for instrumentor in (FastAPIInstrumentor, FlaskInstrumentor, HTTPXClientInstrumentor, StarletteInstrumentor):
    instrumentor().instrument()

from fastapi import APIRouter, FastAPI  # noqa: E402
from flask import Flask, g  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import PlainTextResponse  # noqa: E402
from starlette.routing import Route  # noqa: E402

import qstash_integrations.flask  # noqa: E402
import qstash_integrations.starlette  # noqa: E402
from qstash_integrations import QStash, Receiver  # noqa: E402
from qstash_integrations.fastapi import DeliveryDep, VerifiedRoute  # noqa: E402
from tests.hosts import Request as Sent  # noqa: E402
from tests.hosts import asgi_send, wsgi_send  # noqa: E402
from tests.publish.loopback import URL  # noqa: E402
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed  # noqa: E402
from tests.wsgi_server import running  # noqa: E402

OPTIONS: Any = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}


def starlette() -> Any:
    @qstash_integrations.starlette.verify_qstash(**OPTIONS)
    async def ship(request: Request) -> PlainTextResponse:
        return PlainTextResponse(await request.body())

    return asgi_send(Starlette(routes=[Route("/hooks/ship", ship, methods=["POST"])]))


def fastapi() -> Any:
    app, hooks = FastAPI(), APIRouter(route_class=VerifiedRoute.using(**OPTIONS))

    @hooks.post("/hooks/ship")
    def ship(delivery: DeliveryDep) -> str:
        return delivery.body.decode()

    app.include_router(hooks)
    return asgi_send(app)


def flask() -> Any:
    app = Flask("shop")
    app.post("/hooks/ship")(qstash_integrations.flask.verify_qstash(**OPTIONS)(lambda: g.qstash_delivery.body))
    return wsgi_send(app)


def receipt(environ: Any, start_response: Any) -> list[bytes]:
    start_response("201 Created", [("Content-Type", "application/json")])
    return [b'{"messageId": "msg_1"}']


def main() -> None:
    seen: dict[str, Any] = {}
    for make in (starlette, fastapi, flask):
        send = make()
        genuine = Sent("/hooks/ship", [("Upstash-Signature", signed(b"hi"))], b"hi")
        seen[make.__name__] = [send(genuine).status, send(genuine._replace(headers=[])).status]
    with running(receipt) as port, QStash("a-secret-token", base_url=f"http://127.0.0.1:{port}") as qstash:
        seen["published"] = qstash.publish(url=URL, body="a secret body").message_id
    spans = kept.get_finished_spans()
    ours = [span for span in spans if span.instrumentation_scope.name == "qstash_integrations"]
    works = [span for span in ours if span.kind.name == "CONSUMER"]
    by_id = {span.context.span_id: span for span in spans}
    (sent,) = [span for span in ours if span.kind.name == "PRODUCER"]
    seen["deliveries"] = [[span.name, by_id[span.parent.span_id].kind.name] for span in works if span.parent]
    seen["requests"] = len([span for span in spans if span.kind.name == "SERVER"])
    seen["below the send"] = [s.kind.name for s in spans if s.parent and s.parent.span_id == sent.context.span_id]
    kinds = sorted({span.kind.name for span in spans})
    shown = "".join(span.to_json() for span in spans)
    secrets = [text for text in ("a-secret-token", "a secret body", signed(b"hi"), CURRENT, NEXT) if text in shown]
    json.dump({**seen, "kinds": kinds, "secrets": secrets}, sys.stdout)


if __name__ == "__main__":
    main()
