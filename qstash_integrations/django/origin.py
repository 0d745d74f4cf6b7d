"""Where calls of tasks are published from in a project: by its publishers, to where it serves the task.

Spec: https://docs.djangoproject.com/en/stable/topics/http/urls/
"""

from collections.abc import Collection

from ..tasks.origin import Origin, url_elsewhere
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
        return url_elsewhere(load(), name, f"this project serves: {ELSEWHERE}" if serves else "")


def _served() -> Collection[str]:
    # Not before somebody publishes a task: it brings pydantic.
    from .mounted import served

    return served().tasks


ORIGIN = Origin(_task_url, lambda: qstash, lambda: aqstash)
