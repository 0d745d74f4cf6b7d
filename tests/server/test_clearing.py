"""A new start: everything is forgotten but the keys, nothing is given twice, and what was under way disturbs nobody."""

from pathlib import Path

from qstash_integrations.server.model import Filter, Outcome, RunFilter
from qstash_integrations.server.tables import Store
from tests.server.driver import KEYS, Driver


def stocked(store: Store | None = None) -> Driver:
    driver = Driver(store)
    driver.publish(retries="0")
    driver.deliver(500)
    driver.publish(queue="mail", flow_control_key="k", flow_control_value="rate=1")
    driver.publish(delay="1h", deduplication_id="once")
    driver.publish(workflow_runid="wfr_1", workflow_init="true")
    return driver


def test_nothing_is_left_but_the_keys() -> None:
    driver = stocked()
    driver.engine.retention.clear()
    engine = driver.engine
    overview = engine.inspection.overview()
    assert (overview.unfinished, overview.finished, overview.dead_letters, overview.active) == (0, 0, 0, 0)
    assert engine.log.events(Filter(), cursor=None, count=10).items == ()
    assert engine.run_log.page(RunFilter(), cursor=None, count=10).items == ()
    assert (engine.queues.all(), engine.flows.search(""), engine.schedules.all()) == ([], [], [])
    assert engine.keys.get() == KEYS


def test_it_goes_on_as_before() -> None:
    driver = stocked()
    driver.engine.retention.clear()
    assert not driver.publish(deduplication_id="once").deduplicated
    driver.publish(workflow_runid="wfr_1", workflow_init="true")
    assert len(driver.deliver(200)) == 2
    overview = driver.engine.inspection.overview()
    assert (overview.unfinished, overview.finished) == (0, 2)


def test_what_comes_of_an_attempt_that_was_under_way_is_nobodys() -> None:
    driver = stocked()
    (before, *_) = driver.claim()
    driver.engine.retention.clear()
    after = driver.publish()
    driver.engine.recording.record(before.seq, Outcome(status=500))
    assert [message.id for message in driver.claim()] == [after.message_id]


def test_a_restart_finds_it_cleared(tmp_path: Path) -> None:
    driver = stocked(Store.open(tmp_path / "kept.db"))
    driver.engine.retention.clear()
    driver.engine.close()
    again = Driver(Store.open(tmp_path / "kept.db"))
    assert again.engine.inspection.overview().unfinished == 0
    again.publish()
    assert len(again.deliver(200)) == 1
