"""How the publishers of a Django project send, and the settings object that a project has already."""

import asyncio
from collections.abc import Generator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.urls import path
from pydantic import AnyHttpUrl, SecretStr

from qstash_integrations import APIError
from qstash_integrations._core.publishing.client import APIRequest
from qstash_integrations.django import aqstash, qstash, verify_qstash
from qstash_integrations.django.conf import load
from qstash_integrations.testing import Outbox
from tests.django.shop import Host, request_to, ship
from tests.outbox import outbox
from tests.signing import ATTACKER, CURRENT, NEXT, ORIGIN, signed

TOKEN = "TESTONLY-token-0000000000000000"
URL = "https://a.example"


def own_object(**values: Any) -> SimpleNamespace:
    return SimpleNamespace(
        **{
            "qstash_token": SecretStr(TOKEN),
            "qstash_current_signing_key": SecretStr(CURRENT),
            "qstash_next_signing_key": SecretStr(NEXT),
            "qstash_public_url": AnyHttpUrl(ORIGIN),
            **values,
        }
    )


@pytest.fixture
def calls() -> Generator[list[APIRequest]]:
    with outbox() as sent:
        yield sent


FORMS: dict[str, dict[str, Any]] = {
    "the dict": {
        "QSTASH": {
            "TOKEN": SecretStr(TOKEN),
            "BASE_URL": "http://qstash.example:8080",
            "HEADERS": {"X-Bypass": "1"},
            "ALLOW_HTTP": True,
            "TIMEOUT": 3,
            "RETRY": False,
        }
    },
    "flat names": {
        "QSTASH_TOKEN": TOKEN,
        "QSTASH_URL": AnyHttpUrl("http://qstash.example:8080"),
        "QSTASH_HEADERS": {"X-Bypass": SecretStr("1")},
        "QSTASH_ALLOW_HTTP": True,
        "QSTASH_TIMEOUT": 3,
        "QSTASH_RETRY": False,
    },
}


@pytest.mark.parametrize("settings", FORMS.values(), ids=FORMS)
def test_the_settings_say_how_both_publishers_send(calls: list[APIRequest], settings: dict[str, Any]) -> None:
    with override_settings(**settings):
        qstash.publish(url=URL)
        asyncio.run(aqstash.publish(url=URL))  # type: ignore[arg-type]
        aqstash.sync.publish(url=URL)
        for publisher in (qstash, aqstash, aqstash.sync):
            manner = publisher._manner()
            assert (manner.timeout, manner.policy.retries) == (3, 0)
    assert [call.url for call in calls] == [f"http://qstash.example:8080/v2/publish/{URL}"] * 3
    for call in calls:
        assert ("Upstash-Forward-X-Bypass", "1") in call.headers
        assert ("Authorization", f"Bearer {TOKEN}") in call.headers


@override_settings(QSTASH={"TOKEN": TOKEN})
def test_a_changed_setting_counts_from_the_next_message_on(calls: list[APIRequest]) -> None:
    with override_settings(QSTASH={"TOKEN": TOKEN, "HEADERS": {"X-Bypass": "1"}, "RETRY": False}):
        qstash.publish(url=URL)
    qstash.publish(url=URL)
    names = [{name for name, _ in call.headers} for call in calls]
    assert ["Upstash-Forward-X-Bypass" in sent for sent in names] == [True, False]
    assert ["Upstash-Deduplication-Id" in sent for sent in names] == [False, True]


def test_a_ready_client_serves_the_publisher_that_waits_in_its_way() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(418)

    async def publish() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as ready:
            with override_settings(QSTASH={"TOKEN": TOKEN, "HTTP_CLIENT": ready}):
                assert qstash._manner().http_client is None
                await aqstash.publish(url=URL)

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as ready,
        override_settings(QSTASH={"TOKEN": TOKEN, "HTTP_CLIENT": ready}),
    ):
        assert aqstash._manner().http_client is None
        with pytest.raises(APIError, match="418"):
            qstash.publish(url=URL)
    with pytest.raises(APIError, match="418"):
        asyncio.run(publish())


