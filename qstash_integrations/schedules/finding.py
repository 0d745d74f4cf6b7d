"""Which schedules a program has: those in its modules, by no registry.

A module's schedules are the values ``schedule(...)`` among its attributes, and in lists, tuples and dicts among them.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any, cast

from .._core.errors import ConfigurationError
from ..tasks.schedules import Schedule
from .modules import module_named


def schedules_in(given: object, name: str = "schedules") -> list[Schedule]:
    """Each once, of modules, their dotted names, schedules, and lists of those. None gives none.

    ConfigurationError that names ``name`` for anything else, and for a module that there is not.
    """
    return list(dict.fromkeys(_found_in(given, name)))


def schedules_beside(tasks: object) -> list[Schedule]:
    """Those of the modules in ``tasks=``, and of the modules that the tasks in it come from."""
    return list(dict.fromkeys(_beside(tasks)))


def _found_in(given: object, name: str) -> Iterator[Schedule]:
    match given:
        case None:
            return
        case Schedule():
            yield given
        case str():
            yield from _of_module(module_named(given, name))
        case ModuleType():
            yield from _of_module(given)
        case Mapping():
            yield from _found_in(list(cast("Any", given).values()), name)
        case Iterable():
            for one in cast("Iterable[object]", given):
                yield from _found_in(one, name)
        case _:
            raise ConfigurationError(
                f"{name} must be a module with schedules, its dotted name, a schedule, or a list of those, "
                f"not {given!r}"
            )


def _beside(tasks: object) -> Iterator[Schedule]:
    match tasks:
        case str() | ModuleType():
            yield from _found_in(tasks, "tasks")
        case Iterable():
            for one in cast("Iterable[object]", tasks):
                yield from _beside(one)
        case _:
            function = getattr(tasks, "function", None)
            if function is not None:
                yield from _of_module(module_named(function.__module__, "tasks"))


def _of_module(module: ModuleType) -> Iterator[Schedule]:
    for value in list(vars(module).values()):
        match value:
            case Schedule():
                yield value
            case list() | tuple():
                yield from _schedules_of(cast("Iterable[object]", value))
            case dict():
                yield from _schedules_of(cast("Any", value).values())
            case _:
                pass


def _schedules_of(values: Iterable[object]) -> Iterator[Schedule]:
    return (one for one in values if isinstance(one, Schedule))
