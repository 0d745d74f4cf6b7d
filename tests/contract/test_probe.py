"""The doctor's probe: in every framework it is verified, tells a genuine request alone, and no other answer changes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from django.test.utils import override_settings
from django.urls import include, path
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette

import qstash_integrations.aiohttp
import qstash_integrations.fastapi
import qstash_integrations.flask
import qstash_integrations.starlette
from qstash_integrations import Receiver
from qstash_integrations._core.receiving.token import Refusal
from qstash_integrations._core.receiving.verdict import opened
from qstash_integrations.asgi import QStashMiddleware
from tests.contract.aiohttp_apps import aiohttp_exchange
from tests.contract.harnesses import RECEIVER
from tests.django.project import asgi_app, wsgi_app
from tests.hosts import Answer, Request, Send, asgi_send, wsgi_send
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

PROBE = "/qstash/probe"
TOKEN = "token-of-an-account"


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body"})


def _asgi(**options: Any) -> Send:
    return asgi_send(QStashMiddleware(_nowhere, **options))


def _starlette(**options: Any) -> Send:
    app = Starlette()
    qstash_integrations.starlette.QStash(app, **options)
    return asgi_send(app)


def _fastapi(**options: Any) -> Send:
    app = FastAPI()
    qstash_integrations.fastapi.QStash(app, **options)
    return asgi_send(app)


def _flask(**options: Any) -> Send:
    app = Flask("shop")
    qstash_integrations.flask.QStash(app, **options)
    return wsgi_send(app)


def _aiohttp(**options: Any) -> Send:
    import anyio

    def make() -> web.Application:
        app = web.Application()
        qstash_integrations.aiohttp.add_probe(app, **options)
        return app

    return lambda request: anyio.run(aiohttp_exchange, make, request)


HARNESSES: dict[str, Callable[..., Send]] = {
    "asgi": _asgi,
    "starlette": _starlette,
    "fastapi": _fastapi,
    "flask": _flask,
    "aiohttp": _aiohttp,
}
OPTIONS: dict[str, Any] = {"receiver": RECEIVER, "public_url": ORIGIN}


@pytest.fixture(params=HARNESSES)
def send(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Send:
    monkeypatch.setenv("QSTASH_TOKEN", TOKEN)
    return HARNESSES[request.param](**OPTIONS)


def _post(send: Send, target: str = PROBE, body: bytes = b"{}", token: str | None = None) -> Answer:
    headers = () if token == "" else (("Upstash-Signature", token or signed(body, ORIGIN + target)),)
    return send(Request(target, headers, body))


def test_a_genuine_request_is_told_how_it_looks_from_inside(send: Send) -> None:
    answer = _post(send, PROBE + "/a%20b%2Fc?x=1")
    told = json.loads(answer.body)
    assert answer.status == 200
    assert (told["target"], told["signed_url"], told["key"], told["body_bytes"]) == (
        PROBE + "/a%20b%2Fc?x=1",
        ORIGIN + PROBE + "/a%20b%2Fc?x=1",
        "current",
        2,
    )
    assert not any(secret in answer.body.decode() for secret in (TOKEN, CURRENT, NEXT))


REFUSED = {
    "missing": "",
    "malformed": "no.token",
    "wrong_key": signed(b"{}", ORIGIN + PROBE, key="sig_of_somebody_else_altogether_0123"),
    "expired": signed(b"{}", ORIGIN + PROBE, exp=NOW - 600),
    "url_mismatch": signed(b"{}", "https://elsewhere.example" + PROBE),
    "body_mismatch": signed(b"other", ORIGIN + PROBE),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_its_refusal_tells_the_reason_to_the_secrets_of_the_app_alone(send: Send, reason: str) -> None:
    answer = _post(send, token=REFUSED[reason])
    verdict = answer.headers["qstash-verdict"]
    assert (answer.status, answer.body, len(verdict)) == (401, b'{"error":"invalid signature"}', 86)
    assert [opened(verdict, [secret]) for secret in (TOKEN, CURRENT, NEXT)] == [(reason, 0), (reason, 1), (reason, 2)]
    assert opened(verdict, ["sig_of_somebody_else_altogether_0123"]) is None


class _OfTenants(Receiver):
    """Has its keys elsewhere."""

    def __init__(self) -> None:
        pass

    def authenticate(self, signature: str | bytes | None, clock_tolerance: float | None = None) -> Refusal:
        return Refusal("missing", "the request has no Upstash-Signature header")


@pytest.mark.parametrize("made", HARNESSES.values(), ids=HARNESSES)
def test_a_receiver_with_keys_of_its_own_fails_for_no_stranger(
    made: Callable[..., Send], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSTASH_TOKEN", TOKEN)
    answer = _post(made(receiver=_OfTenants(), public_url=ORIGIN), token="")
    verdict = answer.headers["qstash-verdict"]
    assert (answer.status, len(verdict), opened(verdict, [TOKEN])) == (401, 86, ("missing", 0))


def test_no_two_verdicts_are_alike(send: Send) -> None:
    assert len({_post(send, token="").headers["qstash-verdict"] for _ in range(5)}) == 5


def test_a_get_is_no_probe(send: Send) -> None:
    answer = send(Request(PROBE, method="GET"))
    assert answer.status in (401, 404, 405)
    assert "qstash-verdict" not in answer.headers


@pytest.mark.parametrize("made", [_asgi, _starlette, _fastapi, _flask])
def test_with_none_there_is_no_probe(made: Callable[..., Send]) -> None:
    answer = _post(made(**OPTIONS, probe_path=None), token="")
    assert answer.status in (401, 404)
    assert "qstash-verdict" not in answer.headers


@pytest.mark.parametrize("made", [_starlette, _fastapi, _flask])
def test_an_app_without_keys_starts_and_says_that_it_lacks_one(
    made: Callable[..., Send], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSTASH_TOKEN", TOKEN)
    assert opened(_post(made()).headers["qstash-verdict"], [TOKEN]) == ("unconfigured", 0)


@pytest.mark.parametrize(("made", "serve"), [(wsgi_app, wsgi_send), (asgi_app, asgi_send)], ids=["wsgi", "asgi"])
def test_in_django_it_is_among_the_urls_of_the_package(made: Any, serve: Any) -> None:
    settings = {
        "TOKEN": TOKEN,
        "CURRENT_SIGNING_KEY": "sig_current_of_the_django_project",
        "NEXT_SIGNING_KEY": "sig_next_of_the_django_project_x",
        "PUBLIC_URL": ORIGIN,
    }
    with override_settings(QSTASH=settings):
        app = made(path("qstash/", include("qstash_integrations.django.urls")))
        answer = _post(serve(app), PROBE + "/a%20b", token="")
    assert answer.status == 401
    assert opened(answer.headers["qstash-verdict"], [TOKEN]) == ("missing", 0)
