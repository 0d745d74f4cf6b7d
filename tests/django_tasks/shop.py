"""Tasks of a shop, what they have done, and a project that serves them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.urls import include, path

from qstash_integrations import NonRetryable, RetryAfter
from qstash_integrations.django.tasks import qstash_options
from qstash_integrations.django.tasks.api import TaskContext
from tests.django.project import urlconf

try:
    from django.tasks import task
except ModuleNotFoundError:
    from django_tasks import task

BACKEND = "qstash_integrations.django.tasks.QStashBackend"
URLS = urlconf(path("qstash/", include("qstash_integrations.django.urls")))
ran: list[Any] = []
during: list[Callable[[], Any]] = []
"""What the next runs do, and return."""


@task
def ship(order_id: int, *, gift: bool = False) -> Any:
    ran.append((order_id, gift))
    return during.pop(0)() if during else {"shipped": order_id}


@task
async def ship_async(order_id: int) -> int:
    ran.append(order_id)
    return order_id


@task(takes_context=True)
def attempt(context: TaskContext) -> Any:
    ran.append(context.attempt)
    return during.pop(0)() if during else [context.task_result.id, context.attempt]


@task()
@qstash_options(retries=0, label="careful")
def ship_once(order_id: int) -> Any:
    ran.append(order_id)
    return during.pop(0)() if during else None


def no_task(order_id: int) -> None:
    """Importable, and nobody's task."""
    ran.append(order_id)


def raises(error: BaseException) -> Callable[[], Any]:
    def raising() -> Any:
        raise error

    return raising


def returns(value: Any) -> Callable[[], Any]:
    return lambda: value


SIGNALS: dict[str, Exception] = {"NonRetryable": NonRetryable("no such order"), "RetryAfter": RetryAfter(60)}
A_DAY = datetime(2026, 1, 2, tzinfo=UTC)


def content(body: bytes) -> Any:
    return json.loads(body)
