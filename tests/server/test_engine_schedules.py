"""Schedules: created or replaced, fired once per tick, paused, never in a burst."""

from typing import Any

import pytest

from qstash_integrations.server.model import Endpoint, Filter, Limits, Refused
from tests.server.driver import NOW, URL, Driver, publication

# NOW is 2027-01-15 08:00:00 UTC, a Friday.
MINUTE = 60.0
HOUR = 3600.0


def schedule(
    driver: Driver, cron: str = "*/5 * * * *", destination: str = URL, body: bytes = b"", **options: str
) -> str:
    return driver.engine.schedules.create(publication(destination, body, cron=cron, **options))


def fire(driver: Driver, seconds: float) -> int:
    driver.advance(seconds)
    return driver.engine.schedules.fire()


def test_a_tick_publishes_what_was_scheduled(driver: Driver) -> None:
    schedule_id = schedule(
        driver, body=b"report", method="PUT", forward_x_job="77", content_type="text/plain", retries="5", label="eu"
    )

    assert driver.engine.claiming.next_due_at() == NOW + 5 * MINUTE
    assert driver.engine.schedules.fire() == 0
    assert fire(driver, 5 * MINUTE) == 1

    (message,) = driver.claim()
    assert (message.url, message.body, message.schedule_id) == (URL, b"report", schedule_id)
    assert (message.options.method, message.options.retries, message.options.labels) == ("PUT", 5, ("eu",))
    assert message.options.headers == (("X-Job", "77"), ("Content-Type", "text/plain"))
    assert message.caller_ip == "203.0.113.9"
    assert driver.engine.claiming.next_due_at() == NOW + 10 * MINUTE


def test_a_new_schedule_shows_its_settings(driver: Driver) -> None:
    schedule_id = schedule(
        driver, " */10 * * * *  ", body=b"x", delay="10s", timeout="30s", queue_name="mail", schedule_id="nightly"
    )

    found = driver.engine.schedules.get(schedule_id)

    assert (found.id, found.cron, found.destination, found.body) == ("nightly", "*/10 * * * *", URL, b"x")
    assert (found.options.delay, found.options.timeout, found.options.queue) == (10, 30, "mail")
    assert (found.created_at, found.next_at, found.last_at) == (NOW, NOW + 10 * MINUTE, None)
    assert (found.paused, found.error, found.last_message_ids) == (False, None, ())
    assert driver.engine.schedules.all() == [found]


def test_an_id_is_made_unless_one_is_given(driver: Driver) -> None:
    schedule_id = schedule(driver)
    assert schedule_id.startswith("scd_")
    assert len(schedule_id) == 32


def test_a_schedule_with_a_known_id_is_replaced_as_a_whole(driver: Driver) -> None:
    schedule(driver, body=b"old", schedule_id="daily", retries="5", label="eu")
    driver.engine.schedules.pause("daily")
    driver.advance(10)

    schedule(driver, "0 9 * * *", "https://other.example", schedule_id="daily")

    (found,) = driver.engine.schedules.all()
    assert (found.destination, found.body, found.cron) == ("https://other.example", b"", "0 9 * * *")
    assert (found.options.retries, found.options.labels, found.paused) == (3, (), False)
    assert (found.created_at, found.next_at) == (NOW, NOW + HOUR)


@pytest.mark.parametrize(
    ("cron", "at"),
    [
        ("30 8 * * *", NOW + 30 * MINUTE),
        ("CRON_TZ=Europe/Berlin 30 9 * * *", NOW + 30 * MINUTE),
        ("CRON_TZ=America/New_York 0 4 * * *", NOW + HOUR),
        ("0 0 1 2 *", NOW + 16 * 24 * HOUR + 16 * HOUR),
    ],
    ids=["UTC", "Berlin", "New York", "next month"],
)
def test_times_are_utc_unless_a_zone_is_named(driver: Driver, cron: str, at: float) -> None:
    schedule_id = schedule(driver, cron)
    assert driver.engine.schedules.get(schedule_id).next_at == at
    assert driver.engine.schedules.get(schedule_id).cron == cron


