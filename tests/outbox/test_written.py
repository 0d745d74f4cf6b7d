"""Rows of a call: what is written down is what would be sent, as it has to be sent later."""

from datetime import timedelta
from typing import Any

import pytest

from qstash_integrations._core.publishing.operations import Operation
from qstash_integrations._core.publishing.operations.batch import batch
from qstash_integrations._core.publishing.operations.message import enqueue, get, publish
from qstash_integrations.chat import openai
from qstash_integrations.outbox.row import Row, headers_stored, new_id, stored_headers
from qstash_integrations.outbox.written import rows_of

NOW = 1_700_000_000_250
HOLDER = "0123456789abcdef0123456789abcdef"
URL = "https://shop.example/hooks/ship"


def written(operation: Operation[Any]) -> Row:
    (row,) = rows_of(operation, NOW, HOLDER)
    return row


def headers(row: Row) -> dict[str, str]:
    assert row.headers is not None
    return dict(row.headers)


def test_a_row_has_what_is_published() -> None:
    row = written(publish({"url": URL, "body": b"hi", "headers": {"X-Shop": "1"}, "retries": 2}, None))
    assert (row.destination, row.queue, row.body, row.holder) == (URL, None, b"hi", HOLDER)
    assert (row.created_at, row.due_at, row.tries, row.sent_at) == (NOW, NOW + 30_000, 0, None)
    assert headers(row) == {
        "Upstash-Forward-X-Shop": "1",
        "Upstash-Retries": "2",
        "Upstash-Deduplication-Id": row.id,
        "Upstash-Forward-Qstash-Outbox": row.id,
    }


def test_a_row_of_a_queue_and_a_group_has_both_names() -> None:
    row = written(enqueue({"url_group": "shops", "queue": "orders", "body": {"a": 1}}, None))
    assert (row.destination, row.queue, row.body) == ("shops", "orders", b'{"a":1}')


def test_a_batch_has_a_row_per_message_in_its_order() -> None:
    messages: list[Any] = [{"url": URL, "body": "ä"}, {"url_group": "shops", "queue": "q"}, {"url": URL, "body": ""}]
    rows = rows_of(batch(messages, None), NOW, HOLDER)
    assert [(row.destination, row.queue, row.body) for row in rows] == [
        (URL, None, "ä".encode()), ("shops", "q", None), (URL, None, b""),
    ]  # fmt: skip
    assert len({row.id for row in rows}) == 3


def test_a_delay_counts_from_when_it_was_written() -> None:
    row = written(publish({"url": URL, "delay": timedelta(seconds=90)}, None))
    assert headers(row)["Upstash-Not-Before"] == "1700000091"
    assert "Upstash-Delay" not in headers(row)


def test_a_moment_wins_over_a_delay() -> None:
    row = written(publish({"url": URL, "delay": "1d", "not_before": 1_700_000_500}, None))
    assert headers(row)["Upstash-Not-Before"] == "1700000500"


def test_an_id_of_the_callers_own_is_kept() -> None:
    row = written(publish({"url": URL, "deduplication_id": "order-3"}, None))
    assert headers(row)["Upstash-Deduplication-Id"] == "order-3"
    assert headers(row)["Upstash-Forward-Qstash-Outbox"] == row.id


def test_what_is_deduplicated_by_content_stays_alike() -> None:
    one, other = (
        written(publish({"url": URL, "body": "hi", "content_based_deduplication": True}, None)) for _ in range(2)
    )
    assert one.headers == other.headers == (("Upstash-Content-Based-Deduplication", "true"),)


def test_nobody_claims_to_be_another_row() -> None:
    row = written(publish({"url": URL, "headers": {"qstash-outbox": "f" * 32}}, None))
    assert [value for name, value in row.headers or () if name.lower().endswith("qstash-outbox")] == [row.id]


@pytest.mark.parametrize(
    "operation",
    [
        publish({"api": {"name": "llm", "provider": openai("sk-secret")}, "body": {}}, None),
        enqueue({"api": {"name": "llm", "provider": openai("sk-secret")}, "queue": "q", "body": {}}, None),
        batch([{"url": URL}, {"api": {"name": "llm", "provider": openai("sk-secret")}}], None),
    ],
    ids=["publish", "enqueue", "batch"],
)
def test_a_providers_token_is_not_stored(operation: Operation[Any]) -> None:
    with pytest.raises(ValueError, match="api cannot go through the outbox") as raised:
        rows_of(operation, NOW, HOLDER)
    assert "sk-secret" not in str(raised.value)


def test_what_publishes_nothing_has_no_row() -> None:
    with pytest.raises(ValueError, match="publishes nothing"):
        rows_of(get("msg_1"), NOW, HOLDER)


def test_a_queue_that_has_no_room_in_its_column_is_said_when_it_is_written() -> None:
    with pytest.raises(ValueError, match="queue is longer than 256"):
        rows_of(enqueue({"url": URL, "queue": "q" * 257}, None), NOW, HOLDER)


def test_ids_lie_in_the_order_of_time() -> None:
    assert new_id(NOW) < new_id(NOW + 1)
    assert len(new_id(NOW)) == 32


def test_headers_are_read_as_they_were_stored() -> None:
    pairs = (("Upstash-Forward-X", "ä\t1"), ("Content-Type", "text/plain"))
    assert headers_stored(stored_headers(pairs)) == pairs


@pytest.mark.parametrize("text", ["", "nonsense", "{}", "null", "[1]", '[["a"]]', '[["a",1]]', '[["a","b","c"]]'])
def test_headers_that_are_no_pairs_are_none(text: str) -> None:
    assert headers_stored(text) is None


def test_only_the_id_shows() -> None:
    row = written(publish({"url": URL, "body": "secret", "headers": {"X-Key": "secret"}}, None))
    assert repr(row) == f"Row(id={row.id!r})"


def test_messages_of_one_moment_keep_their_order() -> None:
    rows = rows_of(
        batch([{"url": URL, "queue": "orders", "body": str(number)} for number in range(500)], None), NOW, HOLDER
    )
    assert [row.id for row in rows] == sorted({row.id for row in rows})
