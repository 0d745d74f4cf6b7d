"""``told``: what OpenTelemetry was told in one test."""

from collections.abc import Generator

import pytest

from .sdk import Told, recording


@pytest.fixture
def told() -> Generator[Told]:
    with recording() as made:
        yield made
