"""A delivery of a task that no row is kept of: it runs, and nothing is known of other runs.

Spec: https://docs.djangoproject.com/en/stable/ref/tasks/#django.tasks.backends.base.BaseTaskBackend.supports_get_result
"""

from typing import Any

from django.db import DatabaseError, router
from django.utils import timezone

from ..._core.receiving.answers import Answer
from ..._core.receiving.delivery import Delivery
from ..inbox.handling import handled
from .api import Task, TaskResultStatus, task_finished, task_started
from .backend import QStashBackend
from .calls import Called, Content, id_of_scheduled
from .results import put, tell, unstored
from .running import Outcome, answer_of, log_failure, run, worker_id


def deliver(
    task: Task, called: Called, content: Content, delivery: Delivery, backend: QStashBackend
) -> tuple[Answer, Outcome | None]:
    """Which run it is says a header that is not signed; nothing is decided by it but what signals are told."""
    now, retried = timezone.now(), delivery.retried or 0
    result = unstored(
        task,
        id=called.id or id_of_scheduled(delivery.message_id or ""),
        backend=backend.alias,
        args=content.args,
        kwargs=content.kwargs,
        enqueued_at=called.published_at or now,
    )
    result.worker_ids.extend([worker_id(delivery)] * (min(retried, called.retries) + 1))
    put(result, status=TaskResultStatus.RUNNING, started_at=now, last_attempted_at=now)
    tell(task_started, type(backend), result)
    outcome = _run_marked(task, result, delivery) if backend.read.inbox else run(task, result)
    if isinstance(outcome, Answer):
        return outcome, None
    log_failure(outcome, task, result.id, len(result.worker_ids))
    is_over = outcome.error is None or outcome.is_final
    if is_over or retried >= called.retries:
        status = TaskResultStatus.FAILED if outcome.error else TaskResultStatus.SUCCESSFUL
        put(result, status=status, finished_at=timezone.now(), _return_value=outcome.value)
        tell(task_finished, type(backend), result)
    return answer_of(outcome, is_over=is_over, shows_value=True), outcome


def _run_marked(task: Task, result: Any, delivery: Delivery) -> Outcome | Answer:
    from ..inbox.models import Mark

    def work() -> tuple[Outcome, bool]:
        outcome = run(task, result)
        return outcome, outcome.error is None

    try:
        found: Outcome | Answer = handled(router.db_for_write(Mark), delivery, work, of_tasks=True)
    except DatabaseError as error:  # of the commit, as a rule
        return Outcome(error=error)
    return found
