"""Every request that the client can make is valid against QStash's OpenAPI description, but for what is listed.

The description is no part of this project: QSTASH_OPENAPI names the file.
"""

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from qstash_integrations import QStash, QStashError
from qstash_integrations._core.publishing._sync.resources import Resources
from qstash_integrations._core.publishing.client import APIRequest
from qstash_integrations._core.publishing.filters import DlqFilter, LogFilter, MessageFilter
from qstash_integrations._core.publishing.message_options import BatchMessage, DefaultOptions, NewSchedule
from tests.outbox import outbox
from tests.publish.clients import method
from tests.publish.every_call import CALLS, CRON, DEFAULTS, DELIVERY, OF_LETTERS, OF_LOGS, OF_MESSAGES, OPTIONS, Row
from tests.publish.loopback import TOKEN
from tests.publish.openapi import Description

judged = pytest.mark.skipif(
    "QSTASH_OPENAPI" not in os.environ, reason="QSTASH_OPENAPI names no OpenAPI description of QStash"
)

API = "https://qstash.upstash.io"
# These make no requests but those of other methods.
BUILT_ON_OTHERS = {"dlq.iter", "log.iter", "message.publish_many", "message.publish_many_json"}
EVERY_OPTION: dict[str, tuple[set[str], type]] = {
    "of a message": ({"url", "url_group", "api", "queue", *OPTIONS}, BatchMessage),
    "of a schedule": ({*CRON, *DELIVERY, "schedule_id", "queue"}, NewSchedule),
    "of a URL group's messages": ({*DEFAULTS}, DefaultOptions),
    "of a message filter": ({*OF_MESSAGES}, MessageFilter),
    "of a DLQ filter": ({*OF_LETTERS}, DlqFilter),
    "of a log filter": ({*OF_LOGS}, LogFilter),
}
# What the description does not know or does not allow, and who does.
_OVERRIDES = ("callback", "failure-callback", "label", "method", "retries", "retry-delay", "timeout")
DEVIATIONS: dict[str, str] = {
    "PATCH /v2/schedules/{scheduleId}/pause: no such operation": "every official SDK sends PATCH, the description POST",
    "PATCH /v2/schedules/{scheduleId}/resume: no such operation": "as pause",
    "PATCH /v2/topics/{urlGroupName}: no such operation": "the documentation of the REST API has had it",
    "POST /v2/publish/{destination}: body breaks type": "a JSON body may be any JSON",
    "POST /v2/queues: body has paused": "both official SDKs send it",
    "POST /v2/enqueue/{queueName}/{destination}: header upstash-delay": "the JavaScript and Go SDKs send it",
    "POST /v2/enqueue/{queueName}/{destination}: header upstash-not-before": "the JavaScript and Go SDKs send it",
    "POST /v2/enqueue/{queueName}/{destination}: header upstash-flow-control-key": "the JavaScript SDK sends it",
    "POST /v2/enqueue/{queueName}/{destination}: header upstash-flow-control-value": "the JavaScript SDK sends it",
    "POST /v2/schedules/{destination}: header upstash-flow-control-key": "both official SDKs send it",
    "POST /v2/schedules/{destination}: header upstash-flow-control-value": "both official SDKs send it",
    "POST /v2/schedules/{destination}: header upstash-queue-name": "both official SDKs send it",
    "GET /v2/dlq: query flowControlKey": "the JavaScript SDK's filter, which its tests use",
    "POST /v2/dlq/retry: query count": "the JavaScript SDK sends it",
    "GET /v2/flowControl: query search": "the documentation of the list has it",
    "GET /v2/events: no such operation": "the official SDKs read the log there, the description at /v2/logs",
    "GET /v2/logs: query callerIp": "a filter of the JavaScript SDK",
    "GET /v2/logs: query flowControlKey": "a filter of the JavaScript SDK",
    "GET /v2/logs: query groupBy": "the service groups by it",
    "GET /v2/logs: query order": "documented until early in 2026, and still taken",
    "GET /v2/logs: query trimBody": "the console sends it",
    "GET /v2/logs: query host": "a filter of the JavaScript SDK",
    "GET /v2/logs: query path": "a filter of the JavaScript SDK",
    "GET /v2/logs: query messageIds": "a filter of both official SDKs",
    "GET /v2/logs: query url more than once": "any of several, as in the description's other filters",
    "GET /v2/logs: query queueName more than once": "any of several, as in the description's other filters",
    "GET /v2/logs: query count breaks maximum": "a page of /v2/events has a thousand entries at most",
    **{
        f"POST {path}: header upstash-{option}": "what a retry from the dead letter queue may change"
        for path in ("/v2/dlq/retry", "/v2/dlq/retry/{dlqId}")
        for option in _OVERRIDES
    },
}


