"""What the doctor sees of a Starlette or FastAPI app: its routes, and which of them are verified."""

import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Host, Mount

from .._core.environment import Reader
from .._core.publishing.client import QStash
from .._core.receiving.guards import AppValues, Guards, apps_behind, values_of_app
from .._core.receiving.options import Options, Wanted
from .._core.receiving.order import is_open
from .._core.receiving.paths import Protected
from ..asgi import QStashMiddleware
from ..doctor.facts import App, Route
from ..doctor.place import Place, shown_options
from .mounts import apps_below, note_outer

_NO_PROBE = "call QStash(app), without probe_path=None"


def place(app: Starlette) -> Place:
    """Of the app, with what it mounts; the values are those of the outermost app that was given some."""
    apps = [app, *(one for one in apps_below(app) if isinstance(one, Starlette))]
    for inner in apps[1:]:
        note_outer(inner, app.router)
    values = next((found for one in apps if (found := values_of_app(one))), None) or AppValues(Wanted())
    routes = list(_routes(app, "", values))
    fastapi: Any = getattr(sys.modules.get("fastapi"), "FastAPI", None)
    framework = "fastapi" if fastapi and isinstance(app, fastapi) else "starlette"
    shown = App(
        framework=framework,
        version=version(framework),
        routes=routes,
        probe_path=next((route.path for route in routes if route.probe), None),
        mount_hint=_NO_PROBE,
    )
    publisher = next((one.state.qstash for one in apps if hasattr(one.state, "qstash")), None)
    return Place(
        app=shown,
        load=values.load,
        reader=lambda: Reader({}, values.wanted.given),
        client=lambda: QStash.from_settings(values.load) if publisher is None else publisher.sync,
        has_receiver="receiver" in values.wanted.options,
    )


def _routes(owner: Any, front: str, values: AppValues, outer: tuple[Guards, ...] = ()) -> Iterator[Route]:
    around = (*outer, *_guards_of(getattr(owner, "user_middleware", ())))
    covering = list(_protected(getattr(owner, "user_middleware", ())))
    for route in getattr(owner, "routes", None) or ():
        if isinstance(route, Mount | Host):
            inner = getattr(route, "_base_app", route.app)
            layers = list(apps_behind(route.app))
            own = tuple(
                guards for layer in layers if isinstance(guards := getattr(layer, "qstash_guard", None), Guards)
            )
            path = front + (route.path if isinstance(route, Mount) else "")
            its_values = next((found for layer in layers if (found := values_of_app(layer))), values)
            owners = [layer for layer in (*layers, inner) if hasattr(layer, "routes")]
            if owners:
                yield from _routes(owners[-1], path, its_values, (*around, *own))
            elif own:
                yield _route(route, path or "/", its_values, (*around, *own))
        elif hasattr(route, "original_router"):  # as newer versions of FastAPI keep an included router
            router = route.original_router
            dependencies = [depends.dependency for depends in router.dependencies or ()]
            yield from _routes(router, front + route.include_context.prefix, values, (*around, *_of(dependencies)))
        else:
            path = front + (getattr(route, "path", "") or "")
            covered = [guards for guards, protected in covering if protected.covers({"path": path})]
            yield _route(route, path, values, (*around, *covered))


def _route(route: Any, path: str, values: AppValues, outer: Iterable[Guards]) -> Route:
    endpoint = getattr(route, "endpoint", None)
    guards = [*_of((route, endpoint, *_dependencies(getattr(route, "dependant", None)))), *outer]
    options = guards[0].wanted.within(values.wanted).options if guards else Options()
    return Route(
        path=path,
        methods=sorted(getattr(route, "methods", None) or ()),
        name=getattr(route, "name", "") or "",
        verified=bool(guards),
        task=options.get("of_tasks", False),
        probe=options.get("of_probe", False),
        verifies_url=options.get("verify_url", True),
        decorated_above=is_open(endpoint),
        options=shown_options(options),
    )


def _of(holders: Iterable[object]) -> Iterator[Guards]:
    for holder in holders:
        guards = getattr(holder, "qstash_guard", None)
        if isinstance(guards, Guards):
            yield guards


def _guards_of(middleware: Iterable[Any]) -> Iterator[Guards]:
    """Of other classes of ours that were put around the whole app."""
    return (guards for one in middleware if isinstance(guards := getattr(one, "qstash_guard", None), Guards))


def _protected(middleware: Iterable[Any]) -> Iterator[tuple[Guards, Protected]]:
    for one in middleware:
        if one.cls is QStashMiddleware:
            made = QStashMiddleware(_nothing, *one.args, **one.kwargs)
            yield made.qstash_guard, made.protected


async def _nothing(*_: object) -> None:
    """Nobody calls it."""


def _dependencies(dependant: Any) -> Iterator[object]:
    for dependency in getattr(dependant, "dependencies", ()):
        yield dependency.call
        yield from _dependencies(dependency)
