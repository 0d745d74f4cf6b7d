"""What ``prefix=`` cannot see, as docs/security.md says: each limit and how the same route is protected without it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import override_settings as django_settings
from django.urls import path as django_path
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response
from starlette.routing import Route

from qstash_integrations.asgi import QStashMiddleware
from qstash_integrations.django import verify_qstash as django_verified
from qstash_integrations.starlette import verify_qstash
from tests.asgi.test_other_frameworks import OPTIONS, REJECTED, exchange
from tests.django.project import asgi_app, configure
from tests.hosts import Answer, Request, asgi_send

pytestmark = pytest.mark.system

SHIPPED = b"shipped"


async def ship(request: StarletteRequest) -> Response:
    return Response(SHIPPED)


async def hooks(scope: Any, receive: Any, send: Any) -> None:
    await Response(SHIPPED)(scope, receive, send)


def guarded(app: Any) -> Any:
    return QStashMiddleware(app, **OPTIONS)


def litestar(mounted: Any) -> Any:
    from litestar import Litestar, asgi

    return Litestar([asgi("/hooks", is_mount=True, copy_scope=True)(mounted)], logging_config=None)


def hypercorn(mounted: Any) -> Any:
    from hypercorn.middleware import DispatcherMiddleware

    return DispatcherMiddleware({"/hooks": mounted})


def django(pattern: Callable[[Any], Any], *, verified: bool) -> Any:
    def view(request: Any) -> HttpResponse:
        return HttpResponse(SHIPPED)

    return asgi_app(pattern(django_verified(**OPTIONS)(view) if verified else csrf_exempt(view)))


def unanchored(view: Any) -> Any:
    return re_path(r"^hooks", view)


def at_ship(view: Any) -> Any:
    return django_path("ship", view)


def fastapi() -> Any:
    app = FastAPI()
    # As FastAPI(root_path="/hooks"), which the newest warns of.
    app.root_path = "/hooks"
    app.add_route("/ship", ship, methods=["POST"])
    return app


def wildcard(endpoint: Any) -> Any:
    return Starlette(routes=[Route("/{tenant}/ship", endpoint, methods=["POST"])])


# The target, the app as it is, and the same with the router or the view as the judge.
OUTSIDE: dict[str, tuple[str, Callable[[], Any], Callable[[], Any]]] = {
    "Litestar's mount": ("/hooksmith", lambda: litestar(hooks), lambda: litestar(guarded(hooks))),
    "hypercorn's mount": ("/hooksmith", lambda: hypercorn(hooks), lambda: hypercorn(guarded(hooks))),
    "a pattern without an end": (
        "/hooksmith",
        lambda: django(unanchored, verified=False),
        lambda: django(unanchored, verified=True),
    ),
    "FastAPI's own root path": ("/ship", fastapi, lambda: guarded(fastapi())),
    "Django's own root path": (
        "/ship",
        lambda: django(at_ship, verified=False),
        lambda: django(at_ship, verified=True),
    ),
    "a route of other paths as well": (
        "/shop/ship",
        lambda: wildcard(ship),
        lambda: wildcard(verify_qstash(**OPTIONS)(ship)),
    ),
}
SETTINGS = {"Django's own root path": {"FORCE_SCRIPT_NAME": "/hooks"}}


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_a_prefix_cannot_see_is_protected_where_it_is_routed(name: str) -> None:
    configure()
    target, as_it_is, judged = OUTSIDE[name]
    send: Callable[[Any, Request], Answer] = (
        exchange if name.startswith("Litestar") else lambda app, sent: asgi_send(app)(sent)
    )
    with django_settings(ALLOWED_HOSTS=["*"], **SETTINGS.get(name, {})):
        unseen = send(QStashMiddleware(as_it_is(), prefix="/hooks", **OPTIONS), Request(target))
        assert (unseen.status, unseen.body) == (200, SHIPPED)
        refused = send(judged(), Request(target))
        assert (refused.status, refused.body) == (REJECTED.status, REJECTED.body)
