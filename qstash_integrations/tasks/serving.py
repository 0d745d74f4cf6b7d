"""What a genuine request below the tasks' path becomes, in every framework: a call to run, or why there is none.

Only what was verified gets here: a stranger is told nothing, not even which tasks there are.
"""

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from .._core.errors import ConfigurationError
from .._core.receiving.answers import REJECTED, Answer, error_answer
from .._core.receiving.delivery import Delivery
from .._core.receiving.telling import of_delivery
from .arguments import BadArguments
from .mount import Mount
from .running import Arrived, arrive
from .task import Task

logger: logging.Logger = logging.getLogger("qstash_integrations")


def take(mount: Mount, name: str, method: str, delivery: Delivery) -> Arrived | Answer:
    """The call of the task ``name``, or 401, 404, 405 or 400 with its record."""
    signed = unquote(last_part(delivery.claims.sub.partition("?")[0]))
    if name and signed != last_part(name):
        # With verify_url=False nobody else has compared the two, and one task's arguments may fit another.
        logger.warning(
            "qstash request rejected: it was signed for the task %a, and sent to %a",
            signed[:200],
            name[:200],
            extra=of_delivery("rejected", reason="url_mismatch", task=name, status=401),
        )
        return REJECTED
    task = mount.find(name)
    if task is None:
        logger.error(
            "qstash: a call of %a was answered 404, to be tried again: no task of that name is served here; name its "
            "module in tasks=, or a name that it had before in its also_known_as=",
            name[:200],
            extra=of_delivery("task_unknown", task=name, status=404),
        )
        return error_answer(404, "no such task")
    if method != "POST":
        logger.error(
            "qstash: a call of %s came as %a and was answered 405: tasks take POST",
            name,
            method[:20],
            extra=of_delivery("task_method_refused", task=name, method=method, status=405),
        )
        return error_answer(405, "tasks take POST", ("allow", "POST"))
    try:
        return arrive(mount, task, delivery)
    except BadArguments as error:
        return error_answer(400, str(error))


def last_part(path: str) -> str:
    """Of a path, where some routers end one that they have shortened with a slash."""
    return path.rstrip("/").rpartition("/")[2]


def answer_of(result: bytes) -> Answer:
    """That of a task which has returned."""
    return Answer(200, (("content-type", "application/json"),), result)


def refuse_unserved_callbacks(tasks: Mapping[str, Task[..., Any]], remedy: str) -> None:
    """ConfigurationError for a callback to a task that is not among ``tasks``: each publish would fail."""
    for task in tasks.values():
        for option in ("callback", "failure_callback"):
            target = task.options.get(option)
            if isinstance(target, Task) and target.name not in tasks:
                raise ConfigurationError(
                    f"{option} of the task {task.name} is {target.name}, which this app does not serve: {remedy}"
                )


def refuse_injected(mount: Mount, served_by: str) -> None:
    """ConfigurationError for a task whose dependencies nobody there fills in."""
    for name, task in mount.tasks.items():
        for parameter in task.arguments.parameters.injected:
            raise ConfigurationError(
                f"{served_by} has no dependencies, and {parameter} of the task {name} is one: serve it with "
                "qstash_integrations.fastapi.QStash(app, tasks=...), or take it from elsewhere"
            )
