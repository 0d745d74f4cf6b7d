"""Run a task's function: what becomes of that is a value, and so is what QStash is told.

Spec: https://docs.djangoproject.com/en/stable/ref/tasks/#django.tasks.Task.takes_context
"""

import os
import socket
from typing import Any, NamedTuple

from ..._core.errors import NonRetryable, RetryAfter
from ..._core.receiving.answers import Answer, answer_signal, error_answer
from ..._core.receiving.delivery import Delivery
from ..._core.receiving.report import logger
from ..._core.receiving.runs import run_of
from ..._core.receiving.telling import of_delivery
from .api import Task, TaskContext, TaskResult
from .fields import encoded, plain

_HEADERS = (("content-type", "application/json"), ("cache-control", "no-store"))


class Outcome(NamedTuple):
    """``error`` is None where the task has returned something that JSON can hold."""

    value: Any = None
    error: BaseException | None = None
    is_final: bool = False
    """Whether another run is of no use: it did its work and returned no JSON, or said so."""


def run(task: Task, result: TaskResult) -> Outcome:
    """Raises nothing."""
    context = [TaskContext(task_result=result)] if task.takes_context else []
    called_with: Any = result
    try:
        returned = task.call(*context, *called_with.args, **called_with.kwargs)
    except BaseException as error:  # noqa: BLE001 - the row must know, whatever it was
        return Outcome(error=error, is_final=isinstance(error, NonRetryable))
    try:
        return Outcome(plain(returned))
    except (TypeError, ValueError, RecursionError) as error:
        return Outcome(error=error, is_final=True)


def answer_of(outcome: Outcome, *, is_over: bool, shows_value: bool) -> Answer:
    """``is_over``: no run follows, so that QStash is to give up as well."""
    error = outcome.error
    if error is None:
        return Answer(200, _HEADERS, encoded(outcome.value if shows_value else None).encode())
    if isinstance(error, NonRetryable):
        return answer_signal(error)
    if isinstance(error, RetryAfter) and not is_over:
        return answer_signal(error)
    said = "returned no JSON" if outcome.is_final else f"raised {type(error).__name__}"
    if is_over:
        return answer_signal(NonRetryable(f"the task {said}"))
    return error_answer(500, f"the task {said}")


def log_failure(outcome: Outcome, task: Task, call_id: str, run_number: int) -> None:
    """With its traceback, but for what the task has said on purpose. Arguments stay out."""
    error = outcome.error
    if error is None or isinstance(error, NonRetryable | RetryAfter):
        return
    said = "returned no JSON" if outcome.is_final else "raised"
    logger.error(
        "qstash task %s %s %s in run %s",
        task.module_path,
        call_id,
        said,
        run_number,
        exc_info=error,
        extra=of_delivery(
            "task_failed", task=task.module_path, call_id=str(call_id), attempt=run_number, error=type(error).__name__
        ),
    )


def token_of(delivery: Delivery) -> str:
    """A digest of what only one delivery attempt has."""
    return run_of(delivery, "POST", 0.0).token[:16]


def worker_id(delivery: Delivery) -> str:
    """Who ran it, and for which delivery attempt."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{token_of(delivery)}"
