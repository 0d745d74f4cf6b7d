"""``QStash(app)``: a publisher on the app that lives as long as the app does, and knows the app's own URLs.

Spec: https://www.starlette.io/lifespan/
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Unpack, cast
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from .._core.app_options import AppOptions, ForApp, TasksGiven
from .._core.origins import add_origin
from .._core.public_urls import PATH, join_public_url
from .._core.publishing.account import no_attribute
from .._core.publishing.client import AsyncQStash
from .._core.publishing.client import QStash as SyncClient
from .._core.receiving.guards import AppValues, check_guard, give_values, values_of_app
from .._core.receiving.order import check_order
from .._core.settings.values import Settings
from .current import CurrentPublisher, WithPublisher
from .mounts import apps_below, check_root_path, location, note_outer
from .origin import check_callbacks, running
from .probe import ProbeRoute, check_path


class _OwnUrls:
    """What knows the app's own URLs."""

    app: Starlette
    _load: Callable[[], Settings]

    def url_for(self, name: str, /, **path_params: Any) -> str:
        """The public URL of a route of this app: the first QSTASH_PUBLIC_URL, and the route's path.

        With whatever mounts this app in another one in front: known when that one has started with a publisher of its
        own, or at the first request. Raises ConfigurationError when no public URL is set, or none that goes with
        the app; NoMatchFound for an unknown route.
        """
        path, host = location(self.app, name, path_params)
        bases = self._load().public_url
        check_root_path(self.app, bases)
        return join_public_url(bases, quote(path, safe=PATH), host)


class SyncPublisher(_OwnUrls, SyncClient):
    """``.sync`` of the publisher on the app, for plain ``def`` endpoints."""


class Publisher(_OwnUrls, AsyncQStash):
    """The publisher on the app: an ``AsyncQStash`` that also knows the app's own URLs, by ``url_for``.

    ``QStash(app)`` makes it. A setting that is missing is a ConfigurationError at the first call that needs it.
    """

    _sync_kind = SyncPublisher
    tasks_given: TasksGiven
    """What the app was told of its tasks and schedules."""

    @property
    def sync(self) -> SyncPublisher:
        """The same publisher for code that cannot await."""
        return cast("SyncPublisher", super().sync)


class QStash:
    """``QStash(app)`` puts a publisher on ``app.state.qstash`` and closes it when the app shuts down.

    The publisher is an ``AsyncQStash``, with ``.sync`` for plain ``def`` endpoints. Its settings are read at its first
    use, so that an app that only receives needs no token. A setting of a wrong form and what a verified endpoint lacks
    show when the app starts: ``lifespan.startup.failed`` with the ConfigurationError.

    ``options`` are settings that win over the environment (``token``, ``base_url``, ``current_signing_key``,
    ``next_signing_key``, ``public_url``, or all of them as one object, ``settings``), how the publisher sends
    (``timeout``, ``retry``, ``http_client``, ``headers``, ``allow_http``), those of ``verify_qstash`` for all verified
    endpoints of the app, which tasks it serves (``tasks``, ``tasks_path``, ``around``), and where the doctor's probe is
    (``probe_path``).
    ``qstash_integrations.options.AppOptions`` has each with its unit and limits.
    """

    _framework = "starlette"

    def __init__(self, app: Starlette, **options: Unpack[AppOptions]) -> None:
        given = ForApp.taken_from(options)
        if not isinstance(app, Starlette):
            raise TypeError(
                "qstash_integrations.starlette.QStash takes the app; the client that takes a token is "
                "qstash_integrations.QStash or qstash_integrations.AsyncQStash"
            )
        if hasattr(app.state, "qstash"):
            raise RuntimeError("this app has a publisher already: QStash(app) was called twice")
        values = AppValues(given.wanted)
        publisher = Publisher.from_settings(values.load, given.manner())
        publisher.app = publisher.sync.app = app
        publisher.tasks_given = given.tasks
        tasks = self._routes_of(app, given.tasks) if given.tasks.are_given() else []
        path = given.probe_path()
        if path is not None:
            tasks.append(ProbeRoute(path, self._framework))
        app.state.qstash = publisher
        give_values(app, values)
        app.add_middleware(WithPublisher, publisher=publisher)
        _put_first(tasks, app.router.routes)
        run = app.router.lifespan_context

        @asynccontextmanager
        async def lifespan(running: Any) -> AsyncGenerator[Any]:
            _put_first(tasks, app.router.routes)
            settings = values.load()  # one of a wrong form is said now; one that is missing, when it is used
            check_callbacks(app, settings)
            if path is not None:
                check_path(app, path)
            for inner in apps_below(app):
                if isinstance(inner, Starlette):
                    note_outer(inner, app.router)
            holders = list(_holders(app.routes, values))
            for holder, its_values in holders:
                check_guard(holder, its_values)
            misplaced = "@verify_qstash stands below what registers it; in FastAPI use VerifiedRoute"
            check_order([holder for holder, _ in holders], misplaced)
            try:
                async with run(running) as state:
                    yield state
            finally:
                await publisher.aclose()

        app.router.lifespan_context = lifespan

    def _routes_of(self, app: Starlette, given: TasksGiven) -> list[BaseRoute]:
        # Pydantic takes its time, and most apps serve no tasks.
        from .tasks import routes_of

        return routes_of(app, given)

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            raise AttributeError(no_attribute("qstash_integrations.starlette", name, Publisher))


qstash: Publisher = cast("Publisher", CurrentPublisher())
"""The publisher of the app that is running: ``app.state.qstash``, with its type, and without a request at hand."""

add_origin(running)


def _put_first(routes: list[BaseRoute], of_app: list[BaseRoute]) -> None:
    """Ahead of what was added at the front since."""
    ours = {id(route) for route in routes}
    of_app[:] = [*routes, *(route for route in of_app if id(route) not in ours)]


def _holders(routes: Iterable[Any], values: AppValues) -> Iterator[tuple[object, AppValues]]:
    """What may be verified of all routes, those of mounted and included routers among them, and by which values."""
    for route in routes:
        app = getattr(route, "app", None)
        yield from ((holder, values) for holder in (route, getattr(route, "endpoint", None), app))
        yield from ((holder, values) for holder in _dependencies(getattr(route, "dependant", None)))
        # Newer versions of FastAPI keep an included router as it is.
        router = getattr(route, "original_router", route)
        yield from ((depends.dependency, values) for depends in getattr(router, "dependencies", None) or ())
        yield from _holders(getattr(router, "routes", None) or (), values_of_app(app) or values)


def _dependencies(dependant: Any) -> Iterator[object]:
    """Of FastAPI's, whatever they depend on themselves among them."""
    for dependency in getattr(dependant, "dependencies", ()):
        yield dependency.call
        yield from _dependencies(dependency)
