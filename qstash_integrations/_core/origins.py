"""How the app that is running is found, by who publishes tasks: each adapter says how for its own.

Apart from the tasks, which bring pydantic: an adapter says it before anybody has used one.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

_finders: list[tuple[int, Callable[[], Any]]] = []


def add_origin(find: Callable[[], Any], depth: int = 1) -> None:
    """``find`` returns the ``Origin`` of its app that is running, or None.

    Where several run, the deepest counts: a WSGI app may be mounted in an ASGI app, and a project of Django, which
    there is one of in a process, runs whatever else does.
    """
    if not any(find is known for _, known in _finders):
        _finders.append((depth, find))
        _finders.sort(key=lambda finder: -finder[0])


def running_origin() -> Any:
    """The ``Origin`` of the app that is running; None where none is."""
    # A project of Django may have settings of ours, and nothing else of ours imported.
    django = sys.modules.get("django.conf")
    if django is not None and django.settings.configured:
        import_module("qstash_integrations.django")
    return next((found for _, find in _finders if (found := find()) is not None), None)
