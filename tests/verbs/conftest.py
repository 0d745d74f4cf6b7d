"""The places in which a command is typed."""

from collections.abc import Generator

import pytest

from tests.verbs.places import PLACES, Place


@pytest.fixture(params=PLACES.values(), ids=list(PLACES))
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generator[Place]:
    with request.param() as made:
        # A local QStash takes what the terminal has exported out of the environment.
        monkeypatch.setenv("QSTASH_APP", "shop")
        monkeypatch.setenv("QSTASH_ENVIRONMENT", "test")
        yield made
