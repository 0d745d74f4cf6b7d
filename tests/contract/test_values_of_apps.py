"""What ``QStash(app, ...)`` is given reaches the app's verified endpoints, its publisher and its URLs.

An endpoint's own options win over those of its app, which win over the environment; an override of a test over all.
"""

import gc
import time
import weakref
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from flask import Blueprint, Flask
from pydantic import AnyHttpUrl, SecretStr
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from qstash_integrations import ConfigurationError, Receiver, Settings, asgi, fastapi, flask, starlette
from qstash_integrations._core.publishing.client import APIResponse
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations.options import AppOptions
from qstash_integrations.testing import LocalQStash, Outbox, sign
from tests.core.test_settings import everything_in
from tests.hosts import Request, Send, asgi_send, wsgi_send
from tests.outbox import outbox
from tests.signing import ATTACKER, CURRENT, NEXT, ORIGIN, signed

TOKEN = "TESTONLY-token-0000000000000000"
KEYS = {"current_signing_key": CURRENT, "next_signing_key": NEXT}
OTHERS = {"current_signing_key": ATTACKER, "next_signing_key": ATTACKER[::-1]}
GIVEN: AppOptions = {"public_url": ORIGIN, "current_signing_key": CURRENT, "next_signing_key": NEXT}


async def shipped(request: Any) -> PlainTextResponse:
    return PlainTextResponse("shipped")


class Shipping(HTTPEndpoint):
    async def post(self, request: Any) -> PlainTextResponse:
        return await shipped(request)


def with_function(**options: Any) -> Starlette:
    return Starlette(routes=[Route("/hooks/ship", starlette.verify_qstash(**options)(shipped), methods=["POST"])])


def with_class(**options: Any) -> Starlette:
    return Starlette(routes=[Route("/hooks/ship", starlette.verify_qstash(**options)(Shipping))])


def with_middleware(**options: Any) -> Starlette:
    app = Starlette(routes=[Route("/hooks/ship", shipped, methods=["POST"])])
    app.add_middleware(asgi.QStashMiddleware, **options)
    return app


def with_middleware_of_a_mount(**options: Any) -> Starlette:
    routes = [Route("/ship", shipped, methods=["POST"])]
    return Starlette(routes=[Mount("/hooks", routes=routes, middleware=[Middleware(asgi.QStashMiddleware, **options)])])


def with_route_class(**options: Any) -> FastAPI:
    app = FastAPI()
    router = APIRouter(route_class=fastapi.VerifiedRoute.using(**options))

    @router.post("/hooks/ship")
    async def ship() -> str:
        return "shipped"

    app.include_router(router)
    return app


def with_dependency(**options: Any) -> FastAPI:
    app = FastAPI()

    @app.post("/hooks/ship", dependencies=[Depends(fastapi.verify_qstash(**options))])
    async def ship() -> str:
        return "shipped"

    return app


def with_view(**options: Any) -> Flask:
    app = Flask("shop")

    @app.post("/hooks/ship")
    @flask.verify_qstash(**options)
    def ship() -> str:
        return "shipped"

    return app


def with_blueprint(**options: Any) -> Flask:
    app = Flask("shop")
    hooks = flask.protect(Blueprint("hooks", __name__, url_prefix="/hooks"), **options)

    @hooks.post("/ship")
    def ship() -> str:
        return "shipped"

    app.register_blueprint(hooks)
    return app


Build = Callable[..., Any]
APPS: dict[str, Build] = {
    "a function": with_function,
    "a class": with_class,
    "middleware": with_middleware,
    "middleware of a mount": with_middleware_of_a_mount,
    "a route class": with_route_class,
    "a dependency": with_dependency,
    "a Flask view": with_view,
    "a Flask blueprint": with_blueprint,
}
ON_ALL = pytest.mark.parametrize("build", APPS.values(), ids=APPS)


def extension(app: Any) -> Any:
    return flask.QStash if isinstance(app, Flask) else starlette.QStash


def publisher(app: Any) -> Any:
    return app.extensions["qstash"] if isinstance(app, Flask) else app.state.qstash.sync


def sender(app: Any) -> Send:
    return wsgi_send(app) if isinstance(app, Flask) else asgi_send(app)


def status(app: Any, key: str = CURRENT, origin: str = ORIGIN) -> int:
    now = int(time.time())
    token = signed(b"3", origin + "/hooks/ship", key=key, iat=now, exp=now + 300)
    headers = [("Upstash-Signature", token), ("Content-Type", "application/json")]
    return sender(app)(Request("/hooks/ship", headers, b"3")).status


