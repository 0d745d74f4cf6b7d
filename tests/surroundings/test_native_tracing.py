"""Frameworks that record requests by themselves: each is recorded once, and the delivery below it once."""

from collections.abc import Generator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from opentelemetry.trace import SpanKind, StatusCode
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.opentelemetry import OpenTelemetryMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qstash_integrations import QStash
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations.fastapi import VerifiedRoute
from qstash_integrations.starlette import verify_qstash
from qstash_integrations.testing import LocalQStash
from tests.otel.sdk import Told, context_of, linked, recording

URL = "https://testserver/hooks/ship"


@pytest.fixture
def told() -> Generator[Told]:
    with recording() as made:
        yield made


def of_starlette() -> Any:
    @verify_qstash
    async def ship(request: Request) -> Response:
        raise LookupError("no such order")

    routes = [Route("/hooks/ship", ship, methods=["POST"])]
    return Starlette(routes=routes, middleware=[Middleware(OpenTelemetryMiddleware)])


def of_fastapi() -> Any:
    app, hooks = FastAPI(), APIRouter(route_class=VerifiedRoute)

    @hooks.post("/hooks/ship")
    def ship() -> None:
        raise LookupError("no such order")

    app.include_router(hooks)
    return app


@pytest.mark.parametrize("build", [of_starlette, of_fastapi])
def test_a_request_and_its_delivery_are_recorded_once(told: Told, build: Any) -> None:
    with LocalQStash(build()) as local:
        QStash("a-token").publish(url=URL, retries=0)
        local.deliver_due()
    (server,) = [span for span in told.all() if span.kind is SpanKind.SERVER]
    (work,) = [span for span in told.all() if span.kind is SpanKind.CONSUMER]
    send = told.one("send testserver")
    assert server.parent is not None
    assert (server.parent.trace_id, server.parent.span_id) == context_of(send)
    assert told.is_below(work, server)
    assert linked(work) == [context_of(send)]
    assert work.status.status_code is StatusCode.ERROR
    assert [event.name for span in told.ours() for event in span.events] == ["exception"]


@pytest.mark.parametrize("build", [of_starlette, of_fastapi])
def test_with_links_alone_a_delivery_is_a_trace_of_its_own(told: Told, build: Any) -> None:
    with override_settings(QSTASH_OTEL="links"), LocalQStash(build()) as local:
        QStash("a-token").publish(url=URL, retries=0)
        local.deliver_due()
    (server,) = [span for span in told.all() if span.kind is SpanKind.SERVER]
    (work,) = [span for span in told.all() if span.kind is SpanKind.CONSUMER]
    send = told.one("send testserver")
    assert server.parent is None
    assert work.context.trace_id == server.context.trace_id != send.context.trace_id
    assert linked(work) == [context_of(send)]
