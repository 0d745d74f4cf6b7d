"""``app.config`` as app factories fill it: from an object, from the environment, and with the client's options."""

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from pydantic import AnyHttpUrl, SecretStr
from pydantic_settings import BaseSettings

from qstash_integrations import ConfigurationError
from qstash_integrations.flask import Publisher, QStash
from qstash_integrations.flask.conf import load
from tests.outbox import outbox
from tests.signing import CURRENT, NEXT, ORIGIN

TOKEN = "TESTONLY-token-0000000000000000"


class Config(BaseSettings):
    QSTASH_TOKEN: SecretStr = SecretStr(TOKEN)
    QSTASH_CURRENT_SIGNING_KEY: SecretStr = SecretStr(CURRENT)
    QSTASH_NEXT_SIGNING_KEY: SecretStr = SecretStr(NEXT)
    QSTASH_PUBLIC_URL: AnyHttpUrl = AnyHttpUrl(ORIGIN)
    QSTASH_TIMEOUT: float = 3
    QSTASH_RETRY: dict[str, int] = {"retries": 1}
    QSTASH_HEADERS: dict[str, str] = {"X-Bypass": "1"}


def publisher(app: Flask) -> Publisher:
    made: Publisher = app.extensions["qstash"]
    return made


def test_an_object_fills_the_configuration() -> None:
    app = Flask("shop")
    app.config.from_object(Config())
    QStash(app)
    settings, manner = load(app), publisher(app)._manner()
    assert (settings.token, settings.public_url, settings.signing_keys) == (TOKEN, (ORIGIN,), (CURRENT, NEXT))
    assert (manner.timeout, manner.policy.retries, manner.headers) == (3, 1, (("Upstash-Forward-X-Bypass", "1"),))


def test_prefixed_variables_fill_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TOKEN": TOKEN, "TIMEOUT": "3", "HEADERS": '{"X-Bypass": "1"}', "ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(f"FLASK_QSTASH_{name}", value)
    app = Flask("shop")
    app.config.from_prefixed_env()
    QStash(app)
    manner = publisher(app)._manner()
    assert (load(app).token, manner.timeout, manner.allow_http) == (TOKEN, 3, True)


def test_an_argument_comes_before_the_configuration_and_a_none_does_not() -> None:
    app = Flask("shop")
    app.config.update(QSTASH_TOKEN="config", QSTASH_TIMEOUT=3, QSTASH_HEADERS={"X-Bypass": "1"})
    QStash(app, token=TOKEN, timeout=5, headers=None)
    manner = publisher(app)._manner()
    assert (load(app).token, manner.timeout, manner.headers) == (TOKEN, 5, (("Upstash-Forward-X-Bypass", "1"),))


def test_init_app_takes_what_one_app_has_of_its_own() -> None:
    extension = QStash(timeout=3, token="shared")
    first, second = Flask("first"), Flask("second")
    extension.init_app(first)
    extension.init_app(second, settings=SimpleNamespace(qstash_token=TOKEN), headers={"X-Tenant": "2"})
    with outbox() as sent:
        for app in (first, second):
            publisher(app).publish(url="https://a.example")
            assert publisher(app)._manner().timeout == 3
    headers = [dict(call.headers) for call in sent]
    assert [of["Authorization"] for of in headers] == ["Bearer shared", f"Bearer {TOKEN}"]
    assert ["Upstash-Forward-X-Tenant" in of for of in headers] == [False, True]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a timeout": ({"QSTASH_TIMEOUT": "3"}, "QSTASH_TIMEOUT must be a number of seconds > 0, not '3'"),
    "headers": ({"QSTASH_HEADERS": {"A": "1\n"}}, r"QSTASH_HEADERS\['A'\] has line breaks"),
}


@pytest.mark.parametrize(("config", "text"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_said_when_the_extension_is_put_on_the_app(config: dict[str, Any], text: str) -> None:
    app = Flask("shop")
    app.config.update(config)
    with pytest.raises(ConfigurationError, match=f"^{text}"):
        QStash(app)
