"""Settings of the environment alone: here apps have some of their own."""

from collections.abc import Generator

import pytest

from qstash_integrations._core.publishing.client import APIRequest
from tests.outbox import outbox
from tests.signing import ORIGIN


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_TOKEN", "TESTONLY-token-0000000000000000")
    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN)


@pytest.fixture
def published() -> Generator[list[APIRequest]]:
    """What was published so far."""
    with outbox() as sent:
        yield sent
