"""Flask extensions that take over errors, refuse forms, cache, compress or count: the real ones, beside ours."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from apiflask import APIBlueprint, APIFlask
from flask import Blueprint, Flask, g
from flask_caching import Cache
from flask_compress import Compress
from flask_cors import CORS
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_restful import Api as RestfulApi
from flask_restful import Resource as RestfulResource
from flask_restx import Api as RestxApi
from flask_restx import Resource as RestxResource
from flask_smorest import Api as SmorestApi
from flask_smorest import Blueprint as SmorestBlueprint
from flask_talisman import Talisman
from flask_wtf import CSRFProtect

from qstash_integrations import NonRetryable, RetryAfter
from qstash_integrations.flask import protect, verify_qstash
from qstash_integrations.once import MemoryStore
from tests.flask.apps import RECEIVER, REJECTED, send
from tests.hosts import Request, wsgi_send
from tests.signing import ORIGIN, signed

OPTIONS: Any = {"receiver": RECEIVER, "public_url": ORIGIN}
View = Callable[[], Any]


def ship() -> dict[str, int]:
    return {"size": len(g.qstash_delivery.body)}


def named(app: Flask) -> Flask:
    app.config.update(SECRET_KEY="only for tests", API_TITLE="shop", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    return app


def errors_of_the_blueprint(view: View) -> Flask:
    app, hooks = named(Flask("shop")), protect(Blueprint("hooks", "shop", url_prefix="/hooks"), **OPTIONS)
    hooks.post("/ship")(view)
    hooks.errorhandler(Exception)(lambda error: ("oops", 500))
    app.register_blueprint(hooks)
    return app


def nested_blueprints(view: View) -> Flask:
    app, hooks = named(Flask("shop")), protect(Blueprint("hooks", "shop", url_prefix="/hooks"), **OPTIONS)
    inner = Blueprint("inner", "shop")
    inner.post("/ship")(view)
    inner.errorhandler(Exception)(lambda error: ("oops", 500))
    hooks.register_blueprint(inner)
    app.register_blueprint(hooks)
    return app


def whole_app(view: View) -> Flask:
    app = protect(named(Flask("shop")), **OPTIONS)
    hooks = Blueprint("hooks", "shop", url_prefix="/hooks")
    hooks.post("/ship")(view)
    hooks.errorhandler(Exception)(lambda error: ("oops", 500))
    app.register_blueprint(hooks)
    return app


def restful(view: View) -> Flask:
    class Ship(RestfulResource):
        def post(self) -> Any:
            return view()

    app, hooks = named(Flask("shop")), protect(Blueprint("hooks", "shop", url_prefix="/hooks"), **OPTIONS)
    RestfulApi(hooks).add_resource(Ship, "/ship")
    app.register_blueprint(hooks)
    return app


def restful_app(view: View) -> Flask:
    class Ship(RestfulResource):
        def post(self) -> Any:
            return view()

    app = protect(named(Flask("shop")), **OPTIONS)
    RestfulApi(app).add_resource(Ship, "/hooks/ship")
    return app


def restful_decorator(view: View) -> Flask:
    class Ship(RestfulResource):
        method_decorators = [verify_qstash(**OPTIONS)]  # noqa: RUF012

        def post(self) -> Any:
            return view()

    app = named(Flask("shop"))
    RestfulApi(app).add_resource(Ship, "/hooks/ship")
    return app


def restx(view: View) -> Flask:
    class Ship(RestxResource):
        def post(self) -> Any:
            return view()

    app, hooks = named(Flask("shop")), protect(Blueprint("hooks", "shop", url_prefix="/hooks"), **OPTIONS)
    RestxApi(hooks).add_resource(Ship, "/ship")
    app.register_blueprint(hooks)
    return app


def smorest(view: View) -> Flask:
    app = named(Flask("shop"))
    hooks = protect(SmorestBlueprint("hooks", "shop", url_prefix="/hooks"), **OPTIONS)
    hooks.route("/ship", methods=["POST"])(hooks.response(200)(view))
    SmorestApi(app).register_blueprint(hooks)
    return app


def apiflask(view: View) -> Flask:
    app = named(APIFlask("shop"))
    hooks = protect(APIBlueprint("hooks", "shop", url_prefix="/hooks"), **OPTIONS)
    hooks.post("/ship")(view)
    app.register_blueprint(hooks)
    return app


def wtf_exempts_the_blueprint(view: View) -> Flask:
    app, hooks = named(Flask("shop")), protect(Blueprint("hooks", "shop", url_prefix="/hooks"), **OPTIONS)
    CSRFProtect(app).exempt(hooks)
    hooks.post("/ship")(view)
    app.register_blueprint(hooks)
    return app


def wtf_exempts_the_view(view: View) -> Flask:
    app = named(Flask("shop"))
    csrf = CSRFProtect(app)
    app.post("/hooks/ship", endpoint="ship")(csrf.exempt(verify_qstash(**OPTIONS)(view)))
    return app


def the_usual_ones(view: View) -> Flask:
    app, hooks = named(Flask("shop")), protect(Blueprint("hooks", "shop", url_prefix="/hooks"), **OPTIONS)
    LoginManager(app)
    CORS(app)
    Limiter(get_remote_address, app=app, default_limits=["1000 per minute"], storage_uri="memory://")
    Talisman(app, force_https=False)
    Compress(app)
    hooks.post("/ship")(view)
    app.register_blueprint(hooks)
    return app


APPS = [
    errors_of_the_blueprint,
    nested_blueprints,
    whole_app,
    restful,
    restful_app,
    restful_decorator,
    restx,
    smorest,
    apiflask,
    wtf_exempts_the_blueprint,
    wtf_exempts_the_view,
    the_usual_ones,
]


def stops() -> Any:
    raise NonRetryable("no such order")


def waits() -> Any:
    raise RetryAfter(60)


@pytest.mark.parametrize("make", APPS, ids=lambda make: make.__name__)
def test_a_protected_view_is_verified_and_steers_beside_it(make: Callable[[View], Flask]) -> None:
    app = make(ship)
    assert send(app).status == 200
    refused = send(app, token="")
    assert (refused.status, refused.body) == (401, REJECTED.body)
    never, later = send(make(stops)), send(make(waits))
    assert (never.status, never.body) == (489, b'{"error":"no such order"}')
    assert (later.status, later.headers["retry-after"]) == (503, "60")


def test_csrf_protection_refuses_what_it_does_not_exempt() -> None:
    app = named(Flask("shop"))
    CSRFProtect(app)
    app.post("/hooks/ship")(verify_qstash(**OPTIONS)(ship))
    answer = send(app)
    assert answer.status == 400
    assert b"The CSRF token is missing." in answer.body


def test_what_is_compressed_is_done_when_it_was_answered() -> None:
    app = named(Flask("shop"))
    app.config["COMPRESS_MIN_SIZE"] = 1
    Compress(app)
    app.post("/hooks/ship")(verify_qstash(**OPTIONS, once=MemoryStore())(lambda: {"shipped": "yes" * 100}))
    sent = Request("/hooks/ship", [("Upstash-Signature", signed(b"")), ("Accept-Encoding", "gzip")])
    first = wsgi_send(app)(sent)
    assert gzip.decompress(first.body) == b'{"shipped":"%s"}\n' % (b"yes" * 100)
    assert wsgi_send(app)(sent).status == 401  # the same token again


def test_a_cache_inside_the_verification_answers_no_stranger() -> None:
    app, ran = named(Flask("shop")), []
    cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})

    @app.post("/hooks/ship")
    @verify_qstash(**OPTIONS)
    @cache.cached()
    def cached() -> str:
        ran.append("ran")
        return "shipped"

    assert send(app).body == b"shipped"
    assert send(app, token="") == REJECTED
    # Why no cache belongs on a webhook: the next message is answered, and nobody works on it.
    another = Request("/hooks/ship", [("Upstash-Signature", signed(b"another"))], b"another")
    assert (wsgi_send(app)(another).status, ran) == (200, ["ran"])


def test_a_plain_request_beside_the_hooks_is_nobodys_business() -> None:
    app = wtf_exempts_the_blueprint(ship)
    app.get("/")(lambda: "home")
    assert wsgi_send(app)(Request("/", method="GET")).body == b"home"
