"""What OpenTelemetry is told of messages that are sent, and what travels with them."""

import json
from collections.abc import Generator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from qstash_integrations import APIError, AsyncQStash, QStash
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from qstash_integrations._core.settings.environment import override_settings

from .sdk import Told, context_of, linked, traceparent

URL = "https://api.example.com/ship/3?key=a-secret"
TASK = "https://api.example.com/qstash/tasks/shop.tasks.ship?id=" + "0" * 32 + "&at=1&of=3"


class Wire:
    """QStash, as far as it takes messages."""

    def __init__(self) -> None:
        self.sent: list[APIRequest] = []
        self.status = 201

    def __call__(self, request: APIRequest) -> APIResponse:
        self.sent.append(request)
        if self.status != 201:
            return APIResponse(self.status, b'{"error": "what was sent: a secret body"}')
        receipt = {"messageId": "msg_1"}
        several = len(json.loads(request.body or b"")) if request.url.endswith("/batch") else 0
        return APIResponse(201, json.dumps([receipt] * several if several else receipt).encode())

    def headers(self) -> dict[str, str]:
        return dict(self.sent[-1].headers)

    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = json.loads(self.sent[-1].body or b"")
        return items


@pytest.fixture
def wire() -> Generator[Wire]:
    with override_transport(made := Wire()):
        yield made


@pytest.fixture
def client() -> QStash:
    return QStash("a-token", base_url="https://qstash.example.com:8443", retry=False)


def test_a_message_has_one_span_whose_context_travels_with_it(told: Told, wire: Wire, client: QStash) -> None:
    with told.tracer.start_as_current_span("checkout"):
        client.publish(url=URL, body="hi")
    span = told.one("send api.example.com")
    assert span.kind is SpanKind.PRODUCER
    assert span.parent is not None
    assert span.parent.span_id == told.one("checkout").context.span_id
    assert dict(span.attributes or {}) == {
        "messaging.system": "qstash",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": "https://api.example.com/ship/3",
        "messaging.message.id": "msg_1",
        "messaging.message.body.size": 2,
        "server.address": "qstash.example.com",
        "server.port": 8443,
    }
    assert wire.headers()["Upstash-Forward-Traceparent"] == traceparent(span)


async def _published(**message: Any) -> None:
    async with AsyncQStash("a-token", retry=False) as client:
        await client.publish(**message)


def test_so_has_one_of_async_code(told: Told, wire: Wire) -> None:
    import anyio

    anyio.run(lambda: _published(url=URL))
    assert wire.headers()["Upstash-Forward-Traceparent"] == traceparent(told.one("send api.example.com"))


def test_a_task_and_a_url_group_name_the_span_and_a_queue_is_an_attribute(
    told: Told, wire: Wire, client: QStash
) -> None:
    client.enqueue(url=TASK, queue="mail")
    client.publish(url_group="signups")
    assert told.names() == ["send shop.tasks.ship", "send signups"]
    attributes = told.one("send shop.tasks.ship").attributes or {}
    assert attributes["messaging.destination.template"] == "shop.tasks.ship"
    assert attributes["messaging.qstash.queue"] == "mail"


def test_the_callbacks_of_a_message_carry_the_same_context(told: Told, wire: Wire, client: QStash) -> None:
    client.publish(
        url=URL,
        callback={"url": "https://api.example.com/done", "failure_callback": "https://api.example.com/worse"},
        failure_callback="https://api.example.com/failed",
    )
    expected = traceparent(told.one("send api.example.com"))
    carried = {name: value for name, value in wire.headers().items() if name.endswith("Traceparent")}
    assert carried == dict.fromkeys(
        (
            "Upstash-Forward-Traceparent",
            "Upstash-Callback-Forward-Traceparent",
            "Upstash-Callback-Failure-Callback-Forward-Traceparent",
            "Upstash-Failure-Callback-Forward-Traceparent",
        ),
        expected,
    )


def test_a_context_that_the_caller_wrote_stays_and_is_linked(told: Told, wire: Wire, client: QStash) -> None:
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    client.publish(url=URL, headers={"traceparent": given})
    assert [value for name, value in wire.sent[0].headers if name.lower().endswith("traceparent")] == [given]
    span = told.one("send api.example.com")
    assert span.kind is SpanKind.CLIENT
    assert linked(span) == [(0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331)]


