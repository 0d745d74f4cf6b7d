"""A row remembers the trace of its transaction: whoever sends it later, and whoever gets it, links to that."""

from collections.abc import Generator

import pytest
from django.db import transaction
from django.test import override_settings
from opentelemetry.trace import SpanKind

from qstash_integrations.django import qstash
from tests.django_outbox.shop import SETTINGS, URL, FakeQStash
from tests.otel.sdk import Told, context_of, linked, recording, traceparent


@pytest.fixture
def told() -> Generator[Told]:
    with recording() as made:
        yield made


def test_a_row_is_created_in_the_trace_of_its_transaction_and_sent_in_another(
    told: Told, qstash_api: FakeQStash
) -> None:
    with told.tracer.start_as_current_span("checkout") as checkout, transaction.atomic():
        qstash.outbox.publish(url=URL, body="hi")
    sent = qstash_api.next()
    qstash_api.wait()
    create, send = told.one("create shop.example.com"), told.one("send shop.example.com")
    assert create.parent == checkout.get_span_context()
    assert sent.headers["upstash-forward-traceparent"] == traceparent(create)
    assert (send.kind, send.parent, linked(send)) == (SpanKind.CLIENT, None, [context_of(create)])


def test_rows_that_are_sent_together_link_to_each_creation(told: Told, qstash_api: FakeQStash) -> None:
    with transaction.atomic():
        qstash.outbox.batch([{"url": URL, "body": str(number)} for number in range(3)])
    sent = [qstash_api.next() for _ in range(3)]
    qstash_api.wait()
    creates = [span for span in told.ours() if span.name == "create shop.example.com"]
    assert [one.headers["upstash-forward-traceparent"] for one in sent] == [*map(traceparent, creates)]
    assert linked(told.one("send shop.example.com")) == [*map(context_of, creates)]


def test_what_waits_for_a_commit_as_a_row_does_so_too(told: Told, qstash_api: FakeQStash) -> None:
    with override_settings(QSTASH=SETTINGS | {"HTTP_CLIENT": qstash_api.client, "OUTBOX": True}), transaction.atomic():
        qstash.publish_on_commit(url=URL, body="hi")
    sent = qstash_api.next()
    qstash_api.wait()
    assert sent.headers["upstash-forward-traceparent"] == traceparent(told.one("create shop.example.com"))


def test_off_is_off_here_too(told: Told, qstash_api: FakeQStash) -> None:
    off = SETTINGS | {"HTTP_CLIENT": qstash_api.client, "OTEL": "off"}
    with override_settings(QSTASH=off):
        with transaction.atomic():
            qstash.outbox.publish(url=URL, body="hi")
        assert "upstash-forward-traceparent" not in qstash_api.next().headers
        qstash_api.wait()
    assert told.ours() == []
