"""An engine to drive, for the tests of the engine."""

from collections.abc import Iterator

import pytest

from tests.server.driver import Driver


@pytest.fixture
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.engine.close()
