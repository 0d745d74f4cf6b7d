"""What can be the body of a message, and the type it travels with."""

import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from functools import reduce
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstash_integrations._core.publishing.json_body import encode_json
from qstash_integrations._core.publishing.operations import batch as batches
from qstash_integrations._core.publishing.operations import message as messages
from qstash_integrations._core.publishing.operations import schedule as schedules
from tests.publish.loopback import URL


class Color(Enum):
    RED = "red"


class Size(IntEnum):
    SMALL = 1


class Model(pydantic.BaseModel):
    at: datetime


@dataclass
class Order:
    id: UUID
    lines: list[Model]


MOMENT = datetime(2027, 1, 15, 8, tzinfo=UTC)
VALUES: dict[str, tuple[Any, bytes]] = {
    "nothing": (None, b"null"),
    "text": ("h\xe9", b'"h\xc3\xa9"'),
    "a lone surrogate": (["\ud800", "\xe9"], b'["\\ud800","\\u00e9"]'),
    "compact": ({"a": [1, 2.5, True]}, b'{"a":[1,2.5,true]}'),
    "datetime": (MOMENT, b'"2027-01-15T08:00:00+00:00"'),
    "date": (date(2027, 1, 15), b'"2027-01-15"'),
    "time": (time(8, 30), b'"08:30:00"'),
    "timedelta": (timedelta(minutes=1, milliseconds=500), b"60.5"),
    "UUID": (UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
    "Decimal": (Decimal("1.10"), b'"1.10"'),
    "Enum": ([Color.RED, Size.SMALL], b'["red",1]'),
    "set": ({3}, b"[3]"),
    "tuple": ((1, 2), b"[1,2]"),
    "mappings": (MappingProxyType[str, Any]({"a": OrderedDict[str, int](b=1)}), b'{"a":{"b":1}}'),
    "a pydantic model": (Model(at=MOMENT), b'{"at":"2027-01-15T08:00:00Z"}'),
    "a dataclass with others in it": (
        Order(UUID(int=1), [Model(at=MOMENT)]),
        b'{"id":"00000000-0000-0000-0000-000000000001","lines":[{"at":"2027-01-15T08:00:00Z"}]}',
    ),
}


@pytest.mark.parametrize(("value", "encoded"), VALUES.values(), ids=VALUES)
def test_a_value_as_json(value: Any, encoded: bytes) -> None:
    for operation in (
        messages.publish({"url": URL, "body": value}, None, as_json=True),
        messages.enqueue({"url": URL, "queue": "mail", "body": value}, None, as_json=True),
        schedules.create({"destination": URL, "cron": "* * * * *", "body": value}, as_json=True),
    ):
        assert operation.body == encoded
        assert ("Content-Type", "application/json") in operation.headers
    batch = batches.batch([{"url": URL, "body": value}], None, as_json=True)
    assert json.loads(batch.body or b"") == [
        {"destination": URL, "headers": {"Content-Type": "application/json"}, "body": encoded.decode()}
    ]


class Wrong(pydantic.BaseModel):
    inner: Any


CIRCULAR: list[Any] = []
CIRCULAR.append(CIRCULAR)
DEEP: list[Any] = reduce(lambda inner, _: [inner], range(100_000), [])  # pyright: ignore[reportUnknownVariableType]
REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "NaN": ([float("nan")], ValueError, "Out of range float"),
    "infinity": ({"x": float("inf")}, ValueError, "Out of range float"),
    "bytes": ({"x": b"1"}, TypeError, "bytes is not JSON serializable"),
    "an object": (object(), TypeError, "object is not JSON serializable"),
    "a class": (Order, TypeError, "type is not JSON serializable"),
    "an odd key": ({(1, 2): 3}, TypeError, "keys must be str, int, float, bool or None, not tuple"),
    "itself": (CIRCULAR, ValueError, "Circular reference detected"),
    "endless depth": (DEEP, ValueError, "maximum recursion depth"),
    "what a model cannot dump": (Wrong(inner=object()), ValueError, ""),
}


@pytest.mark.parametrize(("value", "error", "text"), REFUSED.values(), ids=REFUSED)
def test_a_value_without_a_json_form_is_refused(value: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        messages.publish({"url": URL, "body": value}, None, as_json=True)
    assert str(caught.value).startswith(f"body cannot be encoded as JSON: {text}")
    assert type(caught.value) is error


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_comes_back_as_it_went(value: Any) -> None:
    assert json.loads(encode_json(value)) == value


PLAIN: dict[str, tuple[Any, bytes | None, str | None]] = {
    "nothing": (None, None, None),
    "bytes": (b"\0\xff", b"\0\xff", None),
    "bytearray": (bytearray(b"ab"), b"ab", None),
    "memoryview": (memoryview(b"abcd")[::2], b"ac", None),
    "text": ("h\xe9", b"h\xc3\xa9", None),
    "an empty text": ("", b"", None),
    "a dict": ({"a": 1}, b'{"a":1}', "application/json"),
    "a list": ([1], b"[1]", "application/json"),
    "a tuple": ((1,), b"[1]", "application/json"),
    "a mapping": (MappingProxyType({"a": 1}), b'{"a":1}', "application/json"),
}


@pytest.mark.parametrize(("value", "body", "kind"), PLAIN.values(), ids=PLAIN)
def test_publish_sends_bytes_and_text_as_they_are_and_objects_as_json(
    value: Any, body: bytes | None, kind: str | None
) -> None:
    for operation in (
        messages.publish({"url": URL, "body": value}, None),
        messages.enqueue({"url": URL, "queue": "mail", "body": value}, None),
        schedules.create({"destination": URL, "cron": "* * * * *", "body": value}),
    ):
        assert operation.body == body
        assert dict(operation.headers).get("Content-Type") == kind


@pytest.mark.parametrize(
    "options",
    [{"content_type": "application/x-ndjson"}, {"headers": {"content-type": "application/x-ndjson"}}],
    ids=str,
)
def test_the_callers_content_type_wins_over_ours(options: dict[str, Any]) -> None:
    for operation in (
        messages.publish({"url": URL, "body": {}, **options}, None),
        messages.publish({"url": URL, "body": {}, **options}, None, as_json=True),
        messages.enqueue({"url": URL, "queue": "q", "body": {}, **options}, None, as_json=True),
    ):
        assert operation.headers == (("Content-Type", "application/x-ndjson"),)


def test_a_batch_carries_text_and_says_so() -> None:
    operation = batches.batch([{"url": URL, "body": "h\xe9"}, {"url": URL, "body": ""}, {"url": URL}], None)
    assert json.loads(operation.body or b"") == [
        {"destination": URL, "headers": {}, "body": "h\xe9"},
        {"destination": URL, "headers": {}, "body": ""},
        {"destination": URL, "headers": {}},
    ]
    with pytest.raises(
        ValueError, match=r"^messages\[0\]: body is not UTF-8, and a batch is JSON: publish it on its own$"
    ):
        batches.batch([{"url": URL, "body": b"\xff"}], None)
