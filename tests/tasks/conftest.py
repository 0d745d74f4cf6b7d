from collections.abc import Generator

import pytest

from qstash_integrations._core.publishing.client import APIRequest
from qstash_integrations._core.settings.environment import override_settings

from ..outbox import outbox
from . import shop


@pytest.fixture(autouse=True)
def settings() -> Generator[None]:
    with override_settings(QSTASH_TOKEN="token-of-tests", QSTASH_PUBLIC_URL="https://shop.example"):
        yield


@pytest.fixture
def sent() -> Generator[list[APIRequest]]:
    with outbox() as requests:
        yield requests


@pytest.fixture(autouse=True)
def no_letters() -> None:
    shop.letters.clear()