def test_missed_ticks_come_as_one(driver: Driver) -> None:
    schedule(driver, "* * * * *")

    assert fire(driver, 365 * 24 * HOUR + 30) == 1

    assert len(driver.claim()) == 1
    assert driver.engine.schedules.fire() == 0
    assert driver.engine.claiming.next_due_at() == NOW + 365 * 24 * HOUR + MINUTE


def test_a_delay_shifts_the_messages_and_not_the_schedule(driver: Driver) -> None:
    schedule(driver, delay="90s")
    fire(driver, 5 * MINUTE)

    assert driver.claim() == []
    assert driver.engine.claiming.next_due_at() == NOW + 5 * MINUTE + 90
    driver.advance(90)
    assert len(driver.claim()) == 1
    assert driver.engine.claiming.next_due_at() == NOW + 10 * MINUTE


def test_queue_and_flow_control_apply_to_what_is_published(driver: Driver) -> None:
    schedule(driver, "* * * * *", queue_name="mail", flow_control_key="crm", flow_control_value="parallelism=2")
    for _ in range(2):
        fire(driver, MINUTE)

    (message,) = driver.claim()

    assert message.queue == "mail"
    assert driver.engine.queues.get("mail").lag == 2
    assert driver.engine.flows.get("crm").parallelism == 2


def test_ticks_are_no_duplicates_of_each_other(driver: Driver) -> None:
    schedule(driver, "* * * * *", deduplication_id="a", content_based_deduplication="true")
    fire(driver, MINUTE)
    fire(driver, MINUTE)
    assert len(driver.claim()) == 2


def test_not_before_means_nothing_to_a_schedule(driver: Driver) -> None:
    schedule(driver, not_before=str(int(NOW + 24 * HOUR)))
    fire(driver, 5 * MINUTE)
    assert len(driver.claim()) == 1


def test_the_call_s_own_headers_are_not_kept(driver: Driver) -> None:
    call = publication(cron="* * * * *", schedule_id="daily", header_forward="true", label="eu")
    secret = ("Authorization", "Bearer secret")
    driver.engine.schedules.create(
        type(call)(destination=URL, headers=(*call.headers, secret, ("User-Agent", "curl"), ("X-Request-Id", "7")))
    )

    assert driver.engine.schedules.get("daily").headers == (("Upstash-Label", "eu"),)
    fire(driver, MINUTE)
    (message,) = driver.claim()
    assert message.options.headers == ()


def test_a_group_is_taken_as_it_is_at_the_tick(driver: Driver) -> None:
    schedule(driver, "* * * * *", "both", schedule_id="daily")
    fire(driver, MINUTE)
    assert driver.engine.schedules.get("daily").error == "topic both not found"
    assert driver.claim() == []

    driver.engine.url_groups.add_endpoints(
        "both", [Endpoint(url="https://a.example"), Endpoint(url="https://b.example")]
    )
    driver.engine.url_groups.set_headers("both", (("Upstash-Retries", "1"),))
    fire(driver, MINUTE)

    first, second = driver.claim()
    assert [first.url, second.url] == ["https://a.example", "https://b.example"]
    assert (first.topic, first.schedule_id, first.options.retries) == ("both", "daily", 1)
    found = driver.engine.schedules.get("daily")
    assert found.error is None
    assert found.last_message_ids == (first.id, second.id)


def test_one_schedule_that_cannot_publish_stops_no_other(driver: Driver) -> None:
    schedule(driver, destination="missing", schedule_id="broken")
    schedule(driver, body=b"fine", schedule_id="fine")

    assert fire(driver, 5 * MINUTE) == 2

    assert driver.claimed() == ["fine"]
    assert driver.engine.schedules.get("broken").next_at == NOW + 10 * MINUTE


def test_a_full_server_is_the_schedule_s_error() -> None:
    driver = Driver(limits=Limits(unfinished=0))
    schedule(driver, schedule_id="daily")

    fire(driver, 5 * MINUTE)

    assert driver.engine.schedules.get("daily").error == "too many unfinished messages: at most 0"
    driver.engine.close()


