"""``assert_published``: options in whatever spelling, and a difference that says what was published instead."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from qstash_integrations import QStash
from qstash_integrations.testing import Outbox

URL = "https://api.example.com/ship"


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    with Outbox() as outbox:
        yield outbox


def publish(**options: Any) -> None:
    message: dict[str, Any] = {"url": URL, "body": b"", **options}
    QStash().publish(**message)


FITTING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no option": ({"body": {"id": 3}}, {}),
    "json": ({"body": {"id": 3, "on": date(2027, 1, 1)}}, {"json": {"on": "2027-01-01", "id": 3}}),
    "json with types of its own": ({"body": {"in": timedelta(1)}}, {"json": {"in": timedelta(1)}}),
    "body as text": ({"body": "hi"}, {"body": "hi"}),
    "body as bytes": ({"body": b"hi"}, {"body": b"hi"}),
    "body as a dict": ({"body": {"id": 3}}, {"body": {"id": 3}}),
    "delay": ({"delay": "10m"}, {"delay": timedelta(minutes=10)}),
    "delay in seconds": ({"delay": timedelta(minutes=10)}, {"delay": 600}),
    "no delay": ({}, {"delay": None}),
    "not before": ({"not_before": datetime(2027, 1, 1, tzinfo=UTC)}, {"not_before": 1_798_761_600}),
    "retries": ({"retries": 0}, {"retries": 0}),
    "method": ({"method": "PUT"}, {"method": "PUT"}),
    "label": ({"label": ["a", "b"]}, {"label": "a,b"}),
    "callback": ({"callback": "https://a.example"}, {"callback": "https://a.example", "failure_callback": None}),
    "flow control": (
        {"flow_control": {"key": "crm", "rate": 10, "period": "1m"}},
        {"flow_control": {"key": "crm", "rate": 10, "period": 60}},
    ),
    "some of the headers": ({"headers": {"X-Tenant": "acme", "X-Other": "1"}}, {"headers": {"x-tenant": "acme"}}),
    "content type": ({"content_type": "text/csv", "body": "a"}, {"content_type": "text/csv"}),
    "deduplication": ({"deduplication_id": "order-3"}, {"deduplication_id": "order-3"}),
    "redaction": ({"redact": {"body": True}}, {"redact": {"body": True}}),
    "no queue": ({}, {"queue": None, "url_group": None}),
}


@pytest.mark.parametrize(("published", "expected"), FITTING.values(), ids=FITTING)
def test_what_was_published_is_found(outbox: Outbox, published: dict[str, Any], expected: dict[str, Any]) -> None:
    QStash().publish(url="https://other.example", body=b"other", delay="1s")
    publish(**published)
    assert outbox.assert_published(url=URL, **expected) is outbox.messages[1]


OTHER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "json": ({"body": {"id": 3}}, {"json": {"id": 4}}),
    "a number for a truth": ({"body": {"done": True}}, {"json": {"done": 1}}),
    "json where there is none": ({"body": "hi"}, {"json": "hi"}),
    "body": ({"body": b"hi"}, {"body": b"ho"}),
    "delay": ({"delay": "10m"}, {"delay": "11m"}),
    "no delay": ({"delay": "10m"}, {"delay": None}),
    "a delay": ({}, {"delay": "10m"}),
    "no callback": ({"callback": "https://a.example"}, {"callback": None}),
    "no flow control": ({"flow_control": {"key": "crm", "rate": 1}}, {"flow_control": None}),
    "a header": ({"headers": {"X-Tenant": "acme"}}, {"headers": {"X-Tenant": "other"}}),
    "another header": ({"headers": {"X-Tenant": "acme"}}, {"headers": {"X-Other": "acme"}}),
    "a queue": ({}, {"queue": "mail"}),
    "a group": ({}, {"url_group": "billing"}),
}


@pytest.mark.parametrize(("published", "expected"), OTHER.values(), ids=OTHER)
def test_something_else_is_not(outbox: Outbox, published: dict[str, Any], expected: dict[str, Any]) -> None:
    publish(**published)
    with pytest.raises(AssertionError, match="no published message is as expected"):
        outbox.assert_published(**expected)


def test_the_difference_is_to_the_nearest_message_field_by_field(outbox: Outbox) -> None:
    QStash().publish_json(url="https://api.example.com/mail", body={"to": "ada@example.com"})
    QStash().publish_json(url=URL, body={"id": 3, "lines": [{"sku": "a"}, {"sku": "b"}]}, delay="5m", retries=2)
    with pytest.raises(AssertionError) as failure:
        outbox.assert_published(
            url=URL, json={"id": 3, "lines": [{"sku": "a"}, {"sku": "c"}], "gift": True}, delay="10m", retries=2
        )
    assert str(failure.value).splitlines() == [
        "no published message is as expected; the nearest of 2 is to https://api.example.com/ship",
        "    url: 'https://api.example.com/ship'",
        "  ! json: {'id': 3, 'lines': [{'sku': 'a'}, {'sku': 'b'}]} was published, "
        "expected {'id': 3, 'lines': [{'sku': 'a'}, {'sku': 'c'}], 'gift': True}",
        "      json.lines[1].sku: 'b' was published, expected 'c'",
        "      json.gift: nothing was published, expected True",
        "  ! delay: '5m' was published, expected '10m'",
        "    retries: '2'",
        "the others: https://api.example.com/mail",
    ]


def test_of_many_others_the_first_few_are_named(outbox: Outbox) -> None:
    for number in range(9):
        QStash().publish(url=f"{URL}/{number}", body=b"")
    with pytest.raises(AssertionError) as failure:
        outbox.assert_published(url=f"{URL}/x")
    assert (
        str(failure.value).splitlines()[-1] == f"the others: {', '.join(f'{URL}/{n}' for n in range(1, 6))} and 3 more"
    )


def test_nothing_published_is_said_so(outbox: Outbox) -> None:
    with pytest.raises(AssertionError) as failure:
        outbox.assert_published(url=URL, delay="10m")
    assert str(failure.value) == f"no message was published; expected url='{URL}', delay='10m'"


def test_an_option_that_does_not_exist_is_no_difference(outbox: Outbox) -> None:
    QStash().publish(url=URL, body=b"")
    with pytest.raises(TypeError, match="unknown option 'dealy'; did you mean 'delay'"):
        outbox.assert_published(dealy="10m")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_a_value_that_no_option_can_have_is_none_either(outbox: Outbox) -> None:
    QStash().publish(url=URL, body=b"")
    with pytest.raises(ValueError, match="delay must look like"):
        outbox.assert_published(url=URL, delay="ten minutes")
