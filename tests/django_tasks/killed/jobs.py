"""Tasks whose worker dies: by its own hand, so that it is in the midst of a run and nowhere else."""

import os
import signal
import time
from typing import Any

from qstash_integrations.django.tasks.api import TaskContext, task_finished
from tests.django_tasks.shop import task


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # a signal takes its time


@task
def killed(number: int) -> None:
    die()


@task(takes_context=True)
def killed_once(context: TaskContext, number: int) -> int:
    if context.attempt == 1:
        die()
    return number


@task
def loses_its_answer(number: int) -> int:
    """It has ended, and its row knows; QStash does not."""
    task_finished.connect(die)
    return number


@task
def works(number: int, seconds: float) -> int:
    time.sleep(seconds)
    return number
