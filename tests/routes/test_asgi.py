"""Routes of Starlette and FastAPI: what is verified by the endpoint, its class, a dependency or a middleware."""

from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Host, Mount, Route, Router

from qstash_integrations import fastapi, starlette
from qstash_integrations.asgi import QStashMiddleware
from qstash_integrations.fastapi import VerifiedRoute
from qstash_integrations.fastapi import verify_qstash as dependency
from qstash_integrations.once import MemoryStore
from qstash_integrations.starlette import verify_qstash
from qstash_integrations.starlette.listing import routes_of
from qstash_integrations.tasks import TasksApp, task
from tests.routes.shown import lines


def anything(request: Request) -> Response:
    return Response()


class Things(HTTPEndpoint):
    def get(self, request: Request) -> Response:
        return Response()

    def post(self, request: Request) -> Response:
        return Response()


@task(name="shop.ship")
def ship(order_id: int) -> None: ...


def test_verified_endpoints_are_told_from_open_ones() -> None:
    app = Starlette(
        routes=[
            Route("/", anything),
            Route("/hooks/ship", verify_qstash(anything), methods=["POST"]),
            Route("/things", verify_qstash(Things)),
        ]
    )
    assert lines(routes_of(app)) == ["GET / open", "POST /hooks/ship endpoint", "GET,POST /things endpoint"]


def test_what_mounts_put_in_front_is_in_the_path() -> None:
    hook = Route("/ship", verify_qstash(anything), methods=["POST"])
    app = Starlette(routes=[Mount("/api", routes=[Mount("/hooks", routes=[hook])]), Host("in.example", Router([hook]))])
    found = routes_of(app)
    assert lines(found) == ["POST /api/hooks/ship endpoint", "POST /ship endpoint"]
    assert [route.host for route in found] == [None, "in.example"]


def test_a_middleware_verifies_what_is_below_its_prefix() -> None:
    app = Starlette(
        routes=[Route("/hooks/ship", anything, methods=["POST"]), Route("/", anything)],
        middleware=[Middleware(QStashMiddleware, prefix="/hooks")],
    )
    assert lines(routes_of(app)) == ["POST /hooks/ship middleware", "GET / open"]


def test_a_middleware_around_an_app_or_a_mount_verifies_what_is_in_it() -> None:
    inner = Route("/ship", anything, methods=["POST"])
    app = QStashMiddleware(Starlette(routes=[inner]), exclude=["/health"])
    mounted = Starlette(routes=[Mount("/in", routes=[inner], middleware=[Middleware(QStashMiddleware)])])
    assert lines(routes_of(app)) == ["POST /ship middleware"]
    assert lines(routes_of(mounted)) == ["POST /in/ship middleware"]


def test_an_app_without_routes_to_show_is_one_route() -> None:
    async def opaque(scope: Any, receive: Any, send: Any) -> None: ...

    app = Starlette(routes=[Mount("/old", QStashMiddleware(opaque)), Mount("/new", opaque)])
    assert lines(routes_of(app)) == ["any /old/{path:path} middleware", "any /new/{path:path} open"]


@pytest.mark.parametrize("kind", [Starlette, FastAPI])
def test_tasks_have_a_route_each_and_what_refuses_the_rest_is_not_shown(kind: Any) -> None:
    app = kind()
    (fastapi.QStash if kind is FastAPI else starlette.QStash)(app, tasks=[ship])
    assert lines(routes_of(app))[0] == "POST /qstash/tasks/shop.ship endpoint task shop.ship"
    assert sum("qstash" in line for line in lines(routes_of(app))) == 1


def test_tasks_that_are_an_app_of_their_own_are_shown_where_it_is_mounted() -> None:
    app = Starlette(routes=[Mount("/jobs", TasksApp([ship]))])
    assert lines(routes_of(app)) == ["POST /jobs/shop.ship endpoint task shop.ship"]


def test_fastapi_verifies_by_route_class_and_by_dependency_however_deep_the_router() -> None:
    hooks = APIRouter(prefix="/hooks", route_class=VerifiedRoute)
    hooks.add_api_route("/ship/{n}", lambda n: None, methods=["POST"])
    plain = APIRouter()
    plain.add_api_route("/one", lambda: None, methods=["POST"], dependencies=[Depends(dependency)])
    plain.add_api_route("/two", lambda: None, methods=["POST"])
    middle = APIRouter(prefix="/mid")
    middle.include_router(hooks)
    middle.include_router(plain, prefix="/plain")
    app = FastAPI(openapi_url=None)
    app.include_router(middle, prefix="/api")
    app.include_router(plain, prefix="/all", dependencies=[Depends(dependency)])
    assert lines(routes_of(app)) == [
        "POST /api/mid/hooks/ship/{n} endpoint",
        "POST /api/mid/plain/one dependency",
        "POST /api/mid/plain/two open",
        "POST /all/one dependency",
        "POST /all/two dependency",
    ]


def test_the_url_is_that_of_the_settings_or_of_the_endpoint_itself() -> None:
    app = Starlette(
        routes=[
            Route("/one", verify_qstash(anything)),
            Route("/two", verify_qstash(public_url="https://b.example")(anything)),
            Route("/any", verify_qstash(verify_url=False)(anything)),
        ]
    )
    one, two, anywhere = routes_of(app)
    assert one.urls == ("https://api.example.com/one",)
    assert two.urls == ("https://b.example/two",)
    assert two.verification is not None
    assert two.verification.own_public_url
    assert anywhere.urls == ()
    assert anywhere.verification is not None
    assert anywhere.verification.any_url


def test_what_an_app_was_given_counts_for_its_endpoints() -> None:
    app = Starlette(routes=[Route("/one", verify_qstash(max_body_size=7)(anything))])
    starlette.QStash(app, public_url="https://given.example", once=MemoryStore(), body_timeout=3)
    (one,) = routes_of(app)
    assert one.urls == ("https://given.example/one",)
    assert one.verification is not None
    assert (one.verification.once, one.verification.max_body_size, one.verification.body_timeout) == (
        "MemoryStore",
        7,
        3,
    )


def test_a_missing_setting_is_the_problem_of_the_route(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QSTASH_NEXT_SIGNING_KEY")
    (one,) = routes_of(Starlette(routes=[Route("/one", verify_qstash(anything))]))
    assert one.verification is not None
    assert str(one.verification.problem).startswith("QSTASH_NEXT_SIGNING_KEY is not set")


def test_a_decorator_that_came_too_late_is_told() -> None:
    app: Any = FastAPI(openapi_url=None)

    @verify_qstash
    @app.post("/ship")
    def late(request: Request) -> None: ...

    (route,) = routes_of(app)
    assert (route.verification, route.decorated_late) == (None, True)
