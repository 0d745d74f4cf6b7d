"""What the doctor sees of a Django project: its URLconf, and which of its views are verified."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import django
from django.conf import settings
from django.urls import URLResolver, get_resolver
from django.utils.module_loading import import_string

from .._core.environment import Reader
from .._core.errors import ConfigurationError
from .._core.receiving.options import Options
from ..doctor.facts import App, Route
from ..doctor.place import Place, shown_options
from .conf import allowed_hosts, configured, for_all_views, forced_mount, load
from .publisher import qstash
from .reversing import included

_NO_PROBE = 'add path("qstash/", include("qstash_integrations.django.urls")) to urlpatterns'
_LOGIN = "django.contrib.auth.middleware.LoginRequiredMiddleware"


def place() -> Place:
    try:
        app = app_facts()
    except ConfigurationError as error:
        app = App(framework="django", version=django.get_version(), refused=str(error))
    return Place(
        app=app,
        load=load,
        reader=lambda: Reader(cast("Any", configured()).with_object(), ()),
        client=lambda: qstash,
        hosts=allowed_hosts(),
    )


def app_facts() -> App:
    """ConfigurationError for a URLconf of ours that settings refuse."""
    routes: list[Route] = []
    if getattr(settings, "ROOT_URLCONF", None):
        routes = list(_routes(get_resolver().url_patterns, "/", requires_login()))
    try:
        probe = included("probe") if any(route.probe for route in routes) else None
    except ConfigurationError:
        probe = None
    if probe is not None:
        probe = forced_mount() + probe if forced_mount() and not probe.startswith(forced_mount()) else probe
    return App(framework="django", version=django.get_version(), routes=routes, probe_path=probe, mount_hint=_NO_PROBE)


def requires_login() -> bool:
    """Whether LoginRequiredMiddleware, or a class made of it, is in MIDDLEWARE."""
    for name in settings.MIDDLEWARE:
        if name == _LOGIN:
            return True
        try:
            kind: Any = import_string(name)
        except ImportError:
            continue  # Django says so itself
        if any(f"{made.__module__}.{made.__qualname__}" == _LOGIN for made in getattr(kind, "__mro__", ())):
            return True
    return False


def _routes(patterns: Iterable[Any], front: str, login: bool) -> Iterator[Route]:
    for entry in patterns:
        path = front + str(entry.pattern).removeprefix("^").removesuffix(r"\Z")
        if isinstance(entry, URLResolver):
            yield from _routes(entry.url_patterns, path, login)
            continue
        view = entry.callback
        wanted = getattr(view, "qstash_wanted", None)
        options = Options() if wanted is None else wanted.within(for_all_views()).options
        yield Route(
            path=path,
            name=entry.name or getattr(view, "__name__", ""),
            verified=wanted is not None,
            task=options.get("of_tasks", False),
            probe=options.get("of_probe", False),
            verifies_url=options.get("verify_url", True),
            needs_login=login and getattr(view, "login_required", True),
            options=shown_options(options),
        )
