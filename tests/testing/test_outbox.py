"""The outbox: whoever publishes, however and since when, records instead of sending."""

from datetime import timedelta
from typing import Any

import anyio
import pytest
from flask import Flask, current_app

import qstash_integrations.flask
import qstash_integrations.starlette
from qstash_integrations import AsyncQStash, ConfigurationError, QStash
from qstash_integrations.django import aqstash, qstash
from qstash_integrations.testing import Outbox
from tests.django.project import configure

URL = "https://api.example.com/ship"


def by_a_client_made_before() -> None:
    BEFORE.publish_json(url=URL, body={"id": 3})


def by_an_async_client_made_before() -> None:
    async def publish() -> None:
        await ASYNC_BEFORE.publish_json(url=URL, body={"id": 3})

    anyio.run(publish)


def by_the_flask_extension() -> None:
    app = Flask("shop")
    qstash_integrations.flask.QStash(app)
    with app.app_context():
        current_app.extensions["qstash"].publish_json(url=URL, body={"id": 3})


def by_the_starlette_publisher() -> None:
    from starlette.applications import Starlette

    app = Starlette()
    qstash_integrations.starlette.QStash(app)
    anyio.run(lambda: app.state.qstash.publish_json(url=URL, body={"id": 3}))


def by_its_sync_twin() -> None:
    ASYNC_BEFORE.sync.publish_json(url=URL, body={"id": 3})


def by_the_django_publisher() -> None:
    configure()
    qstash.publish_json(url=URL, body={"id": 3})


def by_the_async_django_publisher() -> None:
    configure()
    anyio.run(lambda: aqstash.publish_json(url=URL, body={"id": 3}))


def in_a_batch() -> None:
    QStash().batch_json([{"url": URL, "body": {"id": 3}}])


BEFORE = QStash("a-token", base_url="https://qstash.example")
ASYNC_BEFORE = AsyncQStash("a-token")
PUBLISHERS = [
    by_a_client_made_before,
    by_an_async_client_made_before,
    by_the_flask_extension,
    by_the_starlette_publisher,
    by_its_sync_twin,
    by_the_django_publisher,
    by_the_async_django_publisher,
    in_a_batch,
]


@pytest.mark.parametrize("publish", PUBLISHERS)
def test_it_takes_what_is_published(publish: Any) -> None:
    with Outbox() as outbox:
        publish()
        (message,) = outbox.messages
    assert (message.url, message.json(), message.queue) == (URL, {"id": 3}, None)
    assert message.header("Content-Type") == "application/json"


def test_the_settings_are_as_they_were_afterwards() -> None:
    with Outbox():
        QStash().publish(url=URL, body=b"hi")
    with pytest.raises(ConfigurationError, match="QSTASH_TOKEN is not set"):
        QStash()


def test_a_message_tells_what_was_asked_for() -> None:
    with Outbox() as outbox:
        QStash().enqueue(
            queue="mail", url=URL, body=b"hi", delay="1h30m", headers={"X-Tenant": "acme"}, content_type="text/plain"
        )
        QStash().publish_json(url_group="billing", body=[1])
    enqueued, grouped = outbox.messages
    assert (enqueued.queue, enqueued.url, enqueued.url_group, enqueued.body) == ("mail", URL, None, b"hi")
    assert enqueued.delay == timedelta(minutes=90)
    assert enqueued.forwarded == {"x-tenant": "acme", "content-type": "text/plain"}
    assert (grouped.url, grouped.url_group, grouped.json(), grouped.delay) == (None, "billing", [1], None)


def test_publishers_get_the_answers_of_qstash() -> None:
    with Outbox():
        one = QStash().publish(url=URL, body=b"hi")
        group = QStash().publish(url_group="billing", body=b"hi")
        several = QStash().batch([{"url": URL, "body": "1"}, {"url_group": "billing", "body": "2"}])
        named = QStash().schedule.create(destination=URL, cron="0 7 * * *", schedule_id="daily")
        unnamed = QStash().schedule.create(destination=URL, cron="0 7 * * *")
    assert one.message_id.startswith("msg_")
    assert not one.deduplicated
    assert [receipt.message_id[:4] for receipt in group] == ["msg_"]
    assert [isinstance(answer, list) for answer in several] == [False, True]
    assert (named, unnamed[:4]) == ("daily", "scd_")


def test_schedules_are_apart_from_messages() -> None:
    with Outbox() as outbox:
        QStash().schedule.create_json(
            destination=URL, cron="0 7 * * *", body={"id": 3}, schedule_id="daily", queue="mail"
        )
        found = outbox.assert_scheduled(destination=URL, cron="0 7 * * *", json={"id": 3}, queue="mail")
        with pytest.raises(AssertionError, match="! cron: '0 7 \\* \\* \\*' was published, expected '0 8 "):
            outbox.assert_scheduled(schedule_id="daily", cron="0 8 * * *")
    assert (found.schedule_id, found.cron, found.queue) == ("daily", "0 7 * * *", "mail")
    assert outbox.messages == []


def test_clear_forgets() -> None:
    with Outbox() as outbox:
        QStash().publish(url=URL, body=b"hi")
        QStash().schedule.create(destination=URL, cron="0 7 * * *")
        assert (len(outbox.messages), len(outbox.schedules)) == (1, 1)
        outbox.clear()
        assert (outbox.messages, outbox.schedules) == ([], [])


def test_what_it_cannot_answer_is_an_error_that_names_who_can() -> None:
    with Outbox() as outbox, pytest.raises(AssertionError, match=r"GET /v2/messages/msg_1 .* qstash_local"):
        QStash().message.get("msg_1")
    assert outbox.messages == []


def test_bodies_and_tokens_are_in_no_repr() -> None:
    with Outbox() as outbox:
        QStash().publish(url=URL, body=b"a secret", headers={"X-Key": "another secret"})
        assert "secret" not in repr(outbox) + repr(outbox.messages)
        assert repr(outbox) == "<Outbox, 1 messages, 0 schedules>"
        assert "Authorization" not in dict(outbox.messages[0].headers)
