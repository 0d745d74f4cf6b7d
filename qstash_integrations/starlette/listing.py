"""The routes of a Starlette or FastAPI app, those of mounted apps and included routers among them, and what verifies
them: the endpoint, its route class, a dependency, or a middleware around any of that.

Spec: https://www.starlette.io/routing/
"""

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Host, Mount, WebSocketRoute

from .._core.receiving.asgi_probe import Probe
from .._core.receiving.guards import AppValues, apps_behind, values_of_app
from .._core.receiving.order import is_open
from ..asgi import QStashMiddleware
from ..routes import Route, Verification
from ..routes.verifying import methods_of, name_of, verification_by
from .origin import route_name

_OF_TASKS = route_name("")
_VERBS = ("get", "post", "put", "patch", "delete")
_BELOW = "/{path:path}"


def routes_of(app: object) -> list[Route]:
    """``app`` may have middleware around it. In the order in which it looks at them."""
    return list(_routes_of_app(app, None))


def _routes_of_app(outermost: object, values: AppValues | None) -> Iterator[Route]:
    layers = list(apps_behind(outermost))
    for layer in layers:
        values = values_of_app(layer) or values
    inner: Any = next((layer for layer in layers if hasattr(layer, "routes")), None)
    around = [layer for layer in layers if isinstance(layer, QStashMiddleware)]
    guards = [*around, *_middlewares(inner)]
    found = _routes(inner.routes, values) if inner is not None else _opaque(layers, values)
    for route in found:
        yield _behind(route, guards, values)


def _routes(routes: Iterable[Any], values: AppValues | None) -> Iterator[Route]:
    for route in routes:
        if isinstance(route, Mount | Host):
            yield from _mounted(route, values)
        elif hasattr(route, "original_router"):  # as newer versions of FastAPI keep an included router
            yield from _included(route, values)
        elif not isinstance(route, WebSocketRoute) and hasattr(route, "endpoint"):
            yield from _one(route, values)


def _mounted(mount: Mount | Host, values: AppValues | None) -> Iterator[Route]:
    prefix, host = (mount.path, None) if isinstance(mount, Mount) else ("", mount.host)
    for route in _routes_of_app(mount.app, values):
        yield route.below(prefix, host)


def _included(included: Any, values: AppValues | None) -> Iterator[Route]:
    context, router = included.include_context, included.original_router
    around = _first(
        verification_by("dependency", one.dependency, values)
        for one in (*(getattr(context, "dependencies", None) or ()), *(getattr(router, "dependencies", None) or ()))
    )
    for route in _routes(router.routes, values):
        yield route.below(context.prefix).behind(around)


def _one(route: Any, values: AppValues | None) -> Iterator[Route]:
    endpoint, task = route.endpoint, _task(route)
    if task == "":
        return  # what refuses whatever else is below the path of the tasks
    if isinstance(endpoint, Probe):
        return  # the doctor's, which is none of the app's
    yield Route(
        path=route.path,
        methods=("POST",) if task else methods_of(_methods(route)),
        handler=task or name_of(endpoint),
        verification=_verification(route, endpoint, values),
        task=task,
        decorated_late=is_open(endpoint),
    )


def _verification(route: Any, endpoint: Any, values: AppValues | None) -> Verification | None:
    near = _first(verification_by("endpoint", holder, values) for holder in (endpoint, route))
    if near is not None:
        return near
    behind = _first(verification_by("middleware", layer, values) for layer in apps_behind(getattr(route, "app", None)))
    return behind or _first(
        verification_by("dependency", call, values) for call in _dependencies(getattr(route, "dependant", None))
    )


def _methods(route: Any) -> Iterable[str] | None:
    methods: Iterable[str] | None = route.methods
    if methods or not inspect.isclass(route.endpoint):
        return methods
    return [name for name in _VERBS if hasattr(route.endpoint, name)]


def _task(route: Any) -> str | None:
    """None for what runs no task."""
    name: str = getattr(route, "name", None) or ""
    return name.removeprefix(_OF_TASKS) if name.startswith(_OF_TASKS) else None


def _dependencies(dependant: Any) -> Iterator[object]:
    for dependency in getattr(dependant, "dependencies", ()):
        yield dependency.call
        yield from _dependencies(dependency)


def _opaque(layers: list[Any], values: AppValues | None) -> Iterator[Route]:
    """Of an app that shows no routes: its tasks if it serves those alone, else whatever is below it."""
    app = layers[-1] if layers else None
    tasks = getattr(app, "task_names", None)
    if tasks is not None:
        for name in tasks:
            verification = verification_by("endpoint", app, values)
            yield Route(path=f"/{name}", methods=("POST",), handler=name, verification=verification, task=name)
    elif app is not None:
        yield Route(path=_BELOW, handler=name_of(app))


def _behind(route: Route, guards: list[QStashMiddleware], values: AppValues | None) -> Route:
    # The innermost of them is the last to look.
    for guard in reversed(guards):
        if guard.protected.covers({"path": route.path, "root_path": ""}):
            route = route.behind(verification_by("middleware", guard, values))
    return route if route.verification is None else replace(route, decorated_late=False)


def _middlewares(app: object) -> Iterator[QStashMiddleware]:
    """Those that an app was given, outermost first; it builds them with its first request."""
    if not isinstance(app, Starlette):
        return
    given: Any
    for given in app.user_middleware:
        if inspect.isclass(given.cls) and issubclass(given.cls, QStashMiddleware):
            make: Any = given.cls
            yield make(app, *given.args, **given.kwargs)


def _first(found: Iterable[Verification | None]) -> Verification | None:
    return next((one for one in found if one is not None), None)
