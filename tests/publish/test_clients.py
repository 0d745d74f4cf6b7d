"""Making a client: what it takes, what it refuses, which settings it follows."""

import copy
import pickle
from typing import Any

import django.core.handlers.wsgi
import fastapi
import flask
import pytest
import starlette.applications

import qstash_integrations
from qstash_integrations import AsyncQStash, ConfigurationError, QStash, TransportError
from qstash_integrations._core.publishing.base import BaseClient
from qstash_integrations._core.publishing.call import Transport
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations._core.settings.values import Settings
from tests.publish.loopback import TOKEN, URL, loopback

KINDS = pytest.mark.parametrize("kind", [QStash, AsyncQStash], ids=["QStash", "AsyncQStash"])
OK = APIResponse(201, b'{"messageId":"msg_1"}')


@KINDS
def test_a_missing_token_is_named(kind: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^QSTASH_TOKEN is not set; copy it from the QStash console$"):
        kind()
    with pytest.raises(ConfigurationError, match=r"^QSTASH_TOKEN is not set; copy it from the QStash console$"):
        kind(None)


@KINDS
@pytest.mark.parametrize("token", ["", "  "], ids=["empty", "blank"])
def test_an_empty_token_is_a_missing_one(kind: Any, token: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^QSTASH_TOKEN is not set; copy it from the QStash console$"):
        kind(token)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback() as qstash:
        monkeypatch.setenv("QSTASH_TOKEN", "TESTONLY-from-the-environment")
        monkeypatch.setenv("QSTASH_URL", qstash.url)
        with QStash() as client:
            client.publish(url=URL)
        with QStash(TOKEN) as client:
            client.publish(url=URL)
    assert [sent.headers["authorization"] for sent in qstash.sent] == [
        "Bearer TESTONLY-from-the-environment",
        f"Bearer {TOKEN}",
    ]


@KINDS
def test_a_token_in_clear_to_another_machine_is_refused(kind: Any) -> None:
    for address in ("http://qstash.example", "HTTP://qstash.example", "http://127.0.0.1.example"):
        with pytest.raises(ConfigurationError, match=r"^QSTASH_URL is http:// on another machine, so the token would"):
            kind(TOKEN, base_url=address)
    for address in ("http://localhost:8080", "http://qstash:8080", "http://qstash.internal", "https://qstash.example"):
        kind(TOKEN, base_url=address)
    kind(TOKEN, base_url="http://qstash.example", allow_http=True)


APPS: dict[str, tuple[Any, str]] = {
    "flask": (flask.Flask("app"), r"qstash_integrations\.flask\.QStash\(app\)"),
    "starlette": (starlette.applications.Starlette(), r"qstash_integrations\.starlette\.QStash\(app\)"),
    "fastapi": (fastapi.FastAPI(), r"qstash_integrations\.fastapi\.QStash\(app\)"),
    "a subclass": (type("App", (flask.Flask,), {})("app"), r"qstash_integrations\.flask\.QStash\(app\)"),
    "django": (
        django.core.handlers.wsgi.WSGIHandler.__new__(django.core.handlers.wsgi.WSGIHandler),
        "from qstash_integrations.django import qstash",
    ),
}


@pytest.mark.sampled("kind")
@KINDS
@pytest.mark.parametrize(("app", "remedy"), APPS.values(), ids=APPS)
def test_an_app_is_no_token(kind: Any, app: Any, remedy: str) -> None:
    with pytest.raises(TypeError, match=f"^QStash takes a token; for an app use {remedy}$"):
        kind(app)


@pytest.mark.sampled("kind")
@KINDS
@pytest.mark.parametrize("token", [b"TESTONLYbytes", 3, {"token": "TESTONLY"}], ids=["bytes", "int", "dict"])
def test_a_token_is_a_text(kind: Any, token: Any) -> None:
    with pytest.raises(TypeError, match=f"^token must be a str, not {type(token).__name__}$"):
        kind(token)


@KINDS
def test_a_base_url_is_a_text(kind: Any) -> None:
    with pytest.raises(TypeError, match=r"^base_url must be a str, not bytes$"):
        kind(TOKEN, base_url=b"https://qstash.upstash.io")


@KINDS
def test_an_unknown_option_of_the_client_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError, match="retries"):
        kind(TOKEN, retries=3)


@KINDS
def test_a_client_can_be_neither_printed_nor_pickled_nor_copied(kind: Any) -> None:
    client = kind(TOKEN)
    assert repr(client) == f"{kind.__name__}(***)"
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=f"^{kind.__name__} holds a token and cannot be pickled or copied$"):
            copied(client)


def test_a_client_of_no_kind_cannot_be_made() -> None:
    with pytest.raises(TypeError, match=r"^use QStash or AsyncQStash$"):
        BaseClient(TOKEN)


def test_sync_is_the_same_publisher() -> None:
    client = AsyncQStash(TOKEN, retry={"retries": 1})
    assert isinstance(client.sync, QStash)
    assert client.sync is client.sync
    sent: list[APIRequest] = []

    def transport(request: APIRequest) -> APIResponse:
        sent.append(request)
        return OK

    with override_transport(transport):
        assert client.sync.publish_json(url=URL, body=[1]).message_id == "msg_1"
    assert ("Authorization", f"Bearer {TOKEN}") in sent[0].headers


def test_sync_tries_as_often_as_the_async_client() -> None:
    client = AsyncQStash(TOKEN, retry=False)
    sent: list[APIRequest] = []

    def transport(request: APIRequest) -> APIResponse:
        sent.append(request)
        return APIResponse(503)

    with override_transport(transport), pytest.raises(qstash_integrations.APIError):
        client.sync.publish(url=URL)
    assert len(sent) == 1


@KINDS
def test_from_settings_reads_nothing_before_the_first_use(kind: Any) -> None:
    loaded: list[str] = []

    def load() -> Settings:
        loaded.append("loaded")
        return Settings.load(token=TOKEN)

    client = kind.from_settings(load)
    assert loaded == []
    with override_transport(lambda request: OK):
        publisher = client if kind is QStash else client.sync
        publisher.publish(url=URL)
        publisher.publish(url=URL)
    assert loaded == ["loaded"]


def test_a_client_follows_overridden_settings() -> None:
    sent: list[tuple[str, str]] = []

    def transport(request: APIRequest) -> APIResponse:
        sent.append((request.url.partition("/v2")[0], dict(request.headers)["Authorization"]))
        return OK

    client = QStash(TOKEN)
    with override_transport(transport):
        client.publish(url=URL)
        with override_settings(QSTASH_TOKEN="TESTONLY-other", QSTASH_URL="http://127.0.0.1:8080"):
            client.publish(url=URL)
        client.publish(url=URL)
    ours = ("https://qstash.upstash.io", f"Bearer {TOKEN}")
    assert sent == [ours, ("http://127.0.0.1:8080", "Bearer TESTONLY-other"), ours]


def test_overridden_transports_nest_and_end() -> None:
    client = QStash(TOKEN, base_url="http://127.0.0.1:9", retry=False)
    seen: list[str] = []

    def named(name: str) -> Transport:
        def transport(request: APIRequest) -> APIResponse:
            seen.append(name)
            return OK

        return transport

    with override_transport(named("outer")):
        client.publish(url=URL)
        with override_transport(named("inner")):
            client.publish(url=URL)
        client.publish(url=URL)
    assert seen == ["outer", "inner", "outer"]
    with pytest.raises(TransportError):
        client.publish(url=URL)
