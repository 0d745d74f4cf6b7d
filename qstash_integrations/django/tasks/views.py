"""The two views: QStash calls a task, and reports one that it has given up.

Both are verified, and outside of ATOMIC_REQUESTS on every database: an answer that is no 2xx must not roll back what
the row says.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.signals import got_request_exception
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse

from ..._core.errors import NonRetryable, RetryAfter
from ..._core.receiving.answers import ALREADY_DONE, Answer, error_answer
from ..._core.receiving.delivery import Callback, Delivery
from ..._core.receiving.report import logger
from ..._core.receiving.telling import of_delivery
from ..decorators import verify_qstash
from ..response import response_of
from . import unstored
from .api import Task
from .backend import QStashBackend, backend_of
from .calls import Called, Content
from .registered import find
from .running import Outcome

View = TypeVar("View", bound=Callable[..., HttpResponse])


def _on_every_database(view: View) -> View:
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view


@_on_every_database
@verify_qstash
def called(request: HttpRequest, name: str) -> HttpResponse:
    """A delivery of a task's message."""
    delivery = _delivery(request)
    found = _found(name, delivery.body)
    if isinstance(found, Answer):
        return response_of(found)
    task, content, backend = found
    call = Called.from_url(delivery.claims.sub)
    outcome: Outcome | None
    if backend.read.results:
        from . import deliveries

        answer, outcome = deliveries.deliver(task, call, content, delivery, backend)
    else:
        answer, outcome = unstored.deliver(task, call, content, delivery, backend)
    if outcome is not None and outcome.error is not None:
        _report(outcome.error, request)
    return response_of(answer)


@_on_every_database
@verify_qstash
def given_up(request: HttpRequest, name: str) -> HttpResponse:
    """The failure callback of a task's message."""
    delivery = _delivery(request)
    try:
        callback = Callback.from_delivery(delivery)
    except ValueError as error:
        logger.warning(
            "qstash task %s: a failure callback that is none: %s",
            name,
            error,
            extra=of_delivery("task_callback_unreadable", task=name, status=400),
        )
        return response_of(error_answer(400, str(error)))
    found = _found(name, callback.source_body)
    if isinstance(found, Answer):
        return response_of(found)
    task, content, backend = found
    if not backend.read.results:
        return response_of(ALREADY_DONE)
    from . import deliveries, reaping

    call = Called.from_url(delivery.claims.sub)
    row = deliveries.row_given_up(task, call, content, callback, backend)
    if isinstance(row, Answer):
        return response_of(row)
    settled = reaping.settle(row, task, backend, status=callback.status, message_id=callback.source_message_id)
    return response_of(reaping.answer_of(*settled))


def _delivery(request: Any) -> Delivery:
    delivery: Delivery = request.qstash_delivery
    return delivery


def _found(name: str, body: bytes) -> tuple[Task, Content, QStashBackend] | Answer:
    """The task that a verified request is about, and its backend."""
    task = find(name)
    if task is None:
        logger.error(
            "qstash task %a was called, and this project has no such task: is its app in INSTALLED_APPS?",
            name,
            extra=of_delivery("task_unknown", task=name, status=404),
        )
        return error_answer(404, "no such task")
    try:
        content = Content.from_body(body)
    except ValueError as error:
        logger.error(
            "qstash task %s was called with a body that is none: %s",
            name,
            type(error).__name__,
            extra=of_delivery("task_arguments_refused", task=name, status=400, error=type(error).__name__),
        )
        return error_answer(400, "no body of a task")
    backend = backend_of(content.backend)
    if backend is None:
        logger.error(
            "qstash task %s was called for %a, which is no QStashBackend of TASKS",
            name,
            content.backend,
            extra=of_delivery("task_backend_unknown", task=name, status=404),
        )
        return error_answer(404, "no such task")
    return task, content, backend


def _report(error: BaseException, request: HttpRequest) -> None:
    """As Django does for views, to error trackers; what asks the server to stop passes on."""
    if isinstance(error, NonRetryable | RetryAfter):
        return
    try:
        raise error
    except Exception:  # noqa: BLE001 - the answer is made already
        got_request_exception.send(sender=None, request=request)
