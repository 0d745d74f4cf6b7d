"""Where the settings come from in a Django project, when they are read, and what is said about wrong ones."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.urls import path

from qstash_integrations import ConfigurationError
from qstash_integrations._core.settings import environment
from qstash_integrations.django import ConfigurationError as DjangoConfigurationError
from qstash_integrations.django import qstash, verify_qstash
from qstash_integrations.django.conf import load
from tests.django.shop import Host, on_one_host, request_to, ship, ship_async
from tests.signing import ATTACKER, CURRENT, NEXT, ORIGIN, signed

TABLE = {"CURRENT_SIGNING_KEY": CURRENT, "NEXT_SIGNING_KEY": NEXT, "PUBLIC_URL": ORIGIN}
FLAT = {f"QSTASH_{name}": value for name, value in TABLE.items()}
OTHER = "sig_TESTONLYrotated0000000000DDD"
VALID_FOR_YEARS = 2**40

FORMS: dict[str, dict[str, Any]] = {
    "the dict": {"QSTASH": TABLE},
    "flat names": FLAT,
    "both": {"QSTASH": {"PUBLIC_URL": ORIGIN}, **FLAT, "QSTASH_PUBLIC_URL": "https://other.example"},
    "the dict with several origins": {"QSTASH": {**TABLE, "PUBLIC_URL": ["https://other.example", ORIGIN]}},
    "one region's keys": {
        "QSTASH": {
            "REGION": "eu-central-1",
            "CURRENT_SIGNING_KEY": ATTACKER,
            "NEXT_SIGNING_KEY": ATTACKER,
            "PUBLIC_URL": ORIGIN,
            "EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY": CURRENT,
            "EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY": NEXT,
        }
    },
}
by_settings = [path("hooks/ship", verify_qstash(ship)), path("hooks/other", verify_qstash()(ship_async))]


def genuine(target: str = "/hooks/ship", key: str = CURRENT) -> Any:
    token = signed(b"", ORIGIN + target, key=key, exp=VALID_FOR_YEARS)
    return request_to(target, token=token, headers=(("Upstash-Region", "EU-CENTRAL-1"),))


@on_one_host
@pytest.mark.parametrize("settings", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("target", ["/hooks/ship", "/hooks/other"])
def test_views_are_verified_by_the_settings_in_every_form(host: Host, target: str, settings: dict[str, Any]) -> None:
    with override_settings(**settings):
        send = host(*by_settings)
        assert send(genuine(target)).status == 200
        assert send(genuine(target, key=ATTACKER)).status == 401


def test_the_settings_of_the_project_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**FLAT, "QSTASH_PUBLIC_URL": "https://environment.example", "QSTASH_TOKEN": "env"}.items():
        monkeypatch.setenv(name, value)
    with override_settings(QSTASH={"PUBLIC_URL": ORIGIN}):
        settings = load()
    assert (settings.public_url, settings.signing_keys.current, settings.token) == ((ORIGIN,), CURRENT, "env")


@override_settings(QSTASH=TABLE)
def test_D27_new_keys_count_from_the_next_request_on(host: Host) -> None:
    send = host(*by_settings)
    assert [send(genuine(key=key)).status for key in (CURRENT, NEXT, OTHER)] == [200, 200, 401]
    with override_settings(QSTASH={**TABLE, "CURRENT_SIGNING_KEY": NEXT, "NEXT_SIGNING_KEY": OTHER}):
        assert [send(genuine(key=key)).status for key in (CURRENT, NEXT, OTHER)] == [401, 200, 200]
    with override_settings(QSTASH=None, **{**FLAT, "QSTASH_PUBLIC_URL": "https://other.example"}):
        assert send(genuine()).status == 401
    assert [send(genuine(key=key)).status for key in (CURRENT, NEXT, OTHER)] == [200, 200, 401]


@override_settings(QSTASH={**TABLE, "PUBLIC_URL": ""}, ALLOWED_HOSTS=["api.example.com"])
def test_D27_new_allowed_hosts_count_from_the_next_request_on(host: Host) -> None:
    send = host(*by_settings)
    assert send(genuine()).status == 200
    with override_settings(ALLOWED_HOSTS=["other.example"]):
        assert send(genuine()).status == 401


@override_settings(QSTASH=TABLE)
def test_an_override_for_tests_comes_before_the_settings_of_the_project() -> None:
    assert load().public_url == (ORIGIN,)
    with environment.override_settings(QSTASH_PUBLIC_URL="https://test.example"):
        assert load().public_url == ("https://test.example",)
    assert load().public_url == (ORIGIN,)


MISSING: dict[str, tuple[dict[str, Any], str]] = {
    "everything": ({}, "QSTASH_CURRENT_SIGNING_KEY is not set; copy it"),
    "the current key": (
        {"QSTASH_NEXT_SIGNING_KEY": NEXT, "QSTASH_PUBLIC_URL": ORIGIN},
        "QSTASH_CURRENT_SIGNING_KEY is not set; copy it",
    ),
    "the next key": (
        {"QSTASH": {"CURRENT_SIGNING_KEY": CURRENT, "PUBLIC_URL": ORIGIN}},
        "QSTASH_NEXT_SIGNING_KEY is not set; copy it",
    ),
    "an empty key": ({"QSTASH": {**TABLE, "NEXT_SIGNING_KEY": ""}}, "QSTASH_NEXT_SIGNING_KEY is empty"),
    "the public URL": ({"QSTASH": {**TABLE, "PUBLIC_URL": None}}, "QSTASH_PUBLIC_URL is not set; set it"),
    "a scheme": ({"QSTASH": {**TABLE, "PUBLIC_URL": "api.example.com"}}, "QSTASH_PUBLIC_URL has no scheme"),
    "the dict": ({"QSTASH": [("TOKEN", "t")]}, "QSTASH must be a dict, not list"),
    "a name that is known": (
        {"QSTASH": {**TABLE, "SIGNING_KEY": CURRENT}},
        "the dict QSTASH has no setting 'SIGNING_KEY'; did you mean 'NEXT_SIGNING_KEY'",
    ),
    "a name that is near a known one": ({"QSTASH": {1: 2}}, "the dict QSTASH has no setting 1; there are TOKEN, URL"),
    "a text": ({"QSTASH": {**TABLE, "NEXT_SIGNING_KEY": NEXT.encode()}}, "QSTASH_NEXT_SIGNING_KEY must be a text"),
    "a region": ({"QSTASH": {**TABLE, "REGION": "mars"}}, "QSTASH_REGION must be one of EU_CENTRAL_1"),
}


@on_one_host
@pytest.mark.parametrize(("settings", "message"), MISSING.values(), ids=MISSING)
def test_H63_what_is_missing_is_improperly_configured_at_the_first_request(
    host: Host, settings: dict[str, Any], message: str
) -> None:
    send = host(*by_settings)
    for target in ("/hooks/ship", "/hooks/other"):
        with (
            override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True, **settings),
            pytest.raises(ImproperlyConfigured, match=message) as caught,
        ):
            send(genuine(target))
        assert isinstance(caught.value, ConfigurationError)
        assert isinstance(caught.value, DjangoConfigurationError)
        assert CURRENT not in str(caught.value)


def test_H63_what_is_missing_is_500_to_a_stranger_and_never_a_way_in(host: Host) -> None:
    send = host(*by_settings)
    assert send(request_to(token="")).status == 500
    assert send(genuine()).status == 500


@pytest.mark.parametrize("settings", [{}, {"QSTASH": {"TOKEN": ""}}, {"QSTASH_TOKEN": " "}], ids=str)
def test_a_publisher_without_a_token_is_improperly_configured_at_its_first_use(settings: dict[str, Any]) -> None:
    with override_settings(**settings), pytest.raises(ImproperlyConfigured, match="QSTASH_TOKEN is not set; copy it"):
        qstash.publish_json(url="https://example.com", body={})


def test_no_secret_shows_in_a_repr() -> None:
    with override_settings(QSTASH={**TABLE, "TOKEN": "qstash_secret"}):
        shown = repr((load(), by_settings))
    assert not any(secret in shown for secret in (CURRENT, NEXT, "qstash_secret"))
