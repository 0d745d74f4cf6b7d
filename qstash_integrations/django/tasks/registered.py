"""Find the task that a signed URL names: a ``Task`` object of this project, never just anything that can be imported.

Spec: https://docs.djangoproject.com/en/stable/ref/tasks/#django.tasks.Task.module_path
"""

import sys
from importlib import import_module
from types import ModuleType

from django.apps import apps

from .api import Task, is_task

_declared: dict[str, Task] = {}


def declare(task: Task) -> None:
    """Tasks of this process, for those that stand in another module than their function."""
    _declared.setdefault(task.module_path, task)


def find(name: str) -> Task | None:
    """None for what is no task. Raises what the import of an installed app's module raises."""
    within, _, own = name.rpartition(".")
    module = _module(within)
    # First what has its function's name: others may be the same task with other options.
    for value in [] if module is None else [vars(module).get(own), *vars(module).values()]:
        if is_task(value) and value.module_path == name:
            return value
    return _declared.get(name)


def _module(name: str) -> ModuleType | None:
    """One that is loaded, or that belongs to an app of INSTALLED_APPS: names come from outside, if signed."""
    loaded = sys.modules.get(name)
    if loaded is not None or not name or apps.get_containing_app_config(name) is None:
        return loaded
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        # A module of the project that imports a missing one is broken, and says so.
        if error.name is None or not (name + ".").startswith(error.name + "."):
            raise
        return None
