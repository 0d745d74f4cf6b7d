"""A message as one story: published, delivered, tried again, reported to its callbacks, in every framework."""

from contextvars import copy_context
from http import HTTPStatus
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from fastapi import Depends, FastAPI
from flask import Flask
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode, get_current_span
from starlette.exceptions import HTTPException

from qstash_integrations import NonRetryable, QStash, RetryAfter, fastapi, flask
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations.asgi import QStashMiddleware
from qstash_integrations.once import MemoryStore
from qstash_integrations.testing import LocalQStash
from tests.contract.calls import ALONE, Call, Reply
from tests.contract.harnesses import HARNESSES, RECEIVER
from tests.hosts import Request, asgi_exchange, wsgi_send
from tests.signing import ORIGIN, signed
from tests.testing.shop import FRAMEWORKS, HOOK, Shop

from .sdk import Told, context_of, linked


def works(told: Told) -> list[ReadableSpan]:
    return [span for span in told.ours() if span.kind is SpanKind.CONSUMER]


def nests(told: Told, span: ReadableSpan) -> bool:
    """Whether it is below another delivery; FastAPI records requests by itself, and takes the sender for a parent."""
    return any(told.is_below(span, other) for other in works(told) if other is not span)


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_each_attempt_and_the_callback_link_to_what_was_published(told: Told, framework: str) -> None:
    shop, failures = Shop(framework), [ValueError("no stock")]

    def ship(order: Any) -> None:
        if "sourceMessageId" not in order and failures:
            raise failures.pop()

    shop.handler = ship
    with LocalQStash(shop.app) as local:
        message_id = shop.publish({"id": 3}, f"{HOOK}?key=a-secret", callback=f"{HOOK}?done=1")
        local.run_until_idle()
    send = told.one("send testserver")
    attempts = [span for span in works(told) if attributes(span)["messaging.message.id"] == message_id]
    callbacks = [span for span in works(told) if span not in attempts]
    assert [attributes(span)["messaging.qstash.retried"] for span in attempts] == [0, 1]
    assert len(callbacks) == 2, "one after each attempt"
    assert [linked(span) for span in works(told)] == [[context_of(send)]] * 4
    assert not any(nests(told, span) for span in works(told))
    failed, succeeded = attempts
    assert (failed.status.status_code, attributes(failed)["error.type"]) == (StatusCode.ERROR, "ValueError")
    assert [event.name for event in failed.events] == ["exception"]
    assert (succeeded.status.status_code, succeeded.events) == (StatusCode.UNSET, ())
    assert attributes(succeeded)["messaging.destination.name"] == HOOK
    assert "a-secret" not in "".join(span.to_json() for span in told.ours())
    assert not get_current_span().get_span_context().is_valid


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_a_handler_publishes_and_records_is_below_its_span(told: Told, framework: str) -> None:
    shop = Shop(framework)

    def ship(order: Any) -> None:
        if order["id"] == 3:
            told.tracer.start_span("stock").end()
            shop.publish({"id": 4})

    shop.handler = ship
    with LocalQStash(shop.app) as local:
        shop.publish({"id": 3})
        local.run_until_idle()
    first, second = works(told)
    sends = [span for span in told.ours() if span.kind is SpanKind.PRODUCER]
    assert [told.is_below(span, first) for span in (told.one("stock"), *sends)] == [True, False, True]
    assert linked(second) == [context_of(sends[1])]


@pytest.mark.sampled("signal", "kind")
@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize(
    ("signal", "kind"), [(NonRetryable("gone"), "NonRetryable"), (RetryAfter(60), "RetryAfter"), (418, "418")], ids=str
)
def test_how_a_handler_steers_qstash_is_the_kind_of_error(told: Told, framework: str, signal: Any, kind: str) -> None:
    shop = Shop(framework)

    def ship(order: Any) -> int:
        if isinstance(signal, Exception):
            raise signal
        return int(signal)

    shop.handler = ship
    with LocalQStash(shop.app) as local:
        shop.publish({"id": 3}, retries=0)
        local.deliver_due()
    (work,) = works(told)
    assert (attributes(work)["error.type"], work.status.status_code) == (kind, StatusCode.ERROR)
    assert work.events == (), "nothing went wrong that has a traceback"
    (point,) = told.points("messaging.process.duration")
    assert (point.count, point.attributes["error.type"]) == (1, kind)


class Wordless(Exception):
    def __str__(self) -> str:
        raise TypeError("no text")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_error_without_a_text_is_recorded_and_leaves_nothing_behind(told: Told, framework: str) -> None:
    harness, url = HARNESSES[framework], f"{ORIGIN}/hooks/ship"

    def ship(call: Call) -> Reply:
        raise Wordless

    app = harness.build(ship, (), {"receiver": RECEIVER, "public_url": ORIGIN}, ALONE)
    request = Request("/hooks/ship", [("Upstash-Signature", signed(b"", url))])
    assert copy_context().run(harness.left_over, app, request) is None
    (work,) = works(told)
    assert (attributes(work)["error.type"], work.status.status_code) == ("Wordless", StatusCode.ERROR)


