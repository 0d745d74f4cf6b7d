"""Results are QStash's JSON under its own names, and this package's results as well."""

import copy
import json
import pickle

import pytest

from qstash_integrations._core.publishing.client import APIResponse
from qstash_integrations.compat import QstashException
from tests.compat.clients import (
    EVENT,
    KEYS,
    LETTER,
    MESSAGE,
    QUEUE,
    SCHEDULE,
    TOPIC,
    Ask,
    QStashStub,
)
from tests.outbox import outbox

URL = "https://my-api.example"


def test_a_receipt_answers_to_both_names(ask: Ask, sent: QStashStub) -> None:
    res = ask(lambda client: client.publish_json({"url": URL, "deduplication_id": "one"}))
    assert (res["messageId"], res["deduplicated"]) == ("msg_1", True)
    assert (res.message_id, res.deduplicated) == ("msg_1", True)
    assert json.dumps(res) == '{"messageId": "msg_1", "deduplicated": true}'
    assert repr(res) == "PublishResponse(message_id='msg_1', deduplicated=True)"


def test_a_duplicate_of_the_clients_own_try_is_none(ask: Ask, sent: QStashStub) -> None:
    assert ask(lambda client: client.publish_json({"url": URL})) == {"messageId": "msg_1"}


def test_a_topic_gives_a_receipt_per_endpoint(ask: Ask, sent: QStashStub) -> None:
    [res] = ask(lambda client: client.publish_json({"topic": "my-topic"}))
    assert (res["url"], res.url) == ("https://one.example", "https://one.example")
    first, [second] = ask(lambda client: client.batch([{"url": URL}, {"topic": "my-topic"}]))
    assert (first["messageId"], second["messageId"], second.message_id) == ("msg_1", "msg_2", "msg_2")


def test_a_schedule_gives_its_id(ask: Ask, sent: QStashStub) -> None:
    res = ask(lambda client: client.schedules().create({"destination": URL, "cron": "* * * * *"}))
    assert (res["scheduleId"], res.schedule_id, dict(res)) == ("scd_1", "scd_1", {"scheduleId": "scd_1"})


def test_everything_read_is_as_qstash_wrote_it(ask: Ask, sent: QStashStub) -> None:
    assert ask(lambda client: client.messages().get("msg_1")) == MESSAGE
    assert ask(lambda client: client.topics().get("my-topic")) == TOPIC
    assert ask(lambda client: client.topics().list()) == [TOPIC]
    assert ask(lambda client: client.queue({"queue_name": "mail"}).get()) == QUEUE
    assert ask(lambda client: client.queue().list()) == [QUEUE]
    assert ask(lambda client: client.schedules().get("scd_1")) == SCHEDULE
    assert ask(lambda client: client.schedules().list()) == [SCHEDULE]
    assert ask(lambda client: client.dlq().get("1-1")) == LETTER
    assert ask(lambda client: client.dlq().list_messages()) == {"messages": [LETTER], "cursor": "2-2"}
    assert ask(lambda client: client.events()) == {"events": [EVENT]}
    assert ask(lambda client: client.keys().get()) == KEYS


def test_what_has_no_answer_gives_none(ask: Ask, sent: QStashStub) -> None:
    assert ask(lambda client: client.messages().delete("msg_1")) is None
    assert ask(lambda client: client.schedules().delete("scd_1")) is None


def test_a_page_is_also_a_page_of_this_packages(ask: Ask, sent: QStashStub) -> None:
    page = ask(lambda client: client.dlq().list_messages())
    assert page.get("cursor") == page.cursor == "2-2"
    assert [letter.dlq_id for letter in page.messages] == ["1-1"]


def test_keys_do_not_print(ask: Ask, sent: QStashStub) -> None:
    keys = ask(lambda client: client.keys().rotate())
    assert (keys["next"], f"{keys}") == ("sig_TESTONLYnext00000000000000BB", "SigningKey(***)")


def test_an_answer_can_be_copied_and_pickled(ask: Ask, sent: QStashStub) -> None:
    res = ask(lambda client: client.publish({"url": URL}))
    for twin in (copy.copy(res), copy.deepcopy(res), pickle.loads(pickle.dumps(res))):
        assert (twin["messageId"], twin.message_id) == ("msg_1", "msg_1")


def test_a_name_that_is_nowhere_is_an_attribute_error(ask: Ask, sent: QStashStub) -> None:
    res = ask(lambda client: client.publish({"url": URL}))
    with pytest.raises(AttributeError, match="messageid"):
        _ = res.messageid
    with pytest.raises(KeyError):
        _ = res["message_id"]


def test_an_answer_that_is_not_qstashs_is_an_exception(ask: Ask) -> None:
    with outbox(APIResponse(200, b'{"messageId":"msg_1"}')), pytest.raises(QstashException) as caught:
        ask(lambda client: client.dlq().get("1-1"))
    assert str(caught.value) == "QStash's answer has no url"
