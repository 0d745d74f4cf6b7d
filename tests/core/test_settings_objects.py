"""A settings object that an app has already, given as ``settings=``: which names count, what its values may be."""

import functools
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yarl
from pydantic import AnyHttpUrl, BaseModel, Field, HttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.datastructures import URL, CommaSeparatedStrings, Secret

from qstash_integrations import AsyncQStash, ConfigurationError, QStash, Settings
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations._core.settings.given import Given
from tests.signing import CURRENT, NEXT

TOKEN = "TESTONLY-token-0000000000000000"
LOCAL = "http://127.0.0.1:8080"
PUBLIC = "https://api.example.com"
Loaded = tuple[str | None, str, tuple[str | None, str | None], tuple[str, ...]]
ALL: Loaded = (TOKEN, LOCAL, (CURRENT, NEXT), (PUBLIC,))


class WholeApp(BaseSettings):
    """As most programs have it: one object for everything."""

    database_url: str = "sqlite://"
    token: str = "of something else"
    qstash_token: SecretStr | None = None
    qstash_url: AnyHttpUrl | None = None
    qstash_current_signing_key: SecretStr | None = None
    qstash_next_signing_key: SecretStr | None = None
    qstash_public_url: AnyHttpUrl | None = None


class UpperCase(BaseSettings):
    QSTASH_TOKEN: str
    QSTASH_URL: HttpUrl
    QSTASH_CURRENT_SIGNING_KEY: str
    QSTASH_NEXT_SIGNING_KEY: str
    QSTASH_PUBLIC_URL: AnyHttpUrl


class Prefixed(BaseSettings):
    """Of QStash alone."""

    model_config = SettingsConfigDict(env_prefix="QSTASH_")
    token: SecretStr
    url: AnyHttpUrl
    current_signing_key: SecretStr
    next_signing_key: SecretStr
    public_url: AnyHttpUrl


class Nested(BaseModel):
    token: SecretStr = SecretStr(TOKEN)
    base_url: str = LOCAL
    current_signing_key: SecretStr = SecretStr(CURRENT)
    next_signing_key: SecretStr = SecretStr(NEXT)
    public_url: list[AnyHttpUrl] = [AnyHttpUrl(PUBLIC)]


class Aliased(BaseSettings):
    qstash_token: SecretStr = Field(alias="QSTASH_TOKEN")
    qstash_base_url: str = Field(alias="QSTASH_URL")
    qstash_current_signing_key: SecretStr = Field(alias="QSTASH_CURRENT_SIGNING_KEY")
    qstash_next_signing_key: SecretStr = Field(alias="QSTASH_NEXT_SIGNING_KEY")
    qstash_public_url: str = Field(alias="QSTASH_PUBLIC_URL")


@dataclass
class Data:
    qstash_token: str = TOKEN
    qstash_url: str = LOCAL
    qstash_current_signing_key: str = CURRENT
    qstash_next_signing_key: str = NEXT
    qstash_public_url: str = PUBLIC


ENVIRONMENT = {
    "QSTASH_TOKEN": TOKEN,
    "QSTASH_URL": LOCAL,
    "QSTASH_CURRENT_SIGNING_KEY": CURRENT,
    "QSTASH_NEXT_SIGNING_KEY": NEXT,
    "QSTASH_PUBLIC_URL": PUBLIC,
}
LOWER = {name.lower(): value for name, value in ENVIRONMENT.items()}


def module() -> ModuleType:
    """As Starlette's documentation has it: constants that its ``Config`` has read."""
    made = ModuleType("settings")
    made.__dict__.update(
        QSTASH_TOKEN=Secret(TOKEN),
        QSTASH_URL=URL(LOCAL),
        QSTASH_CURRENT_SIGNING_KEY=Secret(CURRENT),
        QSTASH_NEXT_SIGNING_KEY=Secret(NEXT),
        QSTASH_PUBLIC_URL=CommaSeparatedStrings(PUBLIC),
    )
    return made


@functools.lru_cache
def get_settings() -> WholeApp:
    return WholeApp()


