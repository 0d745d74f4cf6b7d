"""Flask extensions that refuse what has no session, count requests or read routes: tasks pass them, views do not."""

from collections.abc import Callable
from typing import Any

import pytest
from apiflask import APIFlask
from flask import Flask
from flask_caching import Cache
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_restful import Api as RestfulApi
from flask_restx import Api as RestxApi
from flask_smorest import Api as SmorestApi
from flask_wtf import CSRFProtect

from qstash_integrations.flask import QStash
from qstash_integrations.tasks import task
from tests.hosts import Request, wsgi_send
from tests.signing import ORIGIN
from tests.tasks.wsgi_mounts import KEYS, call_url, request

ran: list[int] = []


@task
def ship(order_id: int) -> None:
    ran.append(order_id)


URL = call_url(f"{__name__}.ship")


def csrf(app: Flask) -> None:
    CSRFProtect(app)


def limits(app: Flask) -> None:
    Limiter(lambda: "everybody", app=app, default_limits=["1 per day"], storage_uri="memory://")


def limits_on_the_app(app: Flask) -> None:
    Limiter(lambda: "everybody", app=app, application_limits=["1 per day"], storage_uri="memory://")


def two_limiters(app: Flask) -> None:
    limits(app)
    limits(app)


def others(app: Flask) -> None:
    LoginManager(app)
    Cache(app, config={"CACHE_TYPE": "SimpleCache"})


EXTENSIONS = [csrf, limits, limits_on_the_app, two_limiters, others]


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


def serve(app: Flask) -> None:
    QStash(app, tasks=ship, public_url=ORIGIN, **KEYS)


def first(extend: Callable[[Flask], None], app: Flask) -> None:
    extend(app)
    serve(app)


def last(extend: Callable[[Flask], None], app: Flask) -> None:
    serve(app)
    extend(app)


@pytest.mark.parametrize("order", [first, last])
@pytest.mark.parametrize("extend", EXTENSIONS)
def test_tasks_pass_and_strangers_do_not(
    extend: Callable[[Flask], None], order: Callable[[Callable[[Flask], None], Flask], None]
) -> None:
    app = Flask("shop")
    app.config["SECRET_KEY"] = "only for tests"
    order(extend, app)
    app.add_url_rule("/order", view_func=lambda: "ordered", methods=["POST"])
    calls = [wsgi_send(app)(request(URL, b'{"order_id":3}')).status for _ in range(3)]
    strangers = [wsgi_send(app)(request(URL, token="")).status for _ in range(2)]
    assert (calls, strangers, ran) == ([200] * 3, [401] * 2, [3] * 3)
    # What is ours alone is let pass.
    views = [wsgi_send(app)(Request("/order")).status for _ in range(3)]
    assert views == ([200] * 3 if extend is others else [400] * 3 if extend is csrf else [200, 429, 429])


def restful(app: Flask) -> None:
    RestfulApi(app, catch_all_404s=True)


def restx(app: Flask) -> None:
    RestxApi(app)


def smorest(app: Flask) -> None:
    app.config.update(API_TITLE="shop", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    SmorestApi(app)


@pytest.mark.parametrize("extend", [restful, restx, smorest])
def test_tasks_stand_beside_an_api(extend: Callable[[Flask], None]) -> None:
    app = Flask("shop")
    first(extend, app)
    assert wsgi_send(app)(request(URL, b'{"order_id":3}')).status == 200
    assert wsgi_send(app)(request(URL, token="")).status == 401
    assert wsgi_send(app)(request(f"{ORIGIN}/qstash/tasks/none", token="")).status == 401


def test_a_description_of_an_api_leaves_them_out() -> None:
    app: Any = APIFlask("shop")
    serve(app)
    app.add_url_rule("/order", view_func=lambda: "ordered", methods=["POST"])
    assert list(app.spec["paths"]) == ["/order"]
