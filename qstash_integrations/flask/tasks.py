"""The tasks of a Flask app: a route for each, and one that refuses whatever else is below their path.

They are verified views like any other: hooks of the app run before them, and what those answer counts. To a hook they
are those of the blueprint ``qstash_tasks``.

Spec: https://flask.palletsprojects.com/en/stable/async-await/
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, cast

from flask import Flask, Response, g

from .._core.app_options import TasksGiven
from .._core.errors import ConfigurationError
from .._core.log_fields import fields
from .._core.receiving.answers import Answer
from .._core.receiving.options import Wanted
from .._core.receiving.report import logger
from ..tasks.mount import Mount
from ..tasks.origin import ELSEWHERE
from ..tasks.running import Arrived, arun, run
from ..tasks.serving import answer_of, refuse_injected, refuse_unserved_callbacks, take
from .conf import load, request_here
from .origin import Served, note_served, origin_of
from .response import response
from .routes import HOST, REST, add_route, places, prepare
from .verification import DELIVERY, Verification

BLUEPRINT = "qstash_tasks"


def mount(app: Flask, given: TasksGiven) -> None:
    """Serve the tasks that ``app`` was given. ConfigurationError for those that it could not run."""
    base, tasks = given.base(), Mount.of(given.tasks, around=given.around)
    refuse_injected(tasks, "Flask")
    _refuse_async(app, tasks)
    if not load(app).tasks_url:
        refuse_unserved_callbacks(tasks.tasks, ELSEWHERE)
    verification = Verification(Wanted(options={"of_tasks": True}))
    try:
        verification.guard(app)
    except ConfigurationError as error:
        # An app is imported without any setting, as in its tests. What is set and wrong has been said before.
        logger.warning(
            "qstash: tasks are served, and all deliveries are refused until this is mended: %s",
            error,
            extra=fields("tasks_refused", error=type(error).__name__),
        )
    note_served(app, Served(base, frozenset(tasks.tasks)))
    prepare(app, BLUEPRINT)
    views = {name: _view(app, verification, tasks, name) for name in tasks.tasks}
    rest = _rest(verification, tasks)
    for place in places(app):
        for name, view in views.items():
            add_route(app, f"{base}/{name}", f"{BLUEPRINT}.{name.replace('.', ':')}", view, methods=("POST",), **place)
        for path in (base, f"{base}/<{REST}:rest>"):
            add_route(app, path, f"{BLUEPRINT}.", rest, methods=None, **place)


def _view(app: Flask, verification: Verification, tasks: Mount, name: str) -> Callable[..., Any]:
    origin = origin_of(app)

    def run_it() -> Response:
        taken = _take(tasks, name)
        return response(taken if isinstance(taken, Answer) else answer_of(run(taken, origin.publish)))

    async def arun_it() -> Response:
        taken = _take(tasks, name)
        return response(taken if isinstance(taken, Answer) else answer_of(await arun(taken, origin.apublish)))

    task = tasks.tasks[name]
    return _qstash_task(verification, arun_it if task.is_async else run_it)


def _rest(verification: Verification, tasks: Mount) -> Callable[..., Any]:
    """Finds nothing to run: each task has a route of its own, ahead of this one."""

    def refuse(rest: str = "") -> Response:
        return response(cast("Answer", _take(tasks, rest)))

    return _qstash_task(verification, refuse)


def _take(tasks: Mount, name: str) -> Arrived | Answer:
    return take(tasks, name, request_here().method, getattr(g, DELIVERY))


def _qstash_task(verification: Verification, view: Callable[..., Any]) -> Callable[..., Any]:
    # All of one name, by which extensions know what to let pass.
    def qstash_task(**path: str) -> Any:
        path.pop(HOST, None)
        return verification.call(view, (), path)

    cast("Any", qstash_task).qstash_verification = verification
    return qstash_task


def _refuse_async(app: Flask, tasks: Mount) -> None:
    """ConfigurationError for an async task where Flask runs none."""
    for task in tasks.tasks.values():
        if task.is_async and type(app).async_to_sync is Flask.async_to_sync and find_spec("asgiref") is None:
            raise ConfigurationError(
                f"{task.name} is async, and Flask needs asgiref for that; install it with: pip install 'flask[async]'"
            )