class Untold:
    @property
    def status_code(self) -> int:
        raise LookupError("no status")


def test_an_answer_that_fails_to_tell_its_status_leaves_nothing_behind(told: Told) -> None:
    app = Flask("shop")
    app.post("/hooks/ship")(flask.verify_qstash(receiver=RECEIVER, public_url=ORIGIN)(lambda: Untold()))
    assert wsgi_send(app)(Request("/hooks/ship", [("Upstash-Signature", signed(b""))])).status == 500
    assert len(works(told)) == 1
    assert not get_current_span().get_span_context().is_valid


def test_a_cancelled_endpoint_of_a_dependency_is_an_error(told: Told) -> None:
    app, scopes = FastAPI(), list[anyio.CancelScope]()

    @app.post("/hooks/ship", dependencies=[Depends(fastapi.verify_qstash(receiver=RECEIVER, public_url=ORIGIN))])
    async def ship() -> None:
        scopes[0].cancel()
        await anyio.lowlevel.checkpoint()

    async def send() -> None:
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            await asgi_exchange(app, Request("/hooks/ship", [("Upstash-Signature", signed(b""))]))

    anyio.run(send)
    (work,) = works(told)
    assert attributes(work)["error.type"] == "CancelledError"


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_status_may_be_one_of_an_enum(told: Told, framework: str) -> None:
    shop = Shop(framework)
    shop.handler = lambda order: HTTPStatus.SERVICE_UNAVAILABLE
    with LocalQStash(shop.app) as local:
        shop.publish({"id": 3}, retries=0)
        local.deliver_due()
    (work,) = works(told)
    assert (attributes(work)["error.type"], work.status.status_code) == ("503", StatusCode.ERROR)


def test_what_answers_elsewhere_is_an_error_once_the_response_has_begun(told: Told) -> None:
    async def ship(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"on its w", "more_body": True})
        raise HTTPException(404)

    with LocalQStash(QStashMiddleware(ship)) as local:
        QStash("a-token").publish(url=HOOK, retries=0)
        local.deliver_due()
    (work,) = works(told)
    assert attributes(work)["error.type"] == "HTTPException"
    assert [event.name for event in work.events] == ["exception"]


@pytest.mark.parametrize("framework", ["starlette", "flask", "aiohttp"])
def test_a_duplicate_says_so(told: Told, framework: str) -> None:
    shop = Shop(framework, once=MemoryStore())
    with LocalQStash(shop.app) as local:
        shop.publish({"id": 3})
        local.deliver_twice()
        local.run_until_idle()
    first, again = works(told)
    assert len(shop.orders) == 1
    assert "messaging.qstash.duplicate" not in attributes(first)
    assert attributes(again)["messaging.qstash.duplicate"] == "done"
    assert linked(again) == linked(first)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_where_it_is_off_nothing_is_recorded(told: Told, framework: str) -> None:
    shop = Shop(framework)
    with override_settings(QSTASH_OTEL="off"), LocalQStash(shop.app) as local:
        shop.publish({"id": 3})
        (attempt,) = local.deliver_due()
    assert attempt.status == 200
    assert told.ours() == []
    assert told.points("messaging.process.duration") == []


def test_links_alone_join_the_story_where_the_server_knows_no_parent(told: Told) -> None:
    shop = Shop("starlette")
    with override_settings(QSTASH_OTEL="links"), LocalQStash(shop.app) as local:
        shop.publish({"id": 3})
        (attempt,) = local.deliver_due()
    (work,) = works(told)
    assert linked(work) == [context_of(told.one("send testserver"))]
    assert "traceparent" not in {name.lower() for name, _ in attempt.headers}


def test_concurrent_deliveries_do_not_see_each_other(told: Told) -> None:
    shop = Shop("starlette")
    seen: dict[int, int] = {}

    def ship(order: Any) -> None:
        seen[order["id"]] = get_current_span().get_span_context().span_id

    shop.handler = ship

    async def deliver() -> None:
        with LocalQStash(shop.app) as local:
            QStash("a-token").batch_json([{"url": HOOK, "body": {"id": number}} for number in range(20)])
            await local.adeliver_due()
            assert not get_current_span().get_span_context().is_valid

    anyio.run(deliver)
    assert sorted(seen.values()) == sorted(span.context.span_id for span in works(told))
    assert len(set(seen.values())) == 20
    creates = [context_of(span) for span in told.ours() if span.name.startswith("create")]
    assert sorted(linked(span)[0] for span in works(told)) == sorted(creates)
