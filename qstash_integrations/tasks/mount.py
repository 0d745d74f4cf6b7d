"""The tasks of one app, by every name under which they are served.

There is no registry: only what is mounted runs.
"""

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, cast

from .._core.errors import ConfigurationError
from .naming import is_same
from .task import Task


class Mount:
    """Tasks by name, and what is put around each of them."""

    def __init__(self, tasks: Mapping[str, Task[..., Any]], around: Callable[..., Any] | None = None) -> None:
        self.tasks: Mapping[str, Task[..., Any]] = tasks
        """By every name served, those of ``also_known_as`` among them."""
        self.around: Callable[..., Any] | None = around
        """Called with each ``CurrentCall``; returns the context manager in which its task runs."""

    @classmethod
    def of(cls, tasks: object, *, around: Callable[..., Any] | None = None) -> "Mount":
        """The tasks of modules, which are imported by their dotted names, and those given themselves.

        ConfigurationError for two functions of one name, a module without tasks, a circular import. TypeError that
        names the parameter for an annotation that is nothing that JSON holds.
        """
        if around is not None and not callable(around):
            raise ConfigurationError(f"around must be a function that returns a context manager, not {around!r}")
        named: dict[str, Task[..., Any]] = {}
        for task in _tasks_in(tasks):
            task.check()
            for name in (task.name, *task.also_known_as):
                other = named.setdefault(name, task)
                if not is_same(other.function, task.function):
                    raise ConfigurationError(
                        f"two tasks are called {name}: {_place(other)} and {_place(task)}; give one of them a name: "
                        "@task(name=...)"
                    )
        return cls(named, around)

    def find(self, name: str) -> Task[..., Any] | None:
        """The task that is served under this name."""
        return self.tasks.get(name)


def _tasks_in(given: object) -> Iterator[Task[..., Any]]:
    match given:
        case Task():
            yield cast("Task[..., Any]", given)
        case str():
            yield from _of_module(_imported(given))
        case ModuleType():
            yield from _of_module(given)
        case Iterable():
            for one in cast("Iterable[object]", given):
                yield from _tasks_in(one)
        case _:
            raise ConfigurationError(
                f"tasks must be a module with tasks, its dotted name, a task, or a list of those, not {given!r}"
            )


def _of_module(module: ModuleType) -> Iterator[Task[..., Any]]:
    if _is_importing(module):
        raise ConfigurationError(_circular(module.__name__))
    tasks = [cast("Task[..., Any]", value) for value in vars(module).values() if isinstance(value, Task)]
    if not tasks:
        raise ConfigurationError(f"tasks: {module.__name__} has no tasks; write @task above its functions")
    # Copies made by using() have the name of the task: the one as it was decorated decides how it runs.
    yield from sorted(tasks, key=lambda task: task.is_copy)


def _imported(name: str) -> ModuleType:
    try:
        return import_module(name)
    except (ImportError, AttributeError) as error:
        if _is_importing(error.obj if isinstance(error, AttributeError) else sys.modules.get(error.name or "")):
            raise ConfigurationError(_circular(name)) from error
        if isinstance(error, ModuleNotFoundError) and error.name and f"{name}.".startswith(f"{error.name}."):
            raise ConfigurationError(f"tasks: there is no module {error.name}, of {name!r}") from error
        raise


def _is_importing(module: object) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def _circular(name: str) -> str:
    return (
        f"tasks: {name} is not imported yet, because it imports the app that is to serve it; a module with tasks needs "
        "no app: take the import out, or move it into the function that uses it"
    )


def _place(task: Task[..., Any]) -> str:
    function: Any = inspect.unwrap(task.function)
    return f"{function.__qualname__} in {function.__code__.co_filename}"