@cache
def description() -> Description:
    return Description(Path(os.environ["QSTASH_OPENAPI"]))


def problems(call: Row) -> set[str]:
    verb, args, options = call
    with outbox() as sent:
        try:
            method(QStash(TOKEN), verb)(*args, **options)
        except QStashError:
            assert sent, "nothing was sent"  # the answer is nobody's
    [request] = sent
    found = description().problems(request, API)
    if f"{API}/v2/events" not in request.url:
        return found
    # The official SDKs read the log at an address of its own; what they ask there is what is asked at the other.
    at_logs = replace(request, url=request.url.replace("/v2/events", "/v2/logs"))
    return found | description().problems(at_logs, API)


@judged
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_request_is_valid(call: Row) -> None:
    assert problems(call) - set(DEVIATIONS) == set()


@judged
def test_every_listed_deviation_is_one() -> None:
    assert set(DEVIATIONS) <= set[str]().union(*map(problems, CALLS.values()))


def test_every_method_is_asked() -> None:
    client = QStash(TOKEN)
    methods = {
        f"{resource}.{name}"
        for resource, member in vars(Resources).items()
        if isinstance(member, property)
        for name in dir(getattr(client, resource))
        if not name.startswith("_")
    }
    assert {verb for verb, _, _ in CALLS.values()} == methods - BUILT_ON_OTHERS


@pytest.mark.parametrize(("names", "kind"), EVERY_OPTION.values(), ids=EVERY_OPTION)
def test_every_option_is_asked(names: set[str], kind: type) -> None:
    assert names == set(kind.__annotations__)


def asked(call: str, *headers: tuple[str, str], body: bytes | None = None) -> APIRequest:
    verb, _, path = call.partition(" ")
    credentials = ("Authorization", "Bearer TESTONLY")
    return APIRequest(method=verb, url=f"{API}/v2{path}", headers=(credentials, *headers), body=body)


JSON = ("Content-Type", "application/json")
WRONG: dict[str, tuple[APIRequest, set[str]]] = {
    "an unknown path": (asked("GET /nothing?a=b"), {"GET /v2/nothing: no such operation"}),
    "an unknown method": (asked("PUT /keys"), {"PUT /v2/keys: no such operation"}),
    "an unknown query parameter": (asked("GET /dlq?host=a"), {"GET /v2/dlq: query host"}),
    "text for a number": (asked("GET /dlq?fromDate=today"), {"GET /v2/dlq: query fromDate breaks type"}),
    "a number too large": (asked("GET /dlq?count=101"), {"GET /v2/dlq: query count breaks maximum"}),
    "one value too many": (asked("GET /dlq?cursor=1&cursor=2"), {"GET /v2/dlq: query cursor more than once"}),
    "a list of something else": (
        asked("GET /dlq?responseStatus=4xx"),
        {"GET /v2/dlq: query responseStatus breaks type"},
    ),
    "an unknown header": (
        asked("POST /publish/signups", ("Upstash-Priority", "1")),
        {"POST /v2/publish/{destination}: header upstash-priority"},
    ),
    "a bad header": (
        asked("POST /publish/signups", ("Upstash-Method", "PURGE"), ("Upstash-Retries", "many")),
        {
            "POST /v2/publish/{destination}: header upstash-method breaks enum",
            "POST /v2/publish/{destination}: header upstash-retries breaks type",
        },
    ),
    "a header left out": (
        asked("POST /schedules/signups"),
        {"POST /v2/schedules/{destination}: header upstash-cron is missing"},
    ),
    "a body where there is none": (asked("GET /keys", body=b"{}"), {"GET /v2/keys: body"}),
    "no body where there is one": (asked("POST /queues"), {"POST /v2/queues: body"}),
    "a body of another type": (
        asked("POST /queues", ("Content-Type", "text/csv"), body=b"mail"),
        {"POST /v2/queues: body of type text/csv"},
    ),
    "a field left out, one unknown and one that is wrong": (
        asked("POST /queues", JSON, body=b'{"parallelism":"2","name":"mail"}'),
        {
            "POST /v2/queues: body has name",
            "POST /v2/queues: body breaks required",
            "POST /v2/queues: body[parallelism] breaks type",
        },
    ),
    "a bad item of a batch": (
        asked("POST /batch", JSON, body=b'[{"destination":"a","headers":{"Upstash-Retries":"many"},"priority":1}]'),
        {"POST /v2/batch: body has priority", "POST /v2/batch: item: header upstash-retries breaks type"},
    ),
}


@judged
@pytest.mark.parametrize(("wrong", "found"), WRONG.values(), ids=WRONG)
def test_the_description_tells_wrong_requests(wrong: APIRequest, found: set[str]) -> None:
    assert description().problems(wrong, API) == found
