"""Tasks: named by their names, and the calls of a chain one behind the other."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from flask import Flask
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind
from starlette.applications import Starlette

import qstash_integrations.fastapi
import qstash_integrations.flask
import qstash_integrations.starlette
from qstash_integrations import Callback
from qstash_integrations.tasks import TasksApp, chain, current_call, task
from qstash_integrations.testing import LocalQStash

from .sdk import Told, context_of, linked


@task(backoff=[60], callback_headers={"X-Shop": "1"})
def ship(order_id: int) -> None:
    if current_call().attempt == 1:
        raise OSError("no lorry")


@task
async def bill(order_id: int) -> None: ...


@task
def tell(callback: Callback) -> None: ...


TASKS = [ship, bill, tell]


def in_starlette() -> Any:
    app = Starlette()
    qstash_integrations.starlette.QStash(app, tasks=TASKS)
    return app


def in_fastapi() -> Any:
    app = FastAPI()
    qstash_integrations.fastapi.QStash(app, tasks=TASKS)
    return app


def in_flask() -> Any:
    app = Flask("shop")
    qstash_integrations.flask.QStash(app, tasks=TASKS)
    return app


APPS: dict[str, Callable[[], Any]] = {
    "asgi": lambda: TasksApp(TASKS),
    "starlette": in_starlette,
    "fastapi": in_fastapi,
    "flask": in_flask,
}
NAME = "tests.otel.test_tasks"


def works(told: Told) -> list[ReadableSpan]:
    return [span for span in told.ours() if span.kind is SpanKind.CONSUMER]


@pytest.mark.parametrize("app", APPS.values(), ids=APPS)
def test_a_task_is_one_story_with_its_retry_and_its_callback(told: Told, app: Callable[[], Any]) -> None:
    with LocalQStash(app()) as local:
        ship.using(callback=tell).publish(3)
        local.run_until_idle()
    send = told.one(f"send {NAME}.ship")
    names = [f"process {NAME}.{name}" for name in ("ship", "tell", "ship", "tell")]
    assert sorted(span.name for span in works(told)) == sorted(names)
    assert {tuple(linked(span)) for span in works(told)} == {(context_of(send),)}
    failed = next(span for span in works(told) if span.events)
    assert (failed.attributes or {})["error.type"] == "RetryAfter"
    assert [(event.attributes or {})["exception.type"] for event in failed.events] == ["OSError"]


@pytest.mark.parametrize("app", APPS.values(), ids=APPS)
def test_what_follows_in_a_chain_is_sent_by_the_call_before(told: Told, app: Callable[[], Any]) -> None:
    with LocalQStash(app()) as local:
        chain(bill.bind(3), bill.bind(4)).publish()
        local.run_until_idle()
    first, second = works(told)
    sends = [span for span in told.ours() if span.kind is SpanKind.PRODUCER]
    assert [span.name for span in sends] == [f"send {NAME}.bill"] * 2
    assert [told.is_below(send, first) for send in sends] == [False, True]
    assert linked(second) == [context_of(sends[1])]
