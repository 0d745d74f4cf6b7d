"""QSTASH_REGION chooses whom the publisher speaks to, as in the official JavaScript SDK."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from qstash_integrations import AsyncQStash, ConfigurationError, QStash
from tests.outbox import outbox
from tests.publish.loopback import URL

DEFAULT = {"QSTASH_URL": "https://qstash.example", "QSTASH_TOKEN": "default-token"}
EU = {"EU_CENTRAL_1_QSTASH_URL": "https://eu.example", "EU_CENTRAL_1_QSTASH_TOKEN": "eu-token"}
US = {"US_EAST_1_QSTASH_URL": "https://us.example/", "US_EAST_1_QSTASH_TOKEN": "us-token"}
IN_EU, IN_US = {"QSTASH_REGION": "EU_CENTRAL_1"}, {"QSTASH_REGION": "us-east-1"}
TO_DEFAULT, TO_EU, TO_US = (
    ("https://qstash.example", "default-token"),
    ("https://eu.example", "eu-token"),
    ("https://us.example", "us-token"),
)

# The environment, the arguments, and where the message went with which token.
CHOICES: dict[str, tuple[dict[str, str], dict[str, str], tuple[str, str]]] = {
    "no region": ({**DEFAULT, **EU, **US}, {}, TO_DEFAULT),
    "an empty region": ({**DEFAULT, **EU, "QSTASH_REGION": ""}, {}, TO_DEFAULT),
    "the one": ({**DEFAULT, **EU, **US, **IN_EU}, {}, TO_EU),
    "the other": ({**DEFAULT, **EU, **US, **IN_US}, {}, TO_US),
    "nothing but the region's own": ({**EU, **IN_EU}, {}, TO_EU),
    "a region without names of its own": ({**DEFAULT, **US, **IN_EU}, {}, TO_DEFAULT),
    "only an address of its own": (
        {**DEFAULT, **IN_EU, "EU_CENTRAL_1_QSTASH_URL": "https://eu.example"},
        {},
        TO_DEFAULT,
    ),
    "only a token of its own": ({**DEFAULT, **IN_EU, "EU_CENTRAL_1_QSTASH_TOKEN": "eu-token"}, {}, TO_DEFAULT),
    "an empty one of the pair": ({**DEFAULT, **EU, **IN_EU, "EU_CENTRAL_1_QSTASH_TOKEN": ""}, {}, TO_DEFAULT),
    "both as arguments": (
        {**DEFAULT, **EU, **IN_EU},
        {"token": "my-token", "base_url": "https://my.example"},
        ("https://my.example", "my-token"),
    ),
    "a token as argument": ({**DEFAULT, **EU, **IN_EU}, {"token": "my-token"}, ("https://eu.example", "my-token")),
}


@pytest.fixture(params=["QStash", "AsyncQStash"])
def sent_by(request: pytest.FixtureRequest) -> Callable[..., tuple[str, str]]:
    """Publishes with a client of these arguments; where to, and with which token."""

    def send(**arguments: Any) -> tuple[str, str]:
        with outbox() as sent:
            if request.param == "QStash":
                QStash(**arguments).publish(url=URL)
            else:
                anyio.run(lambda: AsyncQStash(**arguments).publish(url=URL))
        return sent[0].url.partition("/v2/")[0], dict(sent[0].headers)["Authorization"].removeprefix("Bearer ")

    return send


@pytest.mark.sampled("sent_by")
@pytest.mark.parametrize(("environment", "arguments", "expected"), CHOICES.values(), ids=CHOICES)
def test_the_region_chooses_address_and_token(
    sent_by: Callable[..., tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    arguments: dict[str, str],
    expected: tuple[str, str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert sent_by(**arguments) == expected


def test_a_region_that_qstash_does_not_have_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_REGION", "MARS")
    with pytest.raises(ConfigurationError, match=r"^QSTASH_REGION must be one of EU_CENTRAL_1, US_EAST_1, not 'MARS'$"):
        QStash("token")
