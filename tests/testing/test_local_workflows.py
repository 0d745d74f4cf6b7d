"""Workflow runs under ``LocalQStash``: what they wait for is waited for."""

import threading
from collections.abc import Iterator

import pytest

from qstash_integrations.server.engine import Engine
from qstash_integrations.server.model import Publication, Wait
from qstash_integrations.server.tables import Store
from qstash_integrations.testing.clock import Clock
from qstash_integrations.testing.driving import Driver, Faults
from qstash_integrations.testing.seen import Attempt
from tests.signing import NOW

URL = "https://testserver/workflow"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store.open(None)
    yield store
    store.close()


@pytest.fixture
def engine(clock: Clock, store: Store) -> Engine:
    return Engine(store, clock=clock, wall_clock=clock)


@pytest.fixture
def driver(engine: Engine, store: Store, clock: Clock) -> Driver:
    """In a test that serves nothing."""
    return Driver(
        engine,
        store,
        clock=clock,
        wall_clock=clock,
        find=lambda url: None,
        faults=Faults(),
        attempts=[],
        check=lambda attempts: None,
        lock=threading.RLock(),
    )


def until_idle(driver: Driver) -> list[Attempt]:
    steps = driver.until_idle(100)
    with pytest.raises(StopIteration) as done:
        next(steps)
    made: list[Attempt] = done.value.value
    return made


def test_idle_means_that_all_waits_are_over(engine: Engine, driver: Driver) -> None:
    headers = (("Upstash-Workflow-RunId", "wfr_1"), ("Upstash-Workflow-Init", "true"), ("Upstash-Retries", "0"))
    engine.publishing.publish(Publication(destination=URL, headers=(*headers, ("Upstash-Delay", "1d"))))
    wait = Wait(
        run_id="wfr_1", event_id="paid", step_id=1, url=URL, timeout="1h", seconds=3600, step='{"stepId":1}', headers=()
    )
    engine.waiting.wait(wait)
    assert [attempt.at.timestamp() - NOW for attempt in until_idle(driver)] == [3600]
