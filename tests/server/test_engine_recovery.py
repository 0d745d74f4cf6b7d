"""What a restart finds: all that was accepted, in its order; and what retention removes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qstash_integrations.server.model import Filter, Limits, Refused, Retention, StorageFull
from qstash_integrations.server.tables import Store
from tests.server.driver import NOW, Driver, bodies, publication

DAY = 86_400.0


def restarted(driver: Driver, path: Path) -> Driver:
    """A new process on the same file, at the same moment."""
    driver.engine.close()
    again = Driver(Store.open(path))
    again.now = driver.now
    return again


def test_what_was_being_delivered_is_due_again_with_the_same_count(driver: Driver) -> None:
    receipt = driver.publish()
    driver.deliver(500)
    driver.advance(13)
    driver.claim()

    assert driver.engine.claiming.recover() == 1

    (message,) = driver.claim()
    assert (message.id, message.retried) == (receipt.message_id, 1)
    assert driver.engine.claiming.recover() == 1, "as often as the process dies"


def test_recovery_with_nothing_under_way_changes_nothing(driver: Driver) -> None:
    driver.publish(delay="5s")
    assert driver.engine.claiming.recover() == 0
    assert driver.engine.claiming.next_due_at() == NOW + 5


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    path = tmp_path / "qstash.db"
    driver = Driver(Store.open(path))
    dlq_id = driver.fail_for_good(body=b"dead")
    driver.publish(body=b"delayed", delay="60s", label="eu", forward_x_job="7")
    for text in (b"1", b"2"):
        driver.publish(body=text, queue="mail")
    driver.engine.schedules.create(publication(cron="* * * * *", schedule_id="minutely"))
    driver.engine.flows.pause("crm")
    driver.publish(deduplication_id="a", body=b"once")
    driver.publish(body=b"held", flow_control_key="crm", flow_control_value="parallelism=1")
    keys = driver.engine.keys.rotate()

    driver = restarted(driver, path)

    assert driver.engine.keys.get() == keys
    assert driver.engine.dead_letters.get(dlq_id).message.body == b"dead"
    assert driver.publish(deduplication_id="a").deduplicated
    assert driver.engine.flows.get("crm").paused
    driver.advance(60)
    assert driver.engine.schedules.fire() == 1
    messages = driver.claim()
    assert bodies(messages) == ["1", "once", "delayed", "hi"]
    assert (messages[2].options.labels, messages[2].options.headers) == (("eu",), (("X-Job", "7"),))
    driver.engine.close()


def test_a_restart_keeps_the_order_of_a_queue(tmp_path: Path) -> None:
    path = tmp_path / "qstash.db"
    driver = Driver(Store.open(path))
    driver.engine.queues.upsert("mail", 2, False)
    for text in (b"1", b"2", b"3", b"4"):
        driver.publish(body=text, queue="mail")
    assert driver.claimed() == ["1", "2"]

    driver = restarted(driver, path)
    driver.engine.claiming.recover()

    assert bodies(driver.deliver()) == ["1", "2"]
    assert driver.claimed() == ["3", "4"]
    driver.engine.close()


def test_a_queue_that_was_paused_during_the_attempt_stays_paused(driver: Driver) -> None:
    driver.publish(queue="mail")
    driver.claim()
    driver.engine.queues.pause("mail")

    driver.engine.claiming.recover()

    assert driver.claim() == []
    driver.engine.queues.resume("mail")
    assert len(driver.claim()) == 1


def test_a_queue_still_waits_for_callbacks_after_a_restart(driver: Driver) -> None:
    for text in (b"1", b"2"):
        driver.publish(body=text, queue="mail", callback="https://cb.example")
    driver.deliver()
    driver.claim()

    driver.engine.claiming.recover()

    assert [message.url for message in driver.deliver()] == ["https://cb.example"]
    assert driver.claimed() == ["2"]


def test_flow_control_counts_from_what_is_really_under_way(driver: Driver) -> None:
    for text in (b"1", b"2"):
        driver.publish(body=text, flow_control_key="crm", flow_control_value="parallelism=1")
    driver.claim()

    driver.engine.claiming.recover()

    assert driver.engine.flows.get("crm").active == 0
    assert bodies(driver.deliver()) == ["2"], "it has been waiting for its turn"
    assert driver.claimed() == ["1"]


def test_a_cancel_that_was_requested_is_carried_out(driver: Driver) -> None:
    receipt = driver.publish()
    driver.claim()
    driver.engine.messages.cancel(receipt.message_id)

    assert driver.engine.claiming.recover() == 0

    assert driver.claim() == []
    assert driver.states(receipt.message_id) == ["CREATED", "ACTIVE", "CANCEL_REQUESTED", "CANCELED"]


_PROGRAM = """
import sys, time
from pathlib import Path
from qstash_integrations.server.engine import Engine
from qstash_integrations.server.model import Publication
from qstash_integrations.server.tables import Store

engine = Engine(Store.open(Path(sys.argv[1])))
for number in range(1_000_000):
    engine.publishing.publish(Publication(destination="https://a.example", body=str(number).encode(), queue="mail"))
    print(number, flush=True)
    engine.claiming.claim(1)
