"""Django's task backend with ``OPTIONS = {"INBOX": True}``: a task's work, its row and its mark commit together."""

from collections.abc import Generator
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import modify_settings, override_settings

from qstash_integrations._core.publishing.client import override_transport
from qstash_integrations.django.tasks.api import task_backends
from qstash_integrations.django.tasks.models import StoredTask
from tests.django_tasks import shop as tasks
from tests.django_tasks.calls import SETTINGS, FakeQStash
from tests.django_tasks.shop import BACKEND, ship, ship_async
from tests.inbox.shop import Shop, order


@pytest.fixture(params=[True, False], ids=["with rows", "without rows"])
def queue(request: pytest.FixtureRequest, shop: Shop) -> Generator[FakeQStash]:
    with connection.schema_editor() as editor:
        editor.create_model(StoredTask)
    tasks.ran.clear()
    tasks.during.clear()
    options = {"INBOX": True, "RESULTS": request.param}
    with (
        override_settings(
            QSTASH=SETTINGS,
            ALLOWED_HOSTS=["*"],
            ROOT_URLCONF="tests.django_tasks.urls",
            TASKS={"default": {"BACKEND": BACKEND, "OPTIONS": options}},
        ),
        override_transport(made := FakeQStash()),
    ):
        yield made
    tasks.during.clear()


def ordering(error: BaseException | None = None) -> Any:
    def during() -> str:
        order()
        if error is not None:
            raise error
        return "shipped"

    return during


def test_a_task_has_its_effect_once(shop: Shop, queue: FakeQStash) -> None:
    tasks.during[:] = [ordering(), ordering()]
    ship.enqueue(3)
    answers = [queue.deliver(), queue.deliver(message_id="msg_of_a_retry")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].content == b'{"duplicate":true}'
    assert (len(tasks.ran), shop.orders) == (1, 1)
    for row in StoredTask.objects.all():
        assert (row.status, row.return_value, row.lease_until) == ("SUCCESSFUL", "shipped", None)


def test_what_fails_is_rolled_back_and_runs_again(shop: Shop, queue: FakeQStash) -> None:
    tasks.during[:] = [ordering(LookupError("no such order")), ordering()]
    ship.enqueue(3)
    assert queue.deliver().status_code == 500
    assert shop.orders == 0
    assert queue.deliver().status_code == 200
    assert shop.orders == 1


def test_what_cannot_be_kept_as_a_result_is_rolled_back_as_well(shop: Shop, queue: FakeQStash) -> None:
    def during() -> object:
        order()
        return object()

    tasks.during[:] = [during]
    ship.enqueue(3)
    assert queue.deliver().status_code == 489
    assert shop.orders == 0


def test_a_task_that_hides_what_rolls_it_back_has_failed(shop: Shop, queue: FakeQStash) -> None:
    def during() -> str:
        order()
        try:
            raise IntegrityError("caught")
        except IntegrityError:
            connection.set_rollback(True)  # as the ORM does
        return "shipped"

    tasks.during[:] = [during, ordering()]
    ship.enqueue(3)
    assert queue.deliver().status_code == 500
    for row in StoredTask.objects.all():
        assert (row.status, row.runs, row.lease_until) == ("READY", 1, None)
    assert queue.deliver().status_code == 200
    assert shop.orders == 1


def test_an_async_task_is_part_of_the_transaction(shop: Shop, queue: FakeQStash) -> None:
    ship_async.enqueue(3)
    assert [queue.deliver().status_code, queue.deliver().status_code] == [200, 200]
    assert tasks.ran == [3]


def test_a_run_that_outlasted_its_lease_leaves_nothing(shop: Shop, queue: FakeQStash) -> None:
    def during() -> str:
        order()
        StoredTask.objects.update(runs=2)  # as who takes it over does
        return "shipped"

    tasks.during[:] = [during]
    ship.enqueue(3)
    # Without a row there is no lease that could end.
    has_row = StoredTask.objects.exists()
    assert queue.deliver().status_code == (409 if has_row else 200)
    assert shop.orders == (0 if has_row else 1)


def test_without_its_app_it_is_an_error_of_the_checks(queue: FakeQStash) -> None:
    with modify_settings(INSTALLED_APPS={"remove": "qstash_integrations.django.inbox"}):
        found = [problem.id for problem in task_backends["default"].check()]
    assert found == ["qstash_tasks.E004"]
