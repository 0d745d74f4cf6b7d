"""Where the published keys of local development count, with which anybody can sign."""

from typing import Any

import pytest

from qstash_integrations import ConfigurationError, Receiver, Settings
from qstash_integrations._core.settings.production import NAMES
from qstash_integrations.compat import Receiver as CompatReceiver
from tests.core.test_settings import everything_in
from tests.signing import CURRENT, NOW, ORIGIN, signed

CURRENT_DEV, NEXT_DEV = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs"
KEYS = {"QSTASH_CURRENT_SIGNING_KEY": CURRENT_DEV, "QSTASH_NEXT_SIGNING_KEY": NEXT_DEV}
PUBLISHED = "is a published key of local development, with which anybody can sign"
YOUR_OWN = (
    "set QSTASH_URL to your local server, as qstash-integrations dev prints it, or copy your own keys from the QStash "
    "console"
)


def made_directly() -> object:
    return Receiver(CURRENT_DEV, NEXT_DEV)


def made_of_settings() -> object:
    return Settings.load(KEYS).receiver()


def made_as_before() -> object:
    return CompatReceiver({"current_signing_key": CURRENT_DEV, "next_signing_key": NEXT_DEV})


MAKERS = pytest.mark.parametrize(
    "make", [made_directly, made_of_settings, made_as_before], ids=["Receiver", "Settings", "compat"]
)


@MAKERS
@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://qstash:8080", "https://qstash.shop.internal"])
def test_S12_the_published_keys_count_beside_a_private_qstash(
    monkeypatch: pytest.MonkeyPatch, make: Any, url: str
) -> None:
    monkeypatch.setenv("QSTASH_URL", url)
    make()


@MAKERS
@pytest.mark.parametrize("url", [None, "https://qstash.upstash.io", "https://qstash.example.com", "http://8.8.8.8"])
def test_S12_they_count_nowhere_else(monkeypatch: pytest.MonkeyPatch, make: Any, url: str | None) -> None:
    if url:
        monkeypatch.setenv("QSTASH_URL", url)
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert str(caught.value).lower().endswith(f"current_signing_key {PUBLISHED}; {YOUR_OWN}".lower())
    assert not any(CURRENT_DEV in shown for shown in everything_in(caught.value))


@pytest.mark.parametrize(
    ("make", "name"),
    [*((made_directly, name) for name in NAMES), (made_of_settings, "APP_ENV"), (made_as_before, "APP_ENV")],
)
def test_S12_they_never_count_where_the_environment_declares_production(
    monkeypatch: pytest.MonkeyPatch, make: Any, name: str
) -> None:
    monkeypatch.setenv("QSTASH_URL", "http://127.0.0.1:8080")
    monkeypatch.setenv(name, "Production")
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert str(caught.value).endswith(
        f"{PUBLISHED}; {name}='Production' declares production, where they count for nothing: copy your own keys from "
        f"the QStash console, or unset {name} if this is no production"
    )


def test_S12_allow_dev_keys_says_it_in_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=f"{PUBLISHED}; copy your own keys from the QStash console$"):
        Receiver(CURRENT_DEV, None, allow_dev_keys=False)
    monkeypatch.setenv("ENV", "production")
    Receiver(CURRENT_DEV, NEXT_DEV, allow_dev_keys=True)


def test_S12_what_the_app_configures_wins_over_a_forgotten_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_URL", "http://127.0.0.1:8080")
    with pytest.raises(ConfigurationError, match=f"^QSTASH_CURRENT_SIGNING_KEY {PUBLISHED}; {YOUR_OWN}$"):
        Settings.load({**KEYS, "QSTASH_URL": "https://qstash.upstash.io"}).receiver()


def test_S12_of_a_region_its_own_address_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_URL", "http://127.0.0.1:8080")
    monkeypatch.setenv("QSTASH_REGION", "US_EAST_1")
    made_directly()
    monkeypatch.setenv("US_EAST_1_QSTASH_URL", "https://qstash-us-east-1.upstash.io")
    monkeypatch.setenv("US_EAST_1_QSTASH_TOKEN", "TESTONLY-token")
    with pytest.raises(ConfigurationError, match=PUBLISHED):
        made_directly()


def test_S12_a_wrong_address_is_named_and_shows_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_URL", "localhost:8080")
    with pytest.raises(ConfigurationError, match=f"{PUBLISHED}; QSTASH_URL must be the address of") as caught:
        made_directly()
    assert not any(CURRENT_DEV in shown for shown in everything_in(caught.value))


def test_a_rotation_to_published_keys_follows_the_same_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = Receiver(CURRENT, None, now=lambda: NOW)
    with pytest.raises(ConfigurationError, match=PUBLISHED):
        receiver.set_keys(CURRENT_DEV, NEXT_DEV)
    monkeypatch.setenv("QSTASH_URL", "http://127.0.0.1:8080")
    receiver.set_keys(CURRENT_DEV, NEXT_DEV)
    assert receiver.verify(signature=signed(b"hi", key=CURRENT_DEV), body=b"hi", url=ORIGIN + "/hooks/ship")