def test_deduplication_by_content_is_left_alone(told: Told, wire: Wire, client: QStash) -> None:
    client.publish(url=URL, content_based_deduplication=True)
    client.batch([{"url": URL, "content_based_deduplication": True}])
    assert "Traceparent" not in repr(wire.sent[0].headers)
    assert "Traceparent" not in wire.items()[0]["headers"]
    assert told.names() == ["send api.example.com", "send api.example.com"]


def test_each_message_of_a_batch_has_a_context_of_its_own_and_the_call_links_to_them(
    told: Told, wire: Wire, client: QStash
) -> None:
    client.batch_json([{"url": URL, "body": {"to": "Zoë"}}, {"url_group": "signups"}])
    *creates, send = told.ours()
    assert [span.name for span in creates] == ["create api.example.com", "create signups"]
    assert {span.kind for span in creates} == {SpanKind.PRODUCER}
    assert (send.name, send.kind) == ("send qstash.example.com", SpanKind.CLIENT)
    assert linked(send) == [context_of(span) for span in creates]
    assert (send.attributes or {})["messaging.batch.message_count"] == 2
    items = wire.items()
    assert [item["headers"]["Upstash-Forward-Traceparent"] for item in items] == [*map(traceparent, creates)]
    assert json.loads(items[0]["body"]) == {"to": "Zoë"}


def test_publish_many_is_a_span_for_each_of_its_calls(told: Told, wire: Wire, client: QStash) -> None:
    client.publish_many(({"url": TASK} for _ in range(3)), chunk_size=2).send()
    sends = [span for span in told.ours() if span.name == "send shop.tasks.ship"]
    assert [(span.attributes or {})["messaging.batch.message_count"] for span in sends] == [2, 1]


def test_calls_that_send_no_message_have_no_span(told: Told, wire: Wire, client: QStash) -> None:
    wire.status = 404
    for call in (client.queue.list, lambda: client.schedule.create(destination=URL, cron="* * * * *")):
        with pytest.raises(APIError):
            call()
    assert told.ours() == []
    assert "Traceparent" not in repr([request.headers for request in wire.sent])


def test_what_qstash_refuses_is_an_error_without_its_text(told: Told, wire: Wire, client: QStash) -> None:
    wire.status = 412
    with pytest.raises(APIError):
        client.publish(url=URL, body="a secret body")
    span = told.one("send api.example.com")
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "412"
    assert span.events == ()
    assert "secret" not in span.to_json()


def test_messages_and_durations_are_counted_by_few_names(told: Told, wire: Wire, client: QStash) -> None:
    client.batch([{"url": TASK}, {"url": TASK}])
    wire.status = 500
    with pytest.raises(APIError):
        client.publish(url=URL)
    common = {
        "messaging.system": "qstash",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "server.address": "qstash.example.com",
        "server.port": 8443,
    }
    sent = {point.value: dict(point.attributes) for point in told.points("messaging.client.sent.messages")}
    assert sent == {
        2: common | {"messaging.destination.template": "shop.tasks.ship"},
        1: common | {"error.type": "500"},
    }
    durations = told.points("messaging.client.operation.duration")
    assert [point.count for point in durations] == [1, 1]
    assert durations[0].explicit_bounds == (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)


def test_it_can_be_switched_off(told: Told, wire: Wire, client: QStash) -> None:
    with override_settings(QSTASH_OTEL="off"):
        client.publish(url=URL)
    assert told.ours() == []
    assert "Traceparent" not in repr(wire.sent[0].headers)


def test_for_links_alone_the_context_travels_by_a_name_that_no_server_takes_for_a_parent(
    told: Told, wire: Wire, client: QStash
) -> None:
    with override_settings(QSTASH_OTEL="links"):
        client.publish(url=URL)
    carried = {name: value for name, value in wire.headers().items() if name.endswith("Traceparent")}
    assert carried == {"Upstash-Forward-Qstash-Traceparent": traceparent(told.one("send api.example.com"))}


def test_nothing_of_it_stays_current_behind_the_call(told: Told, wire: Wire, client: QStash) -> None:
    with told.tracer.start_as_current_span("checkout") as own:
        client.publish(url=URL)
        wire.status = 500
        with pytest.raises(APIError):
            client.publish(url=URL)
        assert trace.get_current_span() is own
