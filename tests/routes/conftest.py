"""The settings that routes are listed with. Django is configured before any test module is imported."""

import pytest

from tests.django.project import configure
from tests.signing import CURRENT, NEXT, ORIGIN

configure()


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_CURRENT_SIGNING_KEY", CURRENT)
    monkeypatch.setenv("QSTASH_NEXT_SIGNING_KEY", NEXT)
    monkeypatch.setenv("QSTASH_PUBLIC_URL", ORIGIN)