def object_of(**values: Any) -> SimpleNamespace:
    return SimpleNamespace(
        qstash_token=SecretStr(TOKEN),
        qstash_current_signing_key=SecretStr(CURRENT),
        qstash_next_signing_key=SecretStr(NEXT),
        qstash_public_url=AnyHttpUrl(ORIGIN),
        **values,
    )


VALUES: dict[str, Callable[[], AppOptions]] = {
    "arguments": lambda: GIVEN,
    "a function for the URL": lambda: {**GIVEN, "public_url": lambda: ORIGIN},
    "an object": lambda: {"settings": object_of()},
    "a function for the object": lambda: {"settings": object_of},
    "our own settings": lambda: {"settings": Settings.load(settings=object_of())},
    "an argument before the object": lambda: {"settings": {**OTHERS, "public_url": ORIGIN}, **KEYS},
    "None is not given": lambda: {**GIVEN, "base_url": None, "token": None, "receiver": None, "once": None},
}


@pytest.mark.sampled("values")
@ON_ALL
@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_what_an_app_is_given_verifies_its_requests(build: Build, values: Callable[[], AppOptions]) -> None:
    app = build()
    extension(app)(app, **values())
    assert (status(app), status(app, NEXT), status(app, ATTACKER), status(app, origin="https://x.example")) == (
        200,
        200,
        401,
        401,
    )


