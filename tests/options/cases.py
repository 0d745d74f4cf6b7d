"""Every row of the table: a value, and what becomes of it in each place that knows options."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Fields = dict[str, Any]
DONE = "https://a.example/done"
FAILED = "https://a.example/failed"


@dataclass(frozen=True, kw_only=True)
class Case:
    value: Any  # the client's
    headers: list[tuple[str, str]]
    # What answers of the API say. A row that one of them leaves out has an empty dict there.
    messages: Fields = field(default_factory=dict[str, Any])
    logs: Fields = field(default_factory=dict[str, Any])
    schedules: Fields = field(default_factory=dict[str, Any])
    page: Fields  # what the dashboard asks for
    form: dict[str, str]  # inputs by name; "on" is a click
    shown: str  # on the page of a message, below or beside the row's label


def everywhere(**fields: Any) -> dict[str, Fields]:
    return {"messages": fields, "logs": fields, "schedules": fields, "page": fields}


CASES: dict[str, Case] = {
    "method": Case(
        value="PUT",
        headers=[("Upstash-Method", "PUT")],
        **everywhere(method="PUT"),
        form={"Upstash-Method": "PUT"},
        shown="PUT",
    ),
    "content_type": Case(
        value="text/plain",
        headers=[("Content-Type", "text/plain")],
        **everywhere(header={"Content-Type": ["text/plain"]}),
        form={"Content-Type": "text/plain"},
        shown="text/plain",
    ),
    "label": Case(
        value=["signup", "eu"],
        headers=[("Upstash-Label", "signup,eu")],
        **everywhere(label="signup", labels=["signup", "eu"]),
        form={"Upstash-Label": "signup,eu"},
        shown="signup eu",
    ),
    "queue": Case(
        value="mail",
        headers=[("Upstash-Queue-Name", "mail")],
        **everywhere(queueName="mail"),
        form={"Upstash-Queue-Name": "mail"},
        shown="mail",
    ),
    "headers": Case(
        value={"X-Job": "7"},
        headers=[("Upstash-Forward-X-Job", "7")],
        **everywhere(header={"X-Job": ["7"]}),
        form={"Upstash-Forward-": "X-Job: 7", "Content-Type": ""},
        shown="X-Job",
    ),
    "delay": Case(
        value="1h30m",
        headers=[("Upstash-Delay", "1h30m")],
        schedules={"delay": 5400},
        page={"delay": 5400},
        form={"Upstash-Delay": "1h30m"},
        shown="5400 s",
    ),
    "not_before": Case(
        value=datetime(2027, 1, 15, 9, 0, tzinfo=UTC),
        headers=[("Upstash-Not-Before", "1800003600")],
        messages={"notBefore": 1_800_003_600_000},
        page={"notBefore": 1_800_003_600_000},
        form={"Upstash-Not-Before": "2027-01-15T09:00"},
        shown="09:00:00.000",
    ),
    "cron": Case(
        value="0 7 * * *",
        headers=[("Upstash-Cron", "0 7 * * *")],
        schedules={"cron": "0 7 * * *"},
        page={},
        form={"Upstash-Cron": "0 7 * * *"},
        shown="",
    ),
    "schedule_id": Case(
        value="daily",
        headers=[("Upstash-Schedule-Id", "daily")],
        schedules={"scheduleId": "daily"},
        page={},
        form={"Upstash-Schedule-Id": "daily"},
        shown="daily",
    ),
    "retries": Case(
        value=5,
        headers=[("Upstash-Retries", "5")],
        messages={"maxRetries": 5},
        logs={"maxRetries": 5},
        schedules={"retries": 5},
        page={"maxRetries": 5},
        form={"Upstash-Retries": "5"},
        shown="of 5",
    ),
    "retry_delay": Case(
        value="1000 * retried",
        headers=[("Upstash-Retry-Delay", "1000 * retried")],
        messages={"retryDelayExpression": "1000 * retried"},
        logs={"retryDelayExpression": "1000 * retried", "retryDelayExpr": "1000 * retried"},
        schedules={"retryDelayExpression": "1000 * retried"},
        page={"retryDelayExpression": "1000 * retried"},
        form={"Upstash-Retry-Delay": "1000 * retried"},
        shown="1000 * retried",
    ),
    "timeout": Case(
        value="30s",
        headers=[("Upstash-Timeout", "30s")],
        logs={"timeout": 30_000},
        schedules={"timeout": 30},
        page={"timeout": 30},
        form={"Upstash-Timeout": "30s"},
        shown="30 s",
    ),
    "flow_control": Case(
        value={"key": "crm", "parallelism": 3, "rate": 10, "period": "1m"},
        headers=[
            ("Upstash-Flow-Control-Key", "crm"),
            ("Upstash-Flow-Control-Value", "parallelism=3, rate=10, period=1m"),
        ],
        **everywhere(flowControlKey="crm", parallelism=3, rate=10, period=60),
        form={"Upstash-Flow-Control-Key": "crm", "parallelism": "3", "rate": "10", "period": "1m"},
        shown="crm, 3 at a time, 10 per 60 s",
    ),
    "deduplication_id": Case(
        value="order-3",
        headers=[("Upstash-Deduplication-Id", "order-3")],
        page={"deduplicationId": "order-3"},
        form={"Upstash-Deduplication-Id": "order-3"},
        shown="order-3",
    ),
    "content_based_deduplication": Case(
        value=True,
        headers=[("Upstash-Content-Based-Deduplication", "true")],
        page={"contentBasedDeduplication": True},
        form={"Upstash-Content-Based-Deduplication": "on"},
        shown="true",
    ),
    "callback": Case(
        value=DONE,
        headers=[("Upstash-Callback", DONE)],
        **everywhere(callback=DONE),
        form={"Upstash-Callback": DONE},
        shown=DONE,
    ),
    "callback_headers": Case(
        value={"X-Job": "7", "Retries": "2"},
        headers=[("Upstash-Callback-Forward-X-Job", "7"), ("Upstash-Callback-Retries", "2")],
        messages={"callbackHeader": {"X-Job": ["7"]}},
        logs={"callbackHeaders": {"X-Job": ["7"]}},
        schedules={"callbackHeader": {"X-Job": ["7"]}},
        page={"callbackHeader": {"X-Job": ["7"]}},
        form={"Upstash-Callback-Forward-": "X-Job: 7", "Upstash-Callback-Retries": "2", "Upstash-Callback": DONE},
        shown="X-Job",
    ),
    "failure_callback": Case(
        value=FAILED,
        headers=[("Upstash-Failure-Callback", FAILED)],
        **everywhere(failureCallback=FAILED),
        form={"Upstash-Failure-Callback": FAILED},
        shown=FAILED,
    ),
    "failure_callback_headers": Case(
        value={"X-Job": "7"},
        headers=[("Upstash-Failure-Callback-Forward-X-Job", "7")],
        messages={"failureCallbackHeader": {"X-Job": ["7"]}},
        logs={"failureCallbackHeaders": {"X-Job": ["7"]}},
        schedules={"failureCallbackHeader": {"X-Job": ["7"]}},
        page={"failureCallbackHeader": {"X-Job": ["7"]}},
        form={"Upstash-Failure-Callback-Forward-": "X-Job: 7", "Upstash-Failure-Callback": FAILED},
        shown="X-Job",
    ),
    "redact": Case(
        value={"body": True, "header": ["X-Key"]},
        headers=[("Upstash-Redact-Fields", "body,header[X-Key]")],
        page={"redact": {"body": True, "header": ["X-Key"]}},
        form={"redact body": "on", "redact names": "X-Key"},
        shown="body, header[X-Key]",
    ),
}
# 2027-01-15, 8 o'clock: what the cases take for now.
NOW = 1_800_000_000.0
# What a case needs beside it to be read at all.
BESIDE: dict[str, list[tuple[str, str]]] = {
    "callback_headers": [("Upstash-Callback", DONE)],
    "failure_callback_headers": [("Upstash-Failure-Callback", FAILED)],
}
