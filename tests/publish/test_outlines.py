"""Messages of a batch that share their options are checked once; what each of them is sent with is its own."""

import json
from itertools import count
from typing import Any

import pytest

from qstash_integrations._core.publishing.operations.batch import batch
from tests.publish.loopback import URL


def items(messages: Any, *, with_ids: bool = False, as_json: bool = False) -> Any:
    numbers = count()
    new_id = (lambda: f"id-{next(numbers)}") if with_ids else None
    return json.loads(batch(messages, new_id, as_json=as_json).body or b"")


def test_what_a_body_is_decides_its_type_each_time() -> None:
    assert items([{"url": URL, "body": body} for body in ("a", {"b": 1}, None, "c")]) == [
        {"destination": URL, "headers": {}, "body": "a"},
        {"destination": URL, "headers": {"Content-Type": "application/json"}, "body": '{"b":1}'},
        {"destination": URL, "headers": {}},
        {"destination": URL, "headers": {}, "body": "c"},
    ]


def test_each_has_an_id_of_its_own() -> None:
    assert items([{"url": URL, "retries": 1}, {"url": URL, "retries": 1}, {"url": URL}], with_ids=True) == [
        {"destination": URL, "headers": {"Upstash-Retries": "1", "Upstash-Deduplication-Id": "id-0-0"}},
        {"destination": URL, "headers": {"Upstash-Retries": "1", "Upstash-Deduplication-Id": "id-0-1"}},
        {"destination": URL, "headers": {"Upstash-Deduplication-Id": "id-0-2"}},
    ]


def test_the_callers_own_id_stays() -> None:
    assert items([{"url": URL, "deduplication_id": "mine"}] * 2, with_ids=True) == [
        {"destination": URL, "headers": {"Upstash-Deduplication-Id": "mine"}},
        {"destination": URL, "headers": {"Upstash-Deduplication-Id": "mine"}},
    ]


def test_a_queue_stands_behind_the_body() -> None:
    operation = batch([{"url": URL, "body": 'say "hi"', "queue": "mail"}], lambda: "id")
    assert operation.body == (
        b'[{"destination":"https://api.example.com/ship","headers":{"Upstash-Deduplication-Id":"id-0"},'
        b'"body":"say \\"hi\\"","queue":"mail"}]'
    )


def test_headers_that_change_between_messages_are_read_each_time() -> None:
    headers: dict[str, str] = {}

    def messages() -> Any:
        for number in "12":
            headers["X-Number"] = number
            yield {"url": URL, "headers": headers}

    assert items(messages()) == [
        {"destination": URL, "headers": {"Upstash-Forward-X-Number": "1"}},
        {"destination": URL, "headers": {"Upstash-Forward-X-Number": "2"}},
    ]


@pytest.mark.parametrize("value", [True, 1.0], ids=["True", "1.0"])
def test_what_equals_a_good_value_is_refused_behind_it(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^messages\[1\]: retries must be an int"):
        batch([{"url": URL, "retries": 1}, {"url": URL, "retries": value}], None)


def test_a_bad_message_is_refused_behind_good_ones() -> None:
    with pytest.raises(ValueError, match=r"^messages\[2\]: url must start with https:// or http://"):
        batch([{"url": URL}, {"url": URL}, {"url": "api.example.com"}], None)


def test_any_number_of_destinations_has_room() -> None:
    urls = [f"{URL}/{number % 100}" for number in range(300)]
    assert [item["destination"] for item in items([{"url": url} for url in urls])] == urls