@ON_ALL
def test_the_app_comes_before_the_environment(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_PUBLIC_URL", "https://environment.example")
    monkeypatch.setenv("QSTASH_CURRENT_SIGNING_KEY", ATTACKER)
    monkeypatch.setenv("QSTASH_NEXT_SIGNING_KEY", ATTACKER[::-1])
    app = build()
    extension(app)(app, **GIVEN)
    assert (status(app), status(app, ATTACKER)) == (200, 401)


@pytest.mark.sampled("how")
@ON_ALL
@pytest.mark.parametrize("how", ["keys", "a receiver", "an object"])
def test_the_endpoint_comes_before_the_app(build: Build, how: str) -> None:
    own: dict[str, Any] = {
        "keys": KEYS,
        "a receiver": {"receiver": Receiver(CURRENT, NEXT)},
        "an object": {"settings": object_of()},
    }[how]
    app = build(public_url=ORIGIN, **own)
    extension(app)(app, public_url="https://app.example", **OTHERS)
    assert (status(app), status(app, ATTACKER)) == (200, 401)


@ON_ALL
def test_keys_of_the_endpoint_come_before_a_receiver_of_the_app(build: Build) -> None:
    app = build(**KEYS)
    extension(app)(app, receiver=Receiver(ATTACKER, None), public_url=ORIGIN)
    assert (status(app), status(app, ATTACKER)) == (200, 401)


@ON_ALL
def test_a_settings_object_without_keys_leaves_the_receiver_of_the_app(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSTASH_CURRENT_SIGNING_KEY", ATTACKER)
    monkeypatch.setenv("QSTASH_NEXT_SIGNING_KEY", NEXT)
    for settings in ({"qstash_public_url": ORIGIN}, lambda: {"qstash_public_url": ORIGIN}):
        app = build(settings=settings)
        extension(app)(app, receiver=Receiver(CURRENT, None), public_url="https://app.example")
        assert (status(app), status(app, ATTACKER)) == (200, 401)


@ON_ALL
def test_an_app_without_an_extension_has_the_environment(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN)
    monkeypatch.setenv("QSTASH_CURRENT_SIGNING_KEY", CURRENT)
    monkeypatch.setenv("QSTASH_NEXT_SIGNING_KEY", NEXT)
    assert status(build()) == 200


@ON_ALL
def test_an_endpoint_with_a_url_of_its_own_has_it_compared(build: Build) -> None:
    app = build(public_url=ORIGIN)
    extension(app)(app, verify_url=False, **KEYS)
    assert (status(app), status(app, origin="https://x.example")) == (200, 401)


def test_one_endpoint_in_two_apps_has_the_keys_of_each() -> None:
    endpoint = starlette.verify_qstash(shipped)
    apps = [Starlette(routes=[Route("/hooks/ship", endpoint, methods=["POST"])]) for _ in range(2)]
    starlette.QStash(apps[0], **GIVEN)
    starlette.QStash(apps[1], public_url=ORIGIN, **OTHERS)
    assert [status(app) for app in apps] == [200, 401]
    assert [status(app, ATTACKER) for app in apps] == [401, 200]


def test_one_flask_extension_in_two_apps_has_what_each_was_given() -> None:
    qstash = flask.QStash(public_url=ORIGIN, **KEYS)
    first, second = with_view(), with_view()
    qstash.init_app(first)
    qstash.init_app(second, **OTHERS)
    assert [status(app) for app in (first, second)] == [200, 401]


def test_middleware_around_an_app_has_its_values() -> None:
    app = Starlette(routes=[Route("/hooks/ship", shipped, methods=["POST"])])
    wrapped = [asgi.QStashMiddleware(app), asgi.QStashMiddleware(GZipMiddleware(GZipMiddleware(app)))]
    starlette.QStash(app, **GIVEN)
    assert [(status(around), status(around, ATTACKER)) for around in wrapped] == [(200, 401)] * 2


def test_any_asgi_app_takes_values_on_the_middleware() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("shipped")(scope, receive, send)

    assert status(asgi.QStashMiddleware(app, settings=object_of)) == 200


@ON_ALL
def test_overrides_of_a_test_come_before_all(build: Build) -> None:
    app = build(**OTHERS)
    extension(app)(app, **GIVEN, token=TOKEN)
    with Outbox() as box:
        publisher(app).publish(url="https://a.example")
        headers = list(sign(url=ORIGIN + "/hooks/ship", body=b"3").items())
        assert sender(app)(Request("/hooks/ship", headers, b"3")).status == 200
        assert [message.url for message in box.messages] == ["https://a.example"]
    with override_settings(QSTASH_PUBLIC_URL="https://override.example", QSTASH_CURRENT_SIGNING_KEY=CURRENT):
        assert (status(app, origin="https://override.example"), status(app)) == (200, 401)
    assert (status(app, ATTACKER), status(app)) == (200, 401)


@ON_ALL
def test_the_publisher_sends_as_the_app_says(build: Build) -> None:
    app = build()
    options: AppOptions = {"settings": object_of(), "base_url": "http://qstash.example:8080", "headers": {"X-B": "1"}}
    extension(app)(app, **options, allow_http=True, retry=False, timeout=3)
    with outbox(APIResponse(503)) as calls, pytest.raises(Exception, match="503"):
        publisher(app).publish(url="https://a.example")
    assert [call.url for call in calls] == ["http://qstash.example:8080/v2/publish/https://a.example"]
    sent = dict(calls[0].headers)
    assert (sent["Authorization"], sent["Upstash-Forward-X-B"]) == (f"Bearer {TOKEN}", "1")
    assert publisher(app)._manner().timeout == 3


URLS: dict[str, AppOptions] = {
    "an argument": {"public_url": "https://app.example"},
    "a function": {"public_url": lambda: "https://app.example"},
    "several": {"public_url": ["https://app.example", ORIGIN]},
    "an object": {"settings": {"qstash_public_url": "https://app.example"}},
}


@pytest.mark.parametrize("options", URLS.values(), ids=URLS)
@pytest.mark.parametrize("build", [with_route_class, with_dependency, with_view])
def test_urls_are_built_where_requests_are_verified(
    build: Build, options: AppOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSTASH_PUBLIC_URL", "https://environment.example")
    app = build()
    extension(app)(app, **{**KEYS, **options})
    url = publisher(app).url_for("ship")
    assert url == "https://app.example/hooks/ship"
    assert status(app, origin="https://app.example") == 200


@pytest.mark.parametrize("build", [with_function, with_class, with_middleware, with_route_class, with_dependency])
def test_an_app_starts_without_any_environment(build: Build) -> None:
    app = build()
    starlette.QStash(app, settings=object_of)
    with TestClient(app):
        pass


@pytest.mark.parametrize("build", [with_function, with_class, with_middleware, with_route_class, with_dependency])
def test_an_app_does_not_start_without_what_its_endpoints_need(build: Build) -> None:
    app = build()
    starlette.QStash(app, public_url=ORIGIN)
    with pytest.raises(ConfigurationError, match=r"^QSTASH_CURRENT_SIGNING_KEY is not set"), TestClient(app):
        pass


def test_a_flask_app_is_checked_with_what_it_is_given() -> None:
    app = with_view()
    with pytest.raises(ConfigurationError, match=r"^next_signing_key is a placeholder"):
        flask.QStash(app, public_url=ORIGIN, current_signing_key=CURRENT, next_signing_key="short")
    flask.QStash(app, settings=object_of())
    publishing_only = Flask("shop")
    flask.QStash(publishing_only, token=TOKEN, timeout=5)


def test_a_mounted_app_is_checked_by_its_own_values() -> None:
    inner = with_function()
    starlette.QStash(inner, **GIVEN)
    app = Starlette(routes=[Mount("/v1", inner)])
    starlette.QStash(app)
    with TestClient(app):
        pass


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "misspelled": ({"curent_signing_key": CURRENT}, TypeError, "unknown option 'curent_signing_key'; did you mean"),
    "a timeout": ({"timeout": 0}, ConfigurationError, "timeout must be a number of seconds > 0, not 0"),
    "a retry": ({"retry": {"retires": 2}}, TypeError, "unknown part of retry 'retires'; did you mean 'retries'?"),
    "headers": ({"headers": {"A": "1\n"}}, ConfigurationError, "headers['A'] has line breaks"),
    "allow_http": ({"allow_http": "yes"}, ConfigurationError, "allow_http must be True or False, not 'yes'"),
    "a client": ({"http_client": object()}, TypeError, "http_client must be a client of httpx or httpx2, not object"),
    "a public URL": ({"public_url": "api.example.com"}, ConfigurationError, "public_url has no scheme"),
    "an object": ({"settings": object()}, ConfigurationError, "settings (object) has none of qstash_token"),
    "a receiver and keys": (
        {"receiver": Receiver(CURRENT, NEXT), **KEYS},
        ConfigurationError,
        "give a receiver or signing keys, not both",
    ),
}


@pytest.mark.parametrize(("options", "error", "text"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("build", [with_function, with_route_class, with_view])
def test_a_wrong_option_is_said_at_once_and_shows_no_secret(
    build: Build, options: dict[str, Any], error: type[Exception], text: str
) -> None:
    app = build()
    kwargs = {**options, "token": TOKEN, "headers": options.get("headers", {"X-Bypass": TOKEN})}
    with pytest.raises(error) as caught:
        extension(app)(app, **kwargs)
    del kwargs
    assert str(caught.value).startswith(text)
    assert not any(TOKEN in shown for shown in everything_in(caught.value))


TAKERS: dict[str, Callable[..., Any]] = {
    "verify_qstash": starlette.verify_qstash,
    "a route class": fastapi.VerifiedRoute.using,
    "a dependency": fastapi.verify_qstash,
    "a Flask view": flask.verify_qstash,
    "a Flask blueprint": partial(flask.protect, Flask("shop")),
    "middleware": partial(asgi.QStashMiddleware, shipped),
    "an app": partial(starlette.QStash, Starlette()),
    "a Flask app": partial(flask.QStash, Flask("shop")),
}


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
def test_what_an_unknown_option_holds_shows_nowhere(take: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="unknown option") as caught:
        take(**KEYS, curent_signing_key=TOKEN)
    assert not any(secret in shown for shown in everything_in(caught.value) for secret in (TOKEN, CURRENT))


@pytest.mark.parametrize("kind", ["verify_qstash", "middleware"])
def test_an_endpoint_takes_no_options_of_a_client(kind: str) -> None:
    options: Any = {"token": TOKEN}
    with pytest.raises(TypeError, match="unknown option 'token'"):
        starlette.verify_qstash(**options) if kind == "verify_qstash" else asgi.QStashMiddleware(shipped, **options)


def test_an_endpoint_keeps_no_app_alive() -> None:
    endpoint = starlette.verify_qstash(shipped)
    app = Starlette(routes=[Route("/hooks/ship", endpoint, methods=["POST"])])
    starlette.QStash(app, **GIVEN)
    assert status(app) == 200
    gone = weakref.ref(app)
    del app
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("build", [with_route_class, with_dependency, with_view])
def test_a_local_qstash_delivers_to_an_app_that_was_given_its_settings(build: Build) -> None:
    app = build()
    extension(app)(app, settings=object_of, headers={"X-Bypass": "1"})
    with LocalQStash(app) as local:
        publisher(app).publish_json(url=publisher(app).url_for("ship"), body=3)
        attempts = local.run_until_idle()
    assert [(attempt.status, attempt.url) for attempt in attempts] == [(200, ORIGIN + "/hooks/ship")]
    assert dict(attempts[0].headers)["X-Bypass"] == "1"
