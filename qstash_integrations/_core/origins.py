"""How the app that is running is found, by who publishes tasks: each adapter says how for its own.

Apart from the tasks, which bring pydantic: an adapter says it before anybody has used one.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

_finders: list[Callable[[], Any]] = []
_last: list[Callable[[], Any]] = []


def add_origin(find: Callable[[], Any], *, last: bool = False) -> None:
    """``find`` returns the ``Origin`` of its app that is running, or None.

    ``last`` is for a framework that has one app per process, which runs whatever else does.
    """
    finders = _last if last else _finders
    if find not in finders:
        finders.append(find)


def running_origin() -> Any:
    """The ``Origin`` of the app that is running; None where none is."""
    # A project of Django may have settings of ours, and nothing else of ours imported.
    django = sys.modules.get("django.conf")
    if django is not None and django.settings.configured:
        import_module("qstash_integrations.django")
    return _found(_finders) or _found(_last)


def _found(finders: list[Callable[[], Any]]) -> Any:
    return next((found for find in finders if (found := find()) is not None), None)