OBJECTS: dict[str, Any] = {
    "an object": own_object(),
    "a function": own_object,
    "an object of QStash alone": {
        "token": TOKEN,
        "current_signing_key": CURRENT,
        "next_signing_key": NEXT,
        "public_url": ORIGIN,
    },
}


@pytest.mark.parametrize("settings", OBJECTS.values(), ids=OBJECTS)
def test_a_settings_object_serves_views_and_publishers(host: Host, calls: list[APIRequest], settings: Any) -> None:
    with override_settings(QSTASH={"SETTINGS": settings}):
        send = host(path("hooks/ship", verify_qstash(ship)))
        token = signed(b"", ORIGIN + "/hooks/ship", exp=2**40)
        assert send(request_to("/hooks/ship", token=token)).status == 200
        qstash.publish(url=URL)
    assert ("Authorization", f"Bearer {TOKEN}") in calls[0].headers


def test_the_dict_comes_before_the_object_and_that_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_TOKEN", "environment")
    monkeypatch.setenv("QSTASH_PUBLIC_URL", "https://environment.example")
    settings = own_object(qstash_public_url=None)
    with override_settings(QSTASH={"SETTINGS": settings, "CURRENT_SIGNING_KEY": ATTACKER}):
        found = load()
        assert (found.token, found.public_url) == (TOKEN, ("https://environment.example",))
        assert found.signing_keys == (ATTACKER, NEXT)


@pytest.mark.parametrize("own", [{"current_signing_key": CURRENT, "next_signing_key": NEXT}, {"settings": own_object}])
@override_settings(QSTASH={"CURRENT_SIGNING_KEY": ATTACKER, "NEXT_SIGNING_KEY": ATTACKER[::-1], "PUBLIC_URL": ORIGIN})
def test_a_view_comes_before_the_project(host: Host, own: Any) -> None:
    send = host(path("hooks/ship", verify_qstash(**own)(ship)))
    tokens = [signed(b"", ORIGIN + "/hooks/ship", exp=2**40, key=key) for key in (CURRENT, ATTACKER)]
    assert [send(request_to("/hooks/ship", token=token)).status for token in tokens] == [200, 401]


@override_settings(QSTASH={"SETTINGS": own_object(), "HEADERS": {"X-Bypass": "1"}, "BASE_URL": "https://q.example"})
def test_a_test_comes_before_all() -> None:
    with Outbox() as box:
        qstash.publish(url=URL)
        box.assert_published(url=URL)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "misspelled": ({"TIMOUT": 3}, "the dict QSTASH has no setting 'TIMOUT'; did you mean 'TIMEOUT'?"),
    "both names of the address": ({"URL": "https://a.example", "BASE_URL": "https://b.example"}, "has both URL and"),
    "a timeout": ({"TIMEOUT": "3"}, "QSTASH_TIMEOUT must be a number of seconds > 0, not '3'"),
    "a retry": ({"RETRY": {"retires": 1}}, "unknown part of retry 'retires'; did you mean 'retries'?"),
    "headers": ({"HEADERS": {"A": "s3cret\n"}}, r"QSTASH_HEADERS\['A'\] has line breaks"),
    "headers that are none": ({"HEADERS": ["A"]}, "QSTASH_HEADERS must be a dict of header names and values, not list"),
    "allow_http": ({"ALLOW_HTTP": "no"}, "QSTASH_ALLOW_HTTP must be True or False, not 'no'"),
    "an object": ({"SETTINGS": object()}, r"settings \(object\) has none of qstash_token"),
}


@pytest.mark.parametrize(("table", "text"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_improperly_configured_and_an_error_of_the_checks(table: dict[str, Any], text: str) -> None:
    with override_settings(QSTASH={"TOKEN": TOKEN, **table}):
        with pytest.raises(ImproperlyConfigured, match=text) as caught:
            qstash.publish(url=URL)
        assert "s3cret" not in str(caught.value)
        # Django 6 checks the backends of tasks as well.
        assert [message.id for message in run_checks() if message.id != "qstash_tasks.E002"] == ["qstash.E003"]
