"""Each option of a message, and the exact headers that it becomes."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from qstash_integrations._core.publishing.operations import batch as batches
from qstash_integrations._core.publishing.operations import message as messages
from qstash_integrations._core.publishing.operations import schedule as schedules
from tests.publish.loopback import URL

BERLIN = timezone(timedelta(hours=2))
OPTIONS: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "no option": ({}, []),
    "None is not given": ({"delay": None, "label": None, "headers": None, "redact": None, "body": None}, []),
    "headers": ({"headers": {"X-Job": "77"}}, [("Upstash-Forward-X-Job", "77")]),
    "headers keep their case": ({"headers": {"x-JOB": "77"}}, [("Upstash-Forward-x-JOB", "77")]),
    "headers with the prefix already": ({"headers": {"upstash-forward-X-Job": "7"}}, [("Upstash-Forward-X-Job", "7")]),
    "headers that look like options": (
        {"headers": {"Upstash-Callback": "https://evil.example", "Upstash-Method": "GET"}},
        [("Upstash-Forward-Upstash-Callback", "https://evil.example"), ("Upstash-Forward-Upstash-Method", "GET")],
    ),
    "an authorization of the destination": (
        {"headers": {"Authorization": "Bearer theirs"}},
        [("Upstash-Forward-Authorization", "Bearer theirs")],
    ),
    "headers of numbers": (
        {"headers": {"X-Job": 77, "X-Share": 0.5}},
        [("Upstash-Forward-X-Job", "77"), ("Upstash-Forward-X-Share", "0.5")],
    ),
    "space around a header": ({"headers": {"X-Job": " \t7 7 "}}, [("Upstash-Forward-X-Job", "7 7")]),
    "an empty header": ({"headers": {"X-Job": ""}}, [("Upstash-Forward-X-Job", "")]),
    "latin-1 in a header": ({"headers": {"X-Name": "J\xfcrgen"}}, [("Upstash-Forward-X-Name", "J\xfcrgen")]),
    "a content type in headers": ({"headers": {"content-type": "text/csv"}}, [("Content-Type", "text/csv")]),
    "a content type forwarded": (
        {"headers": {"Upstash-Forward-Content-Type": "text/csv"}},
        [("Content-Type", "text/csv")],
    ),
    "content_type": ({"content_type": "text/csv"}, [("Content-Type", "text/csv")]),
    "content_type wins over headers": (
        {"headers": {"Content-Type": "text/plain", "X-Job": "7"}, "content_type": "text/csv"},
        [("Content-Type", "text/csv"), ("Upstash-Forward-X-Job", "7")],
    ),
    "method": ({"method": "PUT"}, [("Upstash-Method", "PUT")]),
    "a callback with settings of its own": (
        {
            "callback": {
                "url": "https://a.example/done",
                "headers": {"X-Job": "7", "Content-Type": "text/plain"},
                "method": "PUT",
                "content_type": "application/cloudevents+json",
                "retries": 1,
                "retry_delay": "1000 * retried",
                "timeout": "9s",
                "flow_control": {"key": "crm", "rate": 5, "period": "1m"},
                "label": ["done", "eu"],
                "redact": {"body": True},
                "failure_callback": {
                    "url": "https://a.example/lost",
                    "retries": 0,
                    "headers": {"X-Why": "lost"},
                    "failure_callback": None,
                },
            }
        },
        [
            ("Upstash-Callback", "https://a.example/done"),
            ("Upstash-Callback-Forward-X-Job", "7"),
            ("Upstash-Callback-Method", "PUT"),
            ("Upstash-Callback-Retries", "1"),
            ("Upstash-Callback-Retry-Delay", "1000 * retried"),
            ("Upstash-Callback-Timeout", "9s"),
            ("Upstash-Callback-Flow-Control-Key", "crm"),
            ("Upstash-Callback-Flow-Control-Value", "rate=5, period=1m"),
            ("Upstash-Callback-Label", "done,eu"),
            ("Upstash-Callback-Redact-Fields", "body"),
            ("Upstash-Callback-Failure-Callback", "https://a.example/lost"),
            ("Upstash-Callback-Failure-Callback-Retries", "0"),
            ("Upstash-Callback-Failure-Callback-Forward-X-Why", "lost"),
            ("Upstash-Callback-Forward-Content-Type", "application/cloudevents+json"),
        ],
    ),
    "a failure callback with settings of its own": (
        {
            "failure_callback": {
                "url": "https://a.example/failed",
                "label": "lost",
                "failure_callback": "https://b.example",
            }
        },
        [
            ("Upstash-Failure-Callback", "https://a.example/failed"),
            ("Upstash-Failure-Callback-Label", "lost"),
            ("Upstash-Failure-Callback-Failure-Callback", "https://b.example"),
        ],
    ),
    "settings of a callback as headers": (
        {"callback_headers": {"Label": "done", "Failure-Callback-Retries": "1", "X-Job": "7"}},
        [
            ("Upstash-Callback-Label", "done"),
            ("Upstash-Callback-Failure-Callback-Retries", "1"),
            ("Upstash-Callback-Forward-X-Job", "7"),
        ],
    ),
    "delay as text": ({"delay": "1d2h30m"}, [("Upstash-Delay", "1d2h30m")]),
    "delay in seconds": ({"delay": 90}, [("Upstash-Delay", "1m30s")]),
    "delay as timedelta": ({"delay": timedelta(hours=1)}, [("Upstash-Delay", "1h")]),
    "delay is rounded up": ({"delay": 0.2}, [("Upstash-Delay", "1s")]),
    "no delay": ({"delay": 0}, [("Upstash-Delay", "0s")]),
    "not_before in seconds": ({"not_before": 1_800_000_000}, [("Upstash-Not-Before", "1800000000")]),
    "not_before is never earlier": ({"not_before": 1_800_000_000.001}, [("Upstash-Not-Before", "1800000001")]),
    "not_before as datetime": (
        {"not_before": datetime(2027, 1, 15, 8, 0, tzinfo=UTC)},
        [("Upstash-Not-Before", "1800000000")],
    ),
    "not_before in another zone": (
        {"not_before": datetime(2027, 1, 15, 10, 0, tzinfo=BERLIN)},
        [("Upstash-Not-Before", "1800000000")],
    ),
    "retries": ({"retries": 5}, [("Upstash-Retries", "5")]),
    "no retries": ({"retries": 0}, [("Upstash-Retries", "0")]),
    "retry_delay": ({"retry_delay": "pow(2, retried) * 1000"}, [("Upstash-Retry-Delay", "pow(2, retried) * 1000")]),
    "retry_delay in milliseconds": ({"retry_delay": 15000}, [("Upstash-Retry-Delay", "15000")]),
    "callback": ({"callback": "https://a.example/done?x=1"}, [("Upstash-Callback", "https://a.example/done?x=1")]),
    "failure_callback": (
        {"failure_callback": "https://a.example/no"},
        [("Upstash-Failure-Callback", "https://a.example/no")],
    ),
    "callback_headers": (
        {"callback_headers": {"X-Job": "7", "Authorization": "Bearer theirs"}},
        [("Upstash-Callback-Forward-X-Job", "7"), ("Upstash-Callback-Forward-Authorization", "Bearer theirs")],
    ),
    "settings of the callback": (
        {"callback_headers": {"Method": "PUT", "retries": 2, "Retry-Delay": "1000", "Timeout": "30s"}},
        [
            ("Upstash-Callback-Method", "PUT"),
            ("Upstash-Callback-retries", "2"),
            ("Upstash-Callback-Retry-Delay", "1000"),
            ("Upstash-Callback-Timeout", "30s"),
        ],
    ),
    "callback_headers with prefixes": (
        {
            "callback_headers": {
                "Upstash-Callback-Method": "PUT",
                "forward-Method": "x",
                "Upstash-Callback-Forward-A": "y",
            }
        },
        [
            ("Upstash-Callback-Method", "PUT"),
            ("Upstash-Callback-Forward-Method", "x"),
            ("Upstash-Callback-Forward-A", "y"),
        ],
    ),
    "failure_callback_headers": (
        {"failure_callback_headers": {"Retries": 2, "X-Job": "7"}},
        [("Upstash-Failure-Callback-Retries", "2"), ("Upstash-Failure-Callback-Forward-X-Job", "7")],
    ),
    "deduplication_id": ({"deduplication_id": "order 3"}, [("Upstash-Deduplication-Id", "order 3")]),
    "content_based_deduplication": (
        {"content_based_deduplication": True},
        [("Upstash-Content-Based-Deduplication", "true")],
    ),
    "no content_based_deduplication": (
        {"content_based_deduplication": False},
        [("Upstash-Content-Based-Deduplication", "false")],
    ),
    "timeout": ({"timeout": timedelta(minutes=2)}, [("Upstash-Timeout", "2m")]),
    "flow_control": (
        {"flow_control": {"key": "crm.eu_1-a", "parallelism": 3, "rate": 5, "period": "1m"}},
        [
            ("Upstash-Flow-Control-Key", "crm.eu_1-a"),
            ("Upstash-Flow-Control-Value", "parallelism=3, rate=5, period=1m"),
        ],
    ),
    "flow_control with one limit": (
        {"flow_control": {"rate": 1, "key": "crm", "period": None}},
        [("Upstash-Flow-Control-Key", "crm"), ("Upstash-Flow-Control-Value", "rate=1")],
    ),
    "label": ({"label": "signup"}, [("Upstash-Label", "signup")]),
    "labels in one text": ({"label": "signup, eu"}, [("Upstash-Label", "signup,eu")]),
    "labels": ({"label": ["signup", " eu "]}, [("Upstash-Label", "signup,eu")]),
    "redact the body": ({"redact": {"body": True}}, [("Upstash-Redact-Fields", "body")]),
    "redact all headers": ({"redact": {"body": True, "header": True}}, [("Upstash-Redact-Fields", "body,header")]),
    "redact some headers": (
        {"redact": {"header": ["Authorization", "X-Key"]}},
        [("Upstash-Redact-Fields", "header[Authorization],header[X-Key]")],
    ),
    "redact nothing": ({"redact": {"body": False, "header": False}}, []),
}


@pytest.mark.parametrize(("options", "headers"), OPTIONS.values(), ids=OPTIONS)
def test_an_option_of_a_message_becomes_headers(options: dict[str, Any], headers: list[tuple[str, str]]) -> None:
    operation = messages.publish({"url": URL, **options}, None)
    assert (operation.method, operation.path) == ("POST", f"/v2/publish/{URL}")
    assert list(operation.headers) == headers


# The last row of each option: what writes it is the same everywhere.
OF_EACH_OPTION = {" and ".join(row[0]): row for row in OPTIONS.values()}
ONCE = {"not_before", "deduplication_id", "content_based_deduplication"}


@pytest.mark.parametrize(("options", "headers"), OF_EACH_OPTION.values(), ids=OF_EACH_OPTION)
def test_an_option_is_the_same_in_a_queue_a_batch_and_a_schedule(
    options: dict[str, Any], headers: list[tuple[str, str]]
) -> None:
    enqueued = messages.enqueue({"queue": "mail", "url": URL, **options}, None)
    assert (enqueued.path, list(enqueued.headers)) == (f"/v2/enqueue/mail/{URL}", headers)
    batch = batches.batch([{"url": URL, **options}], None)
    assert (batch.path, batch.headers) == ("/v2/batch", (("Content-Type", "application/json"),))
    assert json_of(batch.body) == [{"destination": URL, "headers": dict(headers)}]
    if ONCE.isdisjoint(options):
        operation = schedules.create({"destination": URL, "cron": "*/5 * * * *", **options})
        assert (operation.method, operation.path) == ("POST", f"/v2/schedules/{URL}")
        assert sorted(operation.headers) == sorted([("Upstash-Cron", "*/5 * * * *"), *headers])


@pytest.mark.parametrize("name", sorted(ONCE))
def test_what_makes_sense_once_only_is_no_option_of_a_schedule(name: str) -> None:
    with pytest.raises(TypeError, match=f"^unknown option '{name}'"):
        schedules.create({"destination": URL, "cron": "* * * * *", name: None})


def test_a_schedule_in_a_queue_with_an_id_of_its_own() -> None:
    operation = schedules.create(
        {"destination": "signups", "cron": " CRON_TZ=Europe/Berlin 0 7 * * * ", "schedule_id": "daily", "queue": "mail"}
    )
    assert operation.path == "/v2/schedules/signups"
    assert operation.headers == (
        ("Upstash-Cron", "CRON_TZ=Europe/Berlin 0 7 * * *"),
        ("Upstash-Schedule-Id", "daily"),
        ("Upstash-Queue-Name", "mail"),
    )


def json_of(body: bytes | None) -> Any:
    assert body is not None
    return json.loads(body)
