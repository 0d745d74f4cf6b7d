"""One example app at a time, and what its publisher sends."""

from collections.abc import Generator
from typing import Any

import pytest

from qstash_integrations._core.settings.environment import settings_changed
from tests.examples.apps import ENVIRONMENT, EXAMPLES
from tests.hosts import Send


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    # The apps are imported once per process and have seen other tests' environment.
    settings_changed()
    yield
    settings_changed()


@pytest.fixture(params=EXAMPLES.values(), ids=list(EXAMPLES))
def send(request: pytest.FixtureRequest, environment: None) -> Generator[Send]:
    example: Any = request.param
    with example() as send:
        yield send