OBJECTS: dict[str, Callable[[], Any]] = {
    "pydantic-settings of a whole app": WholeApp,
    "pydantic-settings in capitals, with HttpUrl": lambda: UpperCase.model_validate(ENVIRONMENT),
    "pydantic-settings of QStash alone": Prefixed,
    "a nested model": Nested,
    "pydantic-settings with aliases": Aliased,
    "a dataclass": Data,
    "the class of a dataclass": lambda: Data,
    "the class of pydantic-settings": lambda: WholeApp,
    "a namespace": lambda: SimpleNamespace(**LOWER),
    "a namespace in capitals": lambda: SimpleNamespace(**ENVIRONMENT),
    "a dict, as of dotenv_values": lambda: dict(ENVIRONMENT),
    "a module": module,
    "URLs of yarl": lambda: {**ENVIRONMENT, "QSTASH_URL": yarl.URL(LOCAL), "QSTASH_PUBLIC_URL": yarl.URL(PUBLIC)},
    "our own": Settings.load,
    "what loads our own": lambda: Settings.load,
    "a function": lambda: lambda: WholeApp(),
    "a function with a cache": lambda: get_settings,
}


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_all_settings_come_from_an_object(make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    get_settings.cache_clear()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    settings = make()
    if not callable(settings):
        for name in ENVIRONMENT:
            monkeypatch.delenv(name)
    assert loaded(settings=settings) == ALL


def loaded(**values: Any) -> Loaded:
    settings = Settings.load(**values)
    return (
        settings.token,
        settings.url,
        (settings.signing_keys.current, settings.signing_keys.next),
        settings.public_url,
    )


@pytest.mark.parametrize("settings", [{"qstash_url_match": "decoded"}, {"url_match": "decoded"}], ids=str)
def test_how_urls_are_compared_comes_from_an_object_too(settings: dict[str, str]) -> None:
    found = Settings.load(settings=settings)
    assert (found.url_match, Settings.load(settings=found).url_match) == ("decoded", "decoded")


def test_a_function_is_not_called_before_the_settings_are_read() -> None:
    calls: list[str] = []

    def tell() -> dict[str, str]:
        calls.append("called")
        return ENVIRONMENT

    client = AsyncQStash.from_settings(lambda: Settings.load(settings=tell))
    assert calls == []
    with override_transport(lambda request: APIResponse(201, b'{"messageId":"msg_1"}')):
        client.sync.publish(url="https://a.example")
        client.sync.publish(url="https://a.example")
    assert calls == ["called"]


def test_an_argument_wins_over_the_object_and_that_over_configuration_and_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, "https://from.the.environment")
    settings = SimpleNamespace(qstash_token="object", qstash_url=None, qstash_public_url="https://object.example")
    config = {"QSTASH_TOKEN": "config", "QSTASH_CURRENT_SIGNING_KEY": "config"}
    found = Settings.load(config, settings=settings, public_url="https://argument.example")
    assert (found.token, found.public_url) == ("object", ("https://argument.example",))
    assert (found.url, found.signing_keys.current) == ("https://from.the.environment", "config")


@pytest.mark.parametrize("kind", [QStash, AsyncQStash])
def test_a_client_takes_an_object_and_hidden_texts(kind: Any) -> None:
    sent: list[APIRequest] = []

    def transport(request: APIRequest) -> APIResponse:
        sent.append(request)
        return APIResponse(201, b'{"messageId":"msg_1"}')

    clients = [kind(settings=Nested()), kind(SecretStr(TOKEN), base_url=AnyHttpUrl(LOCAL))]
    with override_transport(transport):
        for client in clients:
            getattr(client, "sync", client).publish(url=PUBLIC)
        with override_settings(QSTASH_TOKEN="TESTONLY-override"):
            getattr(clients[0], "sync", clients[0]).publish(url=PUBLIC)
    assert [call.url for call in sent] == [f"{LOCAL}/v2/publish/{PUBLIC}"] * 3
    assert [dict(call.headers)["Authorization"] for call in sent] == [
        f"Bearer {TOKEN}",
        f"Bearer {TOKEN}",
        "Bearer TESTONLY-override",
    ]


