"""What ``--app`` names: an app of any framework, or a module with schedules, and whom to ask about them.

Frameworks that the named module has not imported are not imported here either.
"""

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType
from typing import Any

from ._core.errors import ConfigurationError
from ._core.publishing.client import QStash
from .schedules.commands import Here
from .schedules.finding import schedules_beside, schedules_in
from .schedules.modules import attribute_of, look_here, module_named

_USUAL = ("app", "application", "api")
_MOST_LAYERS = 50
_NEEDED = (
    "--app is missing; give the app or a module with schedules, as in --app shop.main:app or --app shop.tasks "
    "(in a Django project set DJANGO_SETTINGS_MODULE instead)"
)


@contextmanager
def located(name: str | None) -> Generator[Here]:
    """In the ``with`` block the app is the running one, where its framework has such a thing.

    ``name`` is ``module``, ``module:attribute`` or ``module:factory``; None stands for the project of
    DJANGO_SETTINGS_MODULE. ConfigurationError says what is wrong with it.
    """
    look_here()
    if name is None:
        if not os.environ.get("DJANGO_SETTINGS_MODULE"):
            raise ConfigurationError(_NEEDED)
        yield _of_django()
        return
    module_name, _, attribute = name.partition(":")
    module = module_named(module_name, "--app")
    named = attribute_of(module, attribute, "--app") if attribute else _usual(module)
    for app in _layers(named):
        if _is(app, "flask", "Flask"):
            from .flask.commands import here as of_flask

            with app.app_context():
                yield of_flask()
            return
        if _is(app, "django.core.handlers.base", "BaseHandler"):
            yield _of_django()
            return
        if _is(app, "starlette.applications", "Starlette"):
            from .starlette.schedules import here as of_starlette

            yield _beside(module, of_starlette(app))
            return
        if _is(app, "qstash_integrations.tasks.asgi", "TasksApp"):
            yield _beside(module, Here(schedules=schedules_beside(app.tasks), client=QStash()))
            return
    yield _of_module(module, named, attribute)


def _beside(module: ModuleType, here: Here) -> Here:
    """With the schedules that stand in the app's own module."""
    return replace(here, schedules=list(dict.fromkeys((*here.schedules, *schedules_in(module)))))


def _of_module(module: ModuleType, named: Any, attribute: str) -> Here:
    """Of any other app, its module's."""
    found = schedules_in(module)
    if attribute and not callable(named):
        found = schedules_in(named, f"--app {module.__name__}:{attribute}")
    return Here(schedules=found, client=QStash())


def _of_django() -> Here:
    from .django.schedules import here, set_up

    set_up()
    return here()


def _usual(module: ModuleType) -> Any:
    """The app in a module of which nobody has said what it is called there."""
    return next((vars(module)[name] for name in _USUAL if name in vars(module)), None)


def _layers(app: Any) -> Iterator[Any]:
    """The app, and what the middleware around it holds."""
    layer: Any = app
    for _ in range(_MOST_LAYERS):
        if layer is None:
            return
        yield layer
        layer = getattr(layer, "app", None)


def _is(app: Any, module: str, name: str) -> bool:
    """Whether it is of this class, which nobody has who has not imported it."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(app, kind)