"""


@pytest.mark.system
def test_what_was_accepted_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "qstash.db"
    process = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        told = [int(process.stdout.readline()) for _ in range(200)]
        os.kill(process.pid, signal.SIGKILL)
        told += [int(line) for line in process.stdout]
    finally:
        process.kill()
        process.stdout.close()
        process.wait()

    driver = Driver(Store.open(path))
    driver.engine.claiming.recover()
    delivered: list[str] = []
    driver.now = 4_000_000_000.0
    while messages := driver.deliver():
        delivered += bodies(messages)

    assert delivered[: len(told)] == [str(number) for number in told]
    assert len(delivered) - len(told) <= 1, "at most the one whose receipt was not told any more"
    driver.engine.close()


def test_a_full_store_takes_nothing_of_a_call_and_goes_on() -> None:
    driver = Driver(Store.open(None, max_bytes=1_200_000))
    sizes = [b"x" * 100_000] * 3
    for body in sizes:
        driver.publish(body=body)

    with pytest.raises(StorageFull) as full:
        driver.engine.publishing.batch([publication(body=b"y" * 100_000), publication(body=b"z" * 900_000)])

    assert full.value.status == 507
    assert "free disk space" in full.value.text
    assert len(driver.claim()) == 3
    assert driver.publish(body=b"small")
    driver.engine.close()


def test_an_attempt_that_could_not_be_recorded_can_be_recorded_later() -> None:
    driver = Driver(Store.open(None, max_bytes=1_200_000))
    receipt = driver.publish()
    (message,) = driver.claim()

    with pytest.raises(StorageFull):
        driver.answer(message, 500, b"x" * 900_000)
    assert driver.states(receipt.message_id) == ["CREATED", "ACTIVE"]
    driver.answer(message, 500, b"x")

    assert driver.states(receipt.message_id) == ["CREATED", "ACTIVE", "ERROR", "RETRY"]
    driver.engine.close()


def swept(driver: Driver) -> int:
    total = 0
    while removed := driver.engine.retention.sweep():
        total += removed
    return total


def test_finished_messages_and_their_events_go_after_three_days(driver: Driver) -> None:
    receipt = driver.publish(deduplication_id="a")
    driver.publish(delay="90d")
    driver.deliver()
    driver.advance(3 * DAY)
    assert swept(driver) == 1, "only the deduplication key is past its time"
    driver.advance(1)

    assert swept(driver) == 1

    assert driver.states(receipt.message_id) == []
    assert driver.engine.messages.cancel_all(Filter(), None) == 1, "what is not over stays however old it is"


def test_dead_letters_stay_for_a_week_and_their_messages_with_them(driver: Driver) -> None:
    dlq_id = driver.fail_for_good(body=b"dead")
    driver.advance(7 * DAY)
    assert swept(driver) == 0
    assert driver.engine.dead_letters.get(dlq_id).message.body == b"dead"
    assert len(driver.engine.log.events(Filter(), cursor=None, count=10).items) == 4
    driver.advance(1)

    assert swept(driver) == 2

    with pytest.raises(Refused, match="not found"):
        driver.engine.dead_letters.get(dlq_id)
    assert driver.engine.log.events(Filter(), cursor=None, count=10).items == ()


def test_a_retried_letter_lets_its_first_message_go(driver: Driver) -> None:
    dlq_id = driver.fail_for_good()
    driver.engine.dead_letters.retry(dlq_id)
    driver.advance(4 * DAY)
    assert swept(driver) == 1
    assert len(driver.claim()) == 1


def test_the_head_that_its_queue_waits_for_stays(driver: Driver) -> None:
    for text in (b"1", b"2"):
        driver.publish(body=text, queue="mail", callback="https://cb.example")
    driver.deliver()
    (callback,) = driver.claim()
    driver.advance(30 * DAY)

    assert swept(driver) == 0
    driver.answer(callback)
    assert driver.claimed() == ["2"]
    assert swept(driver) == 1


@pytest.mark.parametrize(
    "retention", [Retention(message_count=2), Retention(message_bytes=200)], ids=["messages", "bytes"]
)
def test_too_much_that_is_finished_goes_early_but_not_within_a_minute(retention: Retention) -> None:
    driver = Driver(retention=retention)
    for _ in range(3):
        driver.publish(body=b"x" * 100)
    driver.deliver()
    driver.advance(60)
    assert swept(driver) == 0
    driver.advance(1)

    assert swept(driver) >= 1

    left = driver.engine.log.events(Filter(states=("DELIVERED",)), cursor=None, count=10).items
    assert len(left) <= 2
    driver.engine.close()


def test_too_many_dead_letters_lose_the_oldest() -> None:
    driver = Driver(retention=Retention(dead_letter_count=2))
    letters = [driver.fail_for_good() for _ in range(4)]
    driver.advance(1)

    assert swept(driver) == 2

    left = driver.engine.dead_letters.page(Filter(), cursor=None, count=10).items
    assert [letter.id for letter in left] == letters[2:]
    driver.engine.close()


def test_answers_count_as_bytes_and_dead_letters_are_not_kept_at_any_price() -> None:
    driver = Driver(retention=Retention(message_bytes=1000))
    driver.publish(retries="0")
    driver.deliver(500, b"x" * 2000)
    driver.advance(61)

    assert swept(driver) == 2

    assert driver.engine.dead_letters.page(Filter(), cursor=None, count=10).items == ()
    driver.engine.close()


def test_a_sweep_is_a_little_work_at_a_time(driver: Driver) -> None:
    driver.engine.publishing.batch([publication() for _ in range(1200)])
    driver.engine.messages.cancel_all(Filter(), None)
    driver.advance(4 * DAY)

    assert [driver.engine.retention.sweep() for _ in range(4)] == [500, 500, 200, 0]


def test_room_is_counted_right_after_all_of_it() -> None:
    driver = Driver(limits=Limits(unfinished=1, unfinished_bytes=10))
    for _ in range(3):
        driver.publish(body=b"x" * 10, retries="0")
        driver.deliver(500, b"y" * 100)
        driver.engine.dead_letters.retry_all(Filter(), count=None)
        driver.engine.messages.cancel_all(Filter(), None)
        driver.advance(30 * DAY)
        swept(driver)
    driver.publish(body=b"x" * 10)
    with pytest.raises(Refused):
        driver.publish(body=b"")
    driver.engine.close()
