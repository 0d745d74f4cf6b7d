"""An engine to drive, and a real server whose attempts can be watched."""

import queue
from collections.abc import Iterator

import pytest

from qstash_integrations.server.app import LocalServer, running
from qstash_integrations.server.attempt import Attempt
from tests.server.driver import MADE, Driver


@pytest.fixture
def driver() -> Driver:
    return Driver()


@pytest.fixture(autouse=True)
def close_drivers() -> Iterator[None]:
    yield
    while MADE:
        MADE.pop().engine.close()


@pytest.fixture
def attempts() -> queue.SimpleQueue[Attempt]:
    """What the running server tells of its attempts."""
    return queue.SimpleQueue()


@pytest.fixture
def server(attempts: queue.SimpleQueue[Attempt]) -> Iterator[LocalServer]:
    """A real server on a free port."""
    with running(watch=attempts.put) as server:
        yield server