def test_a_schedule_shows_what_became_of_its_last_messages(driver: Driver) -> None:
    driver.engine.url_groups.add_endpoints(
        "many", [Endpoint(url=f"https://{name}.example") for name in ("a", "b", "c", "d")]
    )
    schedule(driver, destination="many", schedule_id="daily", retries="0")
    fire(driver, 5 * MINUTE)
    ids = driver.engine.schedules.get("daily").last_message_ids
    delivered, failed, _, cancelled = driver.claim()
    driver.answer(delivered, 200)
    driver.answer(failed, 500)
    driver.engine.messages.cancel(cancelled.id)
    driver.answer(cancelled, 500)

    found = driver.engine.schedules.get("daily")

    assert found.last_at == NOW + 5 * MINUTE
    assert driver.engine.schedules.states(found) == dict(
        zip(ids, ("SUCCESS", "FAIL", "IN_PROGRESS", "FAIL"), strict=True)
    )


def test_a_paused_schedule_skips_its_ticks(driver: Driver) -> None:
    schedule(driver, schedule_id="daily")
    driver.engine.schedules.pause("daily")
    driver.engine.schedules.pause("daily")

    assert driver.engine.schedules.get("daily").paused is True
    assert driver.engine.claiming.next_due_at() is None
    assert fire(driver, HOUR) == 0
    driver.engine.schedules.resume("daily")
    assert driver.engine.schedules.get("daily").paused is False
    assert driver.engine.schedules.fire() == 0
    assert driver.engine.claiming.next_due_at() == NOW + HOUR + 5 * MINUTE


def test_resuming_what_is_not_paused_changes_nothing(driver: Driver) -> None:
    schedule(driver, schedule_id="daily")
    driver.advance(6 * MINUTE)
    driver.engine.schedules.resume("daily")
    assert driver.engine.schedules.fire() == 1


def test_a_deleted_schedule_fires_no_more(driver: Driver) -> None:
    schedule(driver, schedule_id="daily", body=b"1")
    fire(driver, 5 * MINUTE)

    driver.engine.schedules.delete("daily")
    driver.engine.schedules.delete("daily")

    assert fire(driver, HOUR) == 0
    assert driver.claimed() == ["1"], "what was published goes on"
    with pytest.raises(Refused) as refusal:
        driver.engine.schedules.get("daily")
    assert (refusal.value.status, refusal.value.text) == (404, "schedule 'daily' not found")


def test_an_unknown_schedule_cannot_be_paused_or_resumed(driver: Driver) -> None:
    for call in (driver.engine.schedules.pause, driver.engine.schedules.resume):
        with pytest.raises(Refused) as refusal:
            call("daily")
        assert refusal.value.status == 404


@pytest.mark.parametrize(
    "options",
    [
        {"cron": ""},
        {"cron": "* * * *"},
        {"cron": "61 * * * *"},
        {"cron": "0 0 31 2 *"},
        {"cron": "CRON_TZ=Mars/Olympus * * * * *"},
        {"cron": "* * * * *", "schedule_id": "a/b"},
        {"cron": "* * * * *", "retries": "many"},
        {"cron": "* * * * *", "queue_name": "a b"},
        {"cron": "* * * * *", "destination": ""},
        {"cron": "* * * * *", "destination": "app.example.com/x"},
    ],
    ids=str,
)
def test_a_bad_schedule_is_refused(driver: Driver, options: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal:
        schedule(driver, **options)
    assert refusal.value.status == 400
    assert driver.engine.schedules.all() == []


def test_schedules_are_limited_in_number_and_size() -> None:
    driver = Driver(limits=Limits(schedules=1, body=10))
    schedule(driver, schedule_id="daily")
    schedule(driver, schedule_id="daily")
    with pytest.raises(Refused) as refusal:
        schedule(driver, schedule_id="weekly")
    assert (refusal.value.status, refusal.value.text) == (412, "quota maxSchedules exceeded, current limit: 1")
    with pytest.raises(Refused) as refusal:
        schedule(driver, schedule_id="daily", body=b"x" * 11)
    assert refusal.value.status == 412
    driver.engine.close()


def test_messages_are_found_by_their_schedule(driver: Driver) -> None:
    schedule(driver, schedule_id="daily", body=b"1")
    driver.publish(body=b"2")
    fire(driver, 5 * MINUTE)

    assert driver.engine.messages.cancel_all(Filter(schedules=("daily",)), None) == 1
    assert driver.claimed() == ["2"]
