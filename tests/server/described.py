"""A server with one of everything, and calls of it that schemathesis made up out of the API description."""

import os
from typing import Any

import pytest

from qstash_integrations.server.model import Limits
from tests.hosts import Answer, Request
from tests.server.local import TOKEN, Local

DESCRIPTION = "QSTASH_OPENAPI"
GOOD_HEADERS = {
    "Content-Type": "application/json",
    "Upstash-Callback": "https://a.example/callback",
    "Upstash-Content-Based-Deduplication": "true",
    "Upstash-Cron": "*/5 * * * *",
    "Upstash-Deduplication-Id": "seen",
    "Upstash-Delay": "1h30m",
    "Upstash-Failure-Callback": "https://a.example/failed",
    "Upstash-Flow-Control-Key": "crm",
    "Upstash-Flow-Control-Value": "parallelism=3, rate=10, period=1m",
    "Upstash-Label": "one,two",
    "Upstash-Method": "PUT",
    "Upstash-Not-Before": "1900000000",
    "Upstash-Queue-Name": "mail",
    "Upstash-Redact-Fields": "body, header[X]",
    "Upstash-Retries": "5",
    "Upstash-Retry-Delay": "1000 * (1 + retried)",
    "Upstash-Schedule-Id": "daily",
    "Upstash-Timeout": "30s",
}
ENDPOINTS = [{"url": "https://a.example/in", "name": "a"}, {"url": "https://b.example/in"}]
GOOD_BODIES: dict[str, object] = {
    "POST /v2/queues": {"queueName": "mail", "parallelism": 3, "paused": True},
    "POST /v2/topics/{urlGroupName}/endpoints": {"endpoints": ENDPOINTS},
    "DELETE /v2/topics/{urlGroupName}/endpoints": {"endpoints": ENDPOINTS[:1]},
    "POST /v2/batch": [
        {"destination": "both", "body": "hi", "headers": {"Upstash-Delay": "1h"}},
        {"destination": "https://a.example/in", "queue": "mail"},
    ],
}
DESTINATIONS = ("https://a.example/in?x=1", "http://127.0.0.1:8000", "both")


def description_file() -> str:
    """Where the description is; a test without it is skipped."""
    path = os.environ.get(DESCRIPTION)
    if path is None:
        pytest.skip(f"{DESCRIPTION} does not name the description of the API")
    return path


class Described:
    """Has one queue, one URL group, one schedule, one flow-control key and one dead letter, and no room for more."""

    def __init__(self) -> None:
        self.local = local = Local(limits=Limits(queues=1, url_groups=1))
        local("POST", "/v2/queues", {"queueName": "mail", "parallelism": 2})
        local("POST", "/v2/topics/both/endpoints", {"endpoints": ENDPOINTS})
        local("POST", "/v2/schedules/both", b"tick", {"Upstash-Cron": "0 7 * * *", "Upstash-Schedule-Id": "daily"})
        local.publish(body=b"\xff", Retries="0", Label="one", Deduplication_Id="seen")
        local.deliver(404, b"404 Not Found", Content_Type="text/plain")
        self.places = {
            "messageId": local.publish(Delay="1h", Flow_Control_Key="crm", Flow_Control_Value="rate=5"),
            "dlqId": str(local("GET", "/v2/dlq").json["messages"][0]["dlqId"]),
            "queueName": "mail",
            "urlGroupName": "both",
            "scheduleId": "daily",
            "flowControlKey": "crm",
        }

    def call(self, prepared: Any) -> Answer:
        """The answer to what an HTTP client would send."""
        body = prepared.body or b""
        kept = [(name, value) for name, value in prepared.headers.items() if name.lower() != "authorization"]
        headers = [("Host", "127.0.0.1:8080"), ("Authorization", f"Bearer {TOKEN}"), *kept]
        return self.local.send(
            Request(
                prepared.path_url, headers, body.encode() if isinstance(body, str) else body, method=prepared.method
            )
        )


def prepared(case: Any, places: dict[str, str], destination: str | None, helpful: bool) -> Any:
    """The request of a generated case; a helpful one names what there is, and its options make sense."""
    if helpful:
        for name in case.path_parameters:
            case.path_parameters[name] = places.get(name, "DESTINATION")
        for name in case.headers:
            if name in GOOD_HEADERS:
                case.headers[name] = GOOD_HEADERS[name]
        case.body = GOOD_BODIES.get(case.operation.label, case.body)
    arguments = case.as_transport_kwargs(base_url="http://127.0.0.1:8080")
    if destination is not None:
        # As it is: the library would take the slashes out of it.
        arguments["url"] = arguments["url"].replace("DESTINATION", destination)
    # The library that schemathesis brings along, and sends its requests with.
    return pytest.importorskip("requests").Request(**arguments).prepare()
