"""Where calls of tasks are published from in a project: by its publishers, to where it serves the task.

Spec: https://docs.djangoproject.com/en/stable/topics/http/urls/
"""

from collections.abc import Collection

from .._core.errors import ConfigurationError
from ..tasks.origin import Origin, tasks_url
from .conf import improperly_configured, load, tasks_given
from .publisher import aqstash, qstash
from .reversing import URLS, included, public_url

ELSEWHERE = (
    f'name its module in QSTASH_TASKS, with include("{URLS}") in the URLconf, or set QSTASH_TASKS_URL to where another '
    "app serves it"
)


def _task_url(name: str) -> str:
    serves = tasks_given().tasks is not None
    if serves and name in _served():
        path = included("task", name=name)
        if path is not None:
            return public_url(path)
    with improperly_configured():
        current = load()
        if serves and not current.tasks_url:
            raise ConfigurationError(f"{name} is none of the tasks that this project serves: {ELSEWHERE}")
        return f"{tasks_url(current)}/{name}"


def _served() -> Collection[str]:
    # Not before somebody publishes a task: it brings pydantic.
    from .mounted import served

    return served().tasks


ORIGIN = Origin(_task_url, lambda: qstash, lambda: aqstash)
