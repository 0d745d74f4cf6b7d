"""Where the keys and the origin come from, and that nothing works without them."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from qstash_integrations import ConfigurationError
from qstash_integrations._core.settings.environment import override_settings, settings_changed
from tests.contract.harnesses import BODY, RECEIVER, Harness, done, each, on_each_interface
from tests.contract.test_signatures import REJECTED
from tests.hosts import Answer, Request
from tests.signing import ATTACKER, CURRENT, NEXT, ORIGIN, signed

KEYS = {"QSTASH_CURRENT_SIGNING_KEY": CURRENT, "QSTASH_NEXT_SIGNING_KEY": NEXT}
ORIGIN_SETTING = {"QSTASH_PUBLIC_URL": ORIGIN}
# The clock cannot be set in the environment; these tokens do not expire while anybody looks.
FOR_EVER = 10**11
DEV_KEYS = {
    "QSTASH_CURRENT_SIGNING_KEY": "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
    "QSTASH_NEXT_SIGNING_KEY": "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
}

MISSING: dict[str, tuple[dict[str, str], dict[str, Any], str]] = {
    "everything": ({}, {}, "QSTASH_CURRENT_SIGNING_KEY is not set; copy it from the QStash console"),
    "the current key": (
        {"QSTASH_NEXT_SIGNING_KEY": NEXT, **ORIGIN_SETTING},
        {},
        "QSTASH_CURRENT_SIGNING_KEY is not set; copy it from the QStash console",
    ),
    "the next key": (
        {"QSTASH_CURRENT_SIGNING_KEY": CURRENT, **ORIGIN_SETTING},
        {},
        "QSTASH_NEXT_SIGNING_KEY is not set; copy it from the QStash console",
    ),
    "an empty next key": (
        {**KEYS, "QSTASH_NEXT_SIGNING_KEY": "", **ORIGIN_SETTING},
        {},
        "QSTASH_NEXT_SIGNING_KEY is empty; copy it from the QStash console",
    ),
    "the published keys": (
        {**DEV_KEYS, **ORIGIN_SETTING},
        {},
        "QSTASH_CURRENT_SIGNING_KEY is a published key of local development, with which anybody can sign; "
        "set QSTASH_URL to your local server, as qstash-integrations dev prints it, or copy your own keys "
        "from the QStash console",
    ),
    "S12 the published keys in production": (
        {**DEV_KEYS, **ORIGIN_SETTING, "QSTASH_URL": "http://127.0.0.1:8080", "APP_ENV": "production"},
        {},
        "QSTASH_CURRENT_SIGNING_KEY is a published key of local development, with which anybody can sign; "
        "APP_ENV='production' declares production, where they count for nothing: copy your own keys from the QStash "
        "console, or unset APP_ENV if this is no production",
    ),
    "the origin": (
        KEYS,
        {},
        "QSTASH_PUBLIC_URL is not set; set it to the origin under which QStash calls this app, "
        "such as https://api.example.com",
    ),
    "the origin, a receiver given": (
        {},
        {"receiver": RECEIVER},
        "QSTASH_PUBLIC_URL is not set; set it to the origin under which QStash calls this app, "
        "such as https://api.example.com",
    ),
    "the keys, the origin given": (
        {},
        {"public_url": ORIGIN},
        "QSTASH_CURRENT_SIGNING_KEY is not set; copy it from the QStash console",
    ),
    "the keys, no URL verified": (
        {},
        {"verify_url": False},
        "QSTASH_CURRENT_SIGNING_KEY is not set; copy it from the QStash console",
    ),
    "a scheme": (
        {**KEYS, "QSTASH_PUBLIC_URL": "api.example.com"},
        {},
        "QSTASH_PUBLIC_URL has no scheme (https:// or http://): 'api.example.com'; "
        "set it to the origin that QStash calls, such as https://api.example.com",
    ),
}


@pytest.fixture
def open_configured(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[..., Answer]]:
    """Makes an app with these environment variables and options; the result sends a request that is signed."""
    return partial(configured, harness, monkeypatch)


def configured(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], **options: Any
) -> Callable[..., Answer]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings_changed()
    send = harness.serve(harness.build(done, ("body",), options))

    def signed_with(key: str = CURRENT, **headers: str) -> Answer:
        token = signed(BODY, key=key, exp=FOR_EVER)
        return send(Request("/hooks/ship", [("Upstash-Signature", token), *headers.items()], BODY))

    return signed_with


@each("environment, options, problem", MISSING, on_all=("everything", "the origin, a receiver given"))
@pytest.mark.usefixtures("open_shop")
def test_H63_nothing_works_without(
    open_configured: Callable[..., Callable[..., Answer]],
    environment: dict[str, str],
    options: dict[str, Any],
    problem: str,
) -> None:
    send = open_configured(environment, **options)
    for _ in range(2):
        with pytest.raises(ConfigurationError) as caught:
            send()
        assert str(caught.value) == problem


def test_H63_an_app_does_not_start_without(harness: Harness) -> None:
    with pytest.raises(ConfigurationError, match="QSTASH_CURRENT_SIGNING_KEY is not set"):
        harness.start(harness.build(done, ("body",), {}))


def test_an_app_starts_with_settings_and_with_options_instead(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.start(harness.build(done, ("body",), {"receiver": RECEIVER, "public_url": ORIGIN}))
    for name, value in {**KEYS, **ORIGIN_SETTING}.items():
        monkeypatch.setenv(name, value)
    settings_changed()
    harness.start(harness.build(done, ("body",), {}))


def test_the_environment_is_enough(open_configured: Callable[..., Callable[..., Answer]]) -> None:
    send = open_configured({**KEYS, **ORIGIN_SETTING})
    assert [send(key).status for key in (CURRENT, NEXT)] == [200, 200]
    assert send(ATTACKER) == REJECTED


@on_each_interface
@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://qstash:8080"])
def test_the_published_keys_serve_a_local_server(
    open_configured: Callable[..., Callable[..., Answer]], url: str
) -> None:
    send = open_configured({**DEV_KEYS, **ORIGIN_SETTING, "QSTASH_URL": url})
    assert send(DEV_KEYS["QSTASH_NEXT_SIGNING_KEY"]).status == 200


@on_each_interface
def test_the_region_header_selects_the_regions_own_keys(open_configured: Callable[..., Callable[..., Answer]]) -> None:
    regional = {
        "QSTASH_REGION": "US_EAST_1",
        "EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY": ATTACKER,
        "EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY": ATTACKER,
    }
    send = open_configured({**KEYS, **ORIGIN_SETTING, **regional})
    assert send(ATTACKER, **{"Upstash-Region": "EU-CENTRAL-1"}).status == 200
    assert send(CURRENT, **{"Upstash-Region": "US-EAST-1"}).status == 200
    assert send(ATTACKER) == REJECTED
    assert send(CURRENT, **{"Upstash-Region": "EU-CENTRAL-1"}) == REJECTED


def test_an_override_reaches_an_app_that_was_built_before(
    open_configured: Callable[..., Callable[..., Answer]],
) -> None:
    send = open_configured({**KEYS, **ORIGIN_SETTING})
    assert send(ATTACKER) == REJECTED
    with override_settings(QSTASH_CURRENT_SIGNING_KEY=ATTACKER):
        assert send(ATTACKER).status == 200
        assert send(CURRENT) == REJECTED
    assert send(CURRENT).status == 200


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "misspelled": ({"max_body": 3}, TypeError, "unknown option 'max_body'; did you mean 'max_body_size'?"),
    "a receiver that is none": (
        {"receiver": "sig_abc"},
        ConfigurationError,
        "receiver must be a qstash_integrations.Receiver, not str",
    ),
    "an empty origin": (
        {"public_url": ""},
        ConfigurationError,
        "public_url is empty; leave it out to use QSTASH_PUBLIC_URL",
    ),
    "H64 a query": (
        {"public_url": "https://api.example.com?a=1"},
        ConfigurationError,
        "public_url has a query or a fragment: 'https://api.example.com?a=1'; "
        "set it to the origin that QStash calls, such as https://api.example.com",
    ),
    "H64 a slash at its end": (
        {"public_url": "https://api.example.com/"},
        ConfigurationError,
        "public_url ends with a slash: 'https://api.example.com/'; "
        "set it to the origin that QStash calls, such as https://api.example.com",
    ),
    "H64 no scheme": (
        {"public_url": "api.example.com"},
        ConfigurationError,
        "public_url has no scheme (https:// or http://): 'api.example.com'; "
        "set it to the origin that QStash calls, such as https://api.example.com",
    ),
    "a wildcard for everybody": (
        {"public_url": "https://*.example"},
        ConfigurationError,
        "public_url has a wildcard that takes in other people's hosts: 'https://*.example'; "
        "set it to the origin that QStash calls, such as https://api.example.com",
    ),
    "H64 a user name": (
        {"public_url": "https://me:secret@api.example.com"},
        ConfigurationError,
        "public_url has a user name; set it to the origin that QStash calls, such as https://api.example.com",
    ),
    "verify_url by text": (
        {"verify_url": "no"},
        ConfigurationError,
        "verify_url must be True or False, not 'no'",
    ),
    "a negative limit": (
        {"max_body_size": -1},
        ConfigurationError,
        "max_body_size must be a number of bytes >= 0, not -1",
    ),
    "no time at all": (
        {"body_timeout": 0},
        ConfigurationError,
        "body_timeout must be a number of seconds > 0, not 0",
    ),
}


@each("options, error, problem", WRONG, on_all=("misspelled", "an empty origin"))
def test_a_wrong_option_is_refused_where_it_is_written(
    harness: Harness, options: dict[str, Any], error: type[Exception], problem: str
) -> None:
    with pytest.raises(error) as caught:
        harness.build(done, ("body",), options)
    assert str(caught.value) == problem
