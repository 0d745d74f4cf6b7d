"""The tasks of a project, QSTASH_TASKS: a view for each, and one that refuses whatever else is below their path.

A plain task is a view like any other: it obeys ATOMIC_REQUESTS, unless ``non_atomic_requests`` stands on its function,
and what it raises rolls it back. What follows it in a chain is published when it has committed. An async task is an
async view, for which Django has no transactions. With QSTASH_TASKS_INBOX each call has its effect in that database
exactly once, known by its signed id; there what follows is published within the transaction, as its last thing, since
no duplicate could make up for it later.

Spec: https://docs.djangoproject.com/en/stable/topics/http/urls/
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, cast

from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path

from .._core.errors import ConfigurationError
from .._core.receiving.answers import Answer
from .._core.receiving.options import Wanted
from .._core.settings import environment
from ..tasks.mount import Mount
from ..tasks.origin import Outgoing
from ..tasks.running import Arrived, arun, run
from ..tasks.serving import answer_of, refuse_injected, refuse_unserved_callbacks, take
from ..tasks.task import Task
from .conf import improperly_configured, load, tasks_given, tasks_inbox
from .decorators import behind, guard_of
from .origin import ELSEWHERE, ORIGIN
from .response import response_of, when_committed

NAME = "task"
_WANTED = Wanted(options={"of_tasks": True})
_verified = partial(behind, guard=guard_of(_WANTED), wanted=_WANTED)


def served() -> Mount:
    """ConfigurationError for what is no task, or none that Django could run."""
    return _served(environment.generation)


def patterns() -> list[URLPattern]:
    """The routes of the tasks, below wherever they are included."""
    tasks = served()
    each = [path(f"tasks/{name}", _view(tasks, name, task)) for name, task in tasks.tasks.items()]
    rest = _rest(tasks)
    # Not by a converter, to which an empty name and one with a line end are none.
    return [*each, re_path(r"^tasks\Z", rest), re_path(r"^tasks/(?P<name>[\s\S]*)\Z", rest, name=NAME)]


@lru_cache(maxsize=1)
def _served(_: int) -> Mount:
    given = tasks_given()
    with improperly_configured():
        tasks = Mount.of(given.tasks, around=given.around)
        refuse_injected(tasks, "Django")
        _refuse_async_with_inbox(tasks)
        if not load().tasks_url:
            refuse_unserved_callbacks(tasks.tasks, ELSEWHERE)
    return tasks


def _view(tasks: Mount, name: str, task: Task[..., Any]) -> Callable[..., Any]:
    def run_it(request: HttpRequest) -> HttpResponse:
        taken = _take(tasks, name, request)
        return response_of(taken if isinstance(taken, Answer) else answer_of(run(taken, _publish)))

    async def arun_it(request: HttpRequest) -> HttpResponse:
        taken = _take(tasks, name, request)
        return response_of(taken if isinstance(taken, Answer) else answer_of(await arun(taken, ORIGIN.apublish)))

    view: Any = arun_it if task.is_async else run_it
    # Django refuses to serve an async view otherwise.
    view._non_atomic_requests = set(connections) if task.is_async else _non_atomic(task)
    return _verified(view, inbox=tasks_inbox())


def _refuse_async_with_inbox(tasks: Mount) -> None:
    for name, task in tasks.tasks.items():
        if task.is_async and tasks_inbox() is not None:
            raise ConfigurationError(
                f"QSTASH_TASKS_INBOX is for plain tasks, and {name} is async: Django has no transactions there, in "
                "which the mark of a call could commit with the work; write it with def"
            )


def _rest(tasks: Mount) -> Callable[..., Any]:
    """Finds nothing to run: each task has a route of its own, ahead of this one."""

    def refuse(request: HttpRequest, name: str = "") -> HttpResponse:
        return response_of(cast("Answer", _take(tasks, name, request)))

    return _verified(refuse)


def _non_atomic(task: Task[..., Any]) -> set[str]:
    """The databases that ``@transaction.non_atomic_requests`` names, above or below ``@task``."""
    return {*getattr(task, "_non_atomic_requests", ())}


def _take(tasks: Mount, name: str, request: Any) -> Arrived | Answer:
    return take(tasks, name, request.method, request.qstash_delivery)


def _publish(messages: Sequence[Any]) -> None:
    """What follows a task, once that has committed: it may look for what was written."""
    following = Outgoing(ORIGIN, messages)
    del messages  # error trackers print the locals of raising frames
    if tasks_inbox() is not None or not when_committed(following.publish):
        following.publish()
