"""What ``--app`` names: an app of any framework, or a module with schedules, and whom to ask about them.

Frameworks that the named module has not imported are not imported here either.
"""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ._core.errors import ConfigurationError
from ._core.publishing.client import QStash
from ._core.receiving.guards import apps_behind
from .schedules.modules import attribute_of, look_here, module_named
from .verbs import App
from .verbs.app import NO_APP, outbox_beside

if TYPE_CHECKING:
    from .doctor.place import Place
    from .routes import Route
    from .schedules.commands import Here

_USUAL = ("app", "application", "api")


@contextmanager
def located(name: str | None) -> Generator[App]:
    """In the ``with`` block the app is the running one, where its framework has such a thing.

    ``name`` is ``module``, ``module:attribute`` or ``module:factory``; None stands for the project of
    DJANGO_SETTINGS_MODULE. ConfigurationError says what is wrong with it.
    """
    look_here()
    if name is None:
        if not os.environ.get("DJANGO_SETTINGS_MODULE"):
            raise ConfigurationError(NO_APP)
        yield _of_django()
        return
    module_name, _, attribute = name.partition(":")
    module = module_named(module_name, "--app")
    named = attribute_of(module, attribute, "--app") if attribute else _usual(module)
    app: Any
    for app in apps_behind(named):
        if _is(app, "flask", "Flask"):
            from .flask.commands import about as about_flask

            with app.app_context():
                yield about_flask(app)
            return
        if _is(app, "django.core.handlers.base", "BaseHandler"):
            yield _of_django()
            return
        if _is(app, "starlette.applications", "Starlette"):
            from .starlette.commands import about as about_starlette

            yield _beside(module, about_starlette(named, app))
            return
        if _is(app, "qstash_integrations.tasks.asgi", "TasksApp"):
            routes, schedules = partial(_routes_of_any, name, named), partial(_schedules_of_tasks, app.tasks)
            yield _beside(module, App(routes=routes, schedules=schedules))
            return
        if _is(app, "aiohttp.web", "Application"):
            from .routes.aiohttp import routes_of

            yield _beside(
                module,
                App(routes=partial(routes_of, app), schedules=_no_schedules, place=partial(_place_of_aiohttp, app)),
            )
            return
    yield App(
        routes=partial(_routes_of_any, name, named),
        schedules=partial(_of_module, module, named, attribute),
        outbox=partial(outbox_beside, module),
        place=partial(_place_of_any, named),
    )


def _beside(module: ModuleType, app: App) -> App:
    """With the schedules and the outbox that stand in the app's own module."""

    def schedules() -> "Here":
        from .schedules.finding import schedules_in

        here = app.schedules()
        return replace(here, schedules=list(dict.fromkeys((*here.schedules, *schedules_in(module)))))

    return replace(app, schedules=schedules, outbox=partial(outbox_beside, module))


def _schedules_of_tasks(tasks: object) -> "Here":
    from .schedules.commands import Here
    from .schedules.finding import schedules_beside

    return Here(schedules=schedules_beside(tasks), client=QStash())


def _no_schedules() -> "Here":
    from .schedules.commands import Here

    return Here(schedules=[], client=QStash())


def _of_module(module: ModuleType, named: Any, attribute: str) -> "Here":
    """Of any other app, its module's."""
    from .schedules.commands import Here
    from .schedules.finding import schedules_in

    found = schedules_in(module)
    if attribute and not callable(named):
        found = schedules_in(named, f"--app {module.__name__}:{attribute}")
    return Here(schedules=found, client=QStash())


def _place_of_aiohttp(app: Any) -> "Place":
    from .doctor.of_aiohttp import place

    return place(app)


def _routes_of_any(name: str, named: Any) -> "list[Route]":
    if not _is(named, "qstash_integrations.asgi", "QStashMiddleware"):
        raise ConfigurationError(f"--app {name} is of no framework whose routes can be listed")
    from .doctor.of_asgi import routes_of

    return routes_of(named)


def _place_of_any(named: Any) -> "Place":
    from .doctor.facts import AppFacts as Looks
    from .doctor.of_asgi import place
    from .doctor.place import bare_place

    if _is(named, "qstash_integrations.asgi", "QStashMiddleware"):
        return place(named)
    return bare_place(Looks(framework=type(named).__module__.partition(".")[0]))


def _of_django() -> App:
    from .django.commands import about, set_up

    set_up()
    return about()


def _usual(module: ModuleType) -> Any:
    """The app in a module of which nobody has said what it is called there."""
    return next((vars(module)[name] for name in _USUAL if name in vars(module)), None)


def _is(app: Any, module: str, name: str) -> bool:
    """Whether it is of this class, which nobody has who has not imported it."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(app, kind)
