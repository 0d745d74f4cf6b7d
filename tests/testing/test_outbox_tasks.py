"""The outbox knows the calls of tasks by their task and their arguments."""

from datetime import UTC, datetime
from typing import Any

import pytest

from qstash_integrations.tasks import Callback, task
from qstash_integrations.testing import Outbox

WHEN = datetime(2026, 11, 28, 12, tzinfo=UTC)


@task(retries=5)
def ship(order_id: int, *, gift: bool = False, when: datetime | None = None) -> None: ...


@task
def mail(to: str) -> None: ...


@task
def shipped(callback: Callback) -> None: ...


@pytest.fixture
def outbox() -> Any:
    with Outbox() as outbox:
        ship.using(delay="10m", label="vip").publish(3, when=WHEN)
        ship.publish(4)
        ship.using(callback=shipped, flow_control=lambda call: {"key": f"o{call['order_id']}", "rate": 1}).publish(5)
        mail.publish("ada@example.com")
        yield outbox


@pytest.mark.parametrize(
    ("expected", "index"),
    [
        ({"task": ship}, 0),
        ({"task": ship, "order_id": 3}, 0),
        ({"task": ship, "when": WHEN}, 0),
        ({"task": ship, "order_id": 4, "gift": False}, 1),
        ({"task": ship.using(delay="10m"), "order_id": 3}, 0),
        ({"task": ship.using(label="vip")}, 0),
        ({"task": ship.using(callback=shipped)}, 2),
        ({"task": ship.bind(4)}, 1),
        ({"task": ship.using(callback=shipped, flow_control={"key": "o5", "rate": 1}).bind(5)}, 2),
        ({"task": mail, "to": "ada@example.com"}, 3),
    ],
)
def test_a_call_is_found(outbox: Outbox, expected: dict[str, Any], index: int) -> None:
    assert outbox.assert_published(**expected) is outbox.messages[index]


@pytest.mark.parametrize(
    "expected",
    [
        {"task": ship, "order_id": 6},
        {"task": ship, "order_id": 4, "gift": True},
        {"task": ship.using(delay="11m"), "order_id": 3},
        {"task": ship.using(delay="10m"), "order_id": 4},
        {"task": ship.using(retries=1)},
        {"task": ship.bind(3)},
        {"task": shipped},
        {"task": mail.using(callback=shipped)},
    ],
)
def test_what_was_not_published_is_not_found(outbox: Outbox, expected: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="no published message is as expected"):
        outbox.assert_published(**expected)


def test_the_nearest_is_shown_with_its_arguments(outbox: Outbox) -> None:
    with pytest.raises(AssertionError) as caught:
        outbox.assert_published(task=ship, order_id=6, gift=True)
    assert "  ! arguments: {'gift': False, 'order_id': " in str(caught.value)
    assert "arguments.order_id: " in str(caught.value)


def test_nothing_published_is_said_with_the_call() -> None:
    with Outbox() as outbox, pytest.raises(AssertionError, match=r"expected a call of .*ship with \{'order_id': 3\}"):
        outbox.assert_published(task=ship, order_id=3)


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ({"task": ship, "order": 3}, "unknown argument 'order'; did you mean 'order_id'?"),
        ({"task": ship, "order_id": "three"}, "order_id does not fit"),
        ({"task": ship.bind(3), "order_id": 3}, "has its arguments already"),
        ({"task": "shop.ship"}, "task must be a task"),
    ],
)
def test_what_no_call_can_be_is_said(outbox: Outbox, expected: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said.replace("?", r"\?")):
        outbox.assert_published(**expected)