NAMES = (
    "qstash_token, qstash_url, qstash_current_signing_key, qstash_next_signing_key, qstash_public_url, qstash_region"
)
WRONG: dict[str, tuple[Any, str]] = {
    "an object of something else": (
        SimpleNamespace(database_url="sqlite://"),
        f"settings (SimpleNamespace) has none of {NAMES}",
    ),
    "nothing but misspelled names": (
        {"QSTASH_TOKN": TOKEN},
        f"settings (dict) has none of {NAMES}; did you mean 'qstash_token'?",
    ),
    "a misspelled name beside others": (
        {"qstash_token": TOKEN, "qstash_curent_signing_key": CURRENT},
        "settings has no setting 'qstash_curent_signing_key'; did you mean 'qstash_current_signing_key'?",
    ),
    "a token that is no text": (SimpleNamespace(qstash_token=3), "settings.qstash_token must be a text, not int"),
    "quotes": (
        SimpleNamespace(qstash_token=SecretStr(f'"{TOKEN}"')),
        "settings.qstash_token has quotes around its value; write it without them, since docker --env-file, for one, "
        "does not remove them",
    ),
    "a text": ("settings.toml", f"settings (str) has none of {NAMES}"),
    "what a function returns": (lambda: object(), f"settings() (object) has none of {NAMES}"),
}


@pytest.mark.parametrize(("settings", "text"), WRONG.values(), ids=WRONG)
def test_a_wrong_object_is_refused_by_name(settings: Any, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(settings=settings)
    assert str(caught.value) == text
    for frame, _ in traceback.walk_tb(caught.value.__traceback__):
        if "/qstash_integrations/" in frame.f_code.co_filename:
            assert TOKEN not in repr(frame.f_locals), frame.f_code.co_qualname


def test_an_objects_other_names_are_its_own_business() -> None:
    settings = {"qstash_token": TOKEN, "qstash_callback_path": "/hook", "qstash_url_group": "crm", "qstash_retries": 3}
    assert Settings.load(settings=settings).token == TOKEN


def test_a_misspelled_argument_is_a_type_error() -> None:
    values: Any = {"curent_signing_key": CURRENT}
    with pytest.raises(TypeError, match=r"^unknown setting 'curent_signing_key'; did you mean 'current_signing_key'"):
        Settings.load(**values)


def test_keys_of_an_object_are_not_joined_by_the_environments_regional_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_REGION", "us-east-1")
    monkeypatch.setenv("US_EAST_1_QSTASH_CURRENT_SIGNING_KEY", CURRENT)
    monkeypatch.setenv("US_EAST_1_QSTASH_NEXT_SIGNING_KEY", NEXT)
    assert set(Settings.load().regional_keys) == {"US_EAST_1"}
    assert Settings.load(current_signing_key=NEXT, next_signing_key=CURRENT).regional_keys == {}
    regional = {"qstash_region": "us-east-1"} | {
        f"us_east_1_qstash_{which}_signing_key": key for which, key in (("current", NEXT), ("next", CURRENT))
    }
    assert Settings.load(settings={**LOWER, **regional}).regional_keys["US_EAST_1"] == (NEXT, CURRENT)


def test_a_key_is_not_joined_by_somebody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_CURRENT_SIGNING_KEY", CURRENT)
    monkeypatch.setenv("QSTASH_NEXT_SIGNING_KEY", NEXT)
    for one, other in (("current", "next"), ("next", "current")):
        settings = Settings.load(None, Given({f"{one}_signing_key": CURRENT}), Given({"settings": LOWER}))
        with pytest.raises(ConfigurationError, match=f"^{other}_signing_key is not set"):
            settings.receiver()
    both = Settings.load(None, Given({"settings": LOWER, "next_signing_key": CURRENT}))
    assert both.signing_keys == (LOWER["qstash_current_signing_key"], CURRENT)


def test_a_key_that_is_none_is_refused_by_the_name_that_it_was_given_as() -> None:
    settings = Settings.load(settings={**LOWER, "qstash_next_signing_key": "change-me-please-now"})
    with pytest.raises(ConfigurationError, match=r"^settings\.qstash_next_signing_key is a placeholder"):
        settings.receiver()
    with pytest.raises(ConfigurationError, match=r"^current_signing_key is a placeholder or cut short"):
        Settings.load(current_signing_key="sig_short", next_signing_key=NEXT).receiver()
