"""Schedules as code of Django's own tasks."""

from typing import Any

import pytest

from qstash_integrations import ConfigurationError, QStash
from qstash_integrations.schedules import Owner, plan, sync, wanted
from qstash_integrations.tasks import schedule
from qstash_integrations.testing import LocalQStash
from tests.django_tasks import shop

OWNER = Owner("shop", "prod")


def put(*schedules: Any) -> Any:
    client = QStash()
    code = wanted(schedules, OWNER)
    assert sync(client, plan(code, client.schedule.list(), OWNER)).problems == {}
    assert plan(code, client.schedule.list(), OWNER).drift == ()
    return client.schedule.list()


def test_it_runs_at_each_tick(qstash: LocalQStash) -> None:
    put(schedule("daily", "0 7 * * *", shop.ship, args=[3], kwargs={"gift": True}, tz="Europe/Berlin"))
    attempts = qstash.advance(days=3)
    assert [attempt.status for attempt in attempts] == [200, 200, 200]
    assert shop.ran == [(3, True)] * 3


def test_options_are_those_of_the_task_and_those_of_the_schedule(qstash: LocalQStash) -> None:
    [held] = put(schedule("daily", "0 7 * * *", shop.ship_once, args=[3], retries=2))
    assert (held.retries, set(held.labels)) == (2, {"qstash-integrations", "careful"} | set(held.labels))
    assert held.destination.endswith("?of=2")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"args": [1, 2, 3]}, "too many positional arguments"),
        ({}, "missing a required argument: 'order_id'"),
        ({"args": [3], "kwargs": {"gif": True}}, "got an unexpected keyword argument 'gif'"),
        ({"args": [{3}]}, "Unsupported type"),
        ({"args": [3], "retrys": 3}, "retrys"),
        ({"args": [3], "body": "x"}, "body goes with destination="),
    ],
    ids=["too many", "too few", "unknown", "no JSON", "an unknown option", "a body"],
)
def test_what_is_wrong_is_told_at_import(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(TypeError, match=r"^schedule 'daily': ") as caught:
        schedule("daily", "0 7 * * *", shop.ship, **given)
    assert problem in str(caught.value)


def test_a_task_with_a_context_is_called_without_it(qstash: LocalQStash) -> None:
    put(schedule("daily", "0 7 * * *", shop.attempt))
    qstash.advance(days=1)
    assert shop.ran == [1]


def test_a_call_is_a_target_as_well(qstash: LocalQStash) -> None:
    [held] = put(schedule("daily", "0 7 * * *", shop.ship.bind(3, gift=True), retries=0))
    assert (held.retries, held.destination.endswith("?of=0")) == (0, True)
    qstash.advance(days=1)
    assert shop.ran == [(3, True)]


def test_another_backend_has_no_schedules() -> None:
    """The module with the schedule can be imported all the same."""

    class Backend:
        alias = "default"

    class Task:
        module_path, func, takes_context = "shop.tasks.ship", staticmethod(lambda order_id: None), False

        def get_backend(self) -> Backend:
            return Backend()

    with pytest.raises(TypeError, match="missing a required argument: 'order_id'"):
        schedule("daily", "0 7 * * *", Task())
    daily = schedule("daily", "0 7 * * *", Task(), args=[3])
    with pytest.raises(
        ConfigurationError, match=r"^schedule 'daily': the backend 'default' of shop\.tasks\.ship is Backend, which has"
    ):
        wanted([daily], OWNER)
