"""Requests that are turned away: counted by reason, and told nothing else of."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from qstash_integrations import Receiver, flask, starlette
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations.once import MemoryStore
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

from .sdk import Told

FORGED = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
Send = Callable[[bytes, dict[str, str]], int]


def options(**more: Any) -> Any:
    return {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN, **more}


def asgi(**more: Any) -> Send:
    @starlette.verify_qstash(**options(**more))
    async def ship(request: Request) -> Response:
        return Response("done")

    client = TestClient(Starlette(routes=[Route("/hooks/ship", ship, methods=["POST"])]))
    return lambda body, headers: client.post("/hooks/ship", content=body, headers=headers).status_code


def wsgi(**more: Any) -> Send:
    app = Flask("shop")
    app.post("/hooks/ship")(flask.verify_qstash(**options(**more))(lambda: "done"))
    return lambda body, headers: app.test_client().post("/hooks/ship", data=body, headers=headers).status_code


REASONS: dict[str, tuple[dict[str, Any], bytes, dict[str, str]]] = {
    "missing": ({}, b"hi", {}),
    "malformed": ({}, b"hi", {"Upstash-Signature": "nothing"}),
    "wrong_key": ({}, b"hi", {"Upstash-Signature": signed(b"hi", key="x" * 40)}),
    "body_mismatch": ({}, b"ho", {"Upstash-Signature": signed(b"hi")}),
    "body_too_large": ({"max_body_size": 1}, b"hi", {"Upstash-Signature": signed(b"hi")}),
}


@pytest.mark.parametrize("build", [asgi, wsgi])
@pytest.mark.parametrize("reason", REASONS)
def test_a_rejection_is_counted_by_its_reason_and_has_no_span(told: Told, build: Any, reason: str) -> None:
    more, body, headers = REASONS[reason]
    send = build(**more)
    assert [send(body, FORGED | headers) for _ in range(2)] == [413 if reason == "body_too_large" else 401] * 2
    assert told.all() == []
    (point,) = told.points("messaging.qstash.rejected.requests")
    assert (point.value, dict(point.attributes)) == (2, {"messaging.system": "qstash", "error.type": reason})


@pytest.mark.parametrize("build", [asgi, wsgi])
def test_a_replay_is_a_rejection(told: Told, build: Any) -> None:
    send = build(once=MemoryStore())
    headers = {"Upstash-Signature": signed(b"hi")}
    assert send(b"hi", headers | {"Upstash-Message-Id": "msg_1"}) == 200
    assert send(b"hi", headers | {"Upstash-Message-Id": "msg_2"}) == 401
    assert len(told.names()) == 1
    (point,) = told.points("messaging.qstash.rejected.requests")
    assert point.attributes["error.type"] == "replayed"


@pytest.mark.parametrize("build", [asgi, wsgi])
def test_off_is_off_here_too(told: Told, build: Any) -> None:
    with override_settings(QSTASH_OTEL="off"):
        assert build()(b"hi", {}) == 401
    assert told.points("messaging.qstash.rejected.requests") == []


@pytest.mark.parametrize("build", [asgi, wsgi])
@pytest.mark.parametrize("text", ["nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "f" * 2000])
def test_what_is_no_context_is_no_link(told: Told, build: Any, text: str) -> None:
    headers = {"Upstash-Signature": signed(b"hi"), "traceparent": text}
    assert build()(b"hi", headers) == 200
    (work,) = told.ours()
    assert work.links == ()
