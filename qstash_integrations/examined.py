"""What ``doctor --app`` names: an app of any framework, as the doctor sees it.

Frameworks that the named module has not imported are not imported here either.
"""

import os

from ._core.errors import ConfigurationError
from ._core.receiving.order import Misplaced
from .doctor.facts import App, Route
from .doctor.place import Place, bare_place
from .located import is_a, layers_of, usual_in
from .schedules.modules import attribute_of, look_here, module_named

_NEEDED = "--app is missing; give the app, as in --app shop.main:app (in a Django project set DJANGO_SETTINGS_MODULE)"


def examined(name: str | None) -> Place:
    """The place of an app that refuses its settings says so. ValueError for a name of nothing."""
    look_here()
    if name is None and not os.environ.get("DJANGO_SETTINGS_MODULE"):
        raise ValueError(_NEEDED)
    try:
        return _of_django() if name is None else _named(name)
    except Misplaced as error:
        found = Route(path="", name=str(error).partition(" would be open")[0], decorated_above=True)
        return bare_place(App(routes=[found]))
    except ConfigurationError as error:
        if str(error).startswith("--app"):
            raise ValueError(str(error)) from error
        return bare_place(App(refused=str(error)))


def _named(name: str) -> Place:
    module_name, _, attribute = name.partition(":")
    module = module_named(module_name, "--app")
    named = attribute_of(module, attribute, "--app") if attribute else usual_in(module)
    for app in layers_of(named):
        if is_a(app, "flask", "Flask"):
            from .flask.introspection import place as of_flask

            return of_flask(app)
        if is_a(app, "django.core.handlers.base", "BaseHandler"):
            return _of_django()
        if is_a(app, "starlette.applications", "Starlette"):
            from .starlette.introspection import place as of_starlette

            return of_starlette(app)
        if is_a(app, "aiohttp.web", "Application"):
            from .doctor.of_aiohttp import place as of_aiohttp

            return of_aiohttp(app)
    if is_a(named, "qstash_integrations.asgi", "QStashMiddleware"):
        from .doctor.of_asgi import place as behind

        return behind(named)
    if named is None or attribute == "":
        raise ValueError(f"--app {name}: {module.__name__} has no app; name it, as in --app {module.__name__}:app")
    return bare_place(App(framework=type(named).__module__.partition(".")[0]))


def _of_django() -> Place:
    from .django.introspection import place
    from .django.schedules import set_up

    set_up()
    return place()
