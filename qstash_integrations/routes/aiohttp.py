"""The routes of an aiohttp app, and of the apps in it. Imports nothing of aiohttp: whoever has an app has that.

Spec: https://docs.aiohttp.org/en/stable/web_reference.html#router
"""

from collections.abc import Iterator
from typing import Any

from .._core.receiving.order import is_open
from .route import Route, Verification
from .verifying import methods_of, name_of, verification_by


def routes_of(app: Any) -> list[Route]:
    """In the order in which the app looks at them."""
    return list(_routes(app, None))


def _routes(app: Any, outer: Verification | None) -> Iterator[Route]:
    around = outer
    for middleware in app.middlewares:
        around = around or verification_by("middleware", middleware)
    for resource in app.router.resources():
        inner = getattr(resource, "_app", None)
        if inner is not None:
            yield from _routes(inner, around)
            continue
        for route in resource:
            if route.method == "HEAD":
                continue  # which is added to every GET
            guard = getattr(route.handler, "qstash_guard", None)
            if guard is not None and "of_probe" in guard.wanted.options:
                continue  # the doctor's, which is none of the app's
            yield Route(
                path=resource.canonical,
                methods=methods_of(_methods(route)),
                handler=name_of(route.handler),
                verification=verification_by("endpoint", route.handler) or around,
                decorated_late=is_open(route.handler),
            )


def _methods(route: Any) -> list[str]:
    """Of a class those that it has."""
    if route.method != "*" or not isinstance(route.handler, type):
        return [route.method]
    return [name for name in ("get", "post", "put", "patch", "delete") if hasattr(route.handler, name)]
