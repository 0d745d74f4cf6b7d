"""QSTASH_REGION, and the names that a region has for itself."""

import logging

import pytest

from qstash_integrations import ConfigurationError
from qstash_integrations._core.receiving.receivers import regional_receivers
from qstash_integrations._core.settings.values import Settings
from tests.signing import ATTACKER, CURRENT, NEXT

EU = {
    "QSTASH_REGION": "EU_CENTRAL_1",
    "EU_CENTRAL_1_QSTASH_URL": "https://qstash-eu-central-1.upstash.io",
    "EU_CENTRAL_1_QSTASH_TOKEN": "eu-token",
}


def test_a_region_has_an_address_and_a_token_of_its_own() -> None:
    settings = Settings.load({**EU, "QSTASH_TOKEN": "us-token"})
    assert (settings.url, settings.token) == ("https://qstash-eu-central-1.upstash.io", "eu-token")


def test_a_region_is_spelled_as_qstash_does_too() -> None:
    assert Settings.load({"QSTASH_REGION": "us-east-1"}).region == "US_EAST_1"


def test_half_a_region_is_said_to_be_unused(caplog: pytest.LogCaptureFixture) -> None:
    config = {"QSTASH_REGION": "EU_CENTRAL_1", "EU_CENTRAL_1_QSTASH_TOKEN": "eu-token", "QSTASH_TOKEN": "us-token"}
    assert Settings.load(config).token == "us-token"
    assert caplog.record_tuples == [
        (
            "qstash_integrations",
            logging.WARNING,
            "EU_CENTRAL_1_QSTASH_URL and EU_CENTRAL_1_QSTASH_TOKEN are used together only; one is not set, so "
            "QSTASH_URL and QSTASH_TOKEN are used",
        )
    ]


def test_without_a_region_the_regions_names_mean_nothing() -> None:
    config = {name: value for name, value in EU.items() if name != "QSTASH_REGION"}
    assert Settings.load({**config, "EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY": CURRENT}).regional_keys == {}
    assert Settings.load(config).token is None


def test_a_region_has_keys_of_its_own_when_it_has_both() -> None:
    settings = Settings.load(
        {
            **EU,
            "EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY": CURRENT,
            "EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY": NEXT,
            "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY": ATTACKER,
        }
    )
    assert list(regional_receivers(settings)) == ["EU_CENTRAL_1"]


def test_a_wrong_key_of_a_region_is_refused_by_its_whole_name() -> None:
    settings = Settings.load(
        {
            **EU,
            "EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY": CURRENT,
            "EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY": "sig_TESTONLY",
        }
    )
    with pytest.raises(ConfigurationError, match=r"^EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY is a placeholder or cut"):
        regional_receivers(settings)
