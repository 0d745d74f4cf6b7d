"""Many calls of one task: published in batches, cancelled, and found again where they ended."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from qstash_integrations.tasks import Call, Task, TasksApp, chain, task
from qstash_integrations.testing import LocalQStash

from .shop import invoice, mail, ship

tries: list[int] = []
is_broken = True


@task(retries=0, also_known_as=["tests.tasks.shop.parcel"])
def deliver(order_id: int) -> None:
    tries.append(order_id)
    if is_broken:
        raise OSError("the van has broken down")


@task(retries=0)
def refuse() -> None:
    raise OSError("no")


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalQStash]:
    tries.clear()
    monkeypatch.setattr(f"{__name__}.is_broken", True)
    with LocalQStash(TasksApp([deliver, refuse, ship])) as local:
        yield local


def test_calls_are_published_in_batches(local: LocalQStash) -> None:
    urgent = ship.using(label="vip")
    receipts = list(ship.publish_many((urgent.bind(number) for number in range(5)), chunk_size=2))
    assert len({receipt.message_id for receipt in receipts}) == 5
    assert [attempt.answer for attempt in local.run_until_idle()] == [b"0", b"10", b"20", b"30", b"40"]


@pytest.mark.anyio
async def test_async_code_publishes_what_it_gets_one_after_the_other() -> None:
    async def orders() -> AsyncIterator[Call]:
        for number in range(3):
            yield ship.bind(number)

    with LocalQStash(TasksApp(ship)) as local:
        assert await ship.apublish_many(orders()).send() == 3
        assert await ship.apublish_many([chain(ship.bind(3))]).send() == 1
        assert len(await local.arun_until_idle()) == 4


@pytest.mark.parametrize("wrong", [{"order_id": 3}, invoice.bind(3), chain(invoice.bind(3), ship.bind(3)), ship])
def test_what_is_no_call_of_the_task_is_refused(wrong: object) -> None:
    many = ship.publish_many([wrong])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"publish_many takes calls of tests\.tasks\.shop\.ship"):
        many.send()


def test_dead_letters_are_published_anew(local: LocalQStash, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        deliver.publish(number)
    refuse.publish()
    local.run_until_idle()
    assert [letter.label for letter in deliver.dead_letters()] == [deliver.name] * 3
    monkeypatch.setattr(f"{__name__}.is_broken", False)
    tries.clear()
    assert len(deliver.dead_letters(since="1h").retry()) == 3
    local.run_until_idle()
    assert sorted(tries) == [0, 1, 2]
    assert len(local.dead_letters) == 1


def test_those_that_fail_again_are_tried_once(local: LocalQStash) -> None:
    deliver.publish(1)
    local.run_until_idle()
    assert len(deliver.dead_letters().retry()) == 1
    local.run_until_idle()
    assert tries == [1, 1]
    assert deliver.dead_letters().delete() == 1
    assert local.dead_letters == []


def test_a_moment_leaves_out_what_was_before_it(local: LocalQStash) -> None:
    deliver.publish(1)
    local.run_until_idle()
    assert list(deliver.dead_letters(since=datetime.now(UTC) + timedelta(hours=1))) == []
    assert len(list(deliver.dead_letters(since=datetime.now(UTC) - timedelta(hours=1)))) == 1


def test_the_letters_of_a_name_that_it_had_are_its_own(local: LocalQStash) -> None:
    Task(refuse.function, "tests.tasks.shop.parcel", (), {"retries": 0}).publish()
    local.strict = False
    local.run_until_idle()
    assert len(list(deliver.dead_letters())) == 1


@pytest.mark.anyio
async def test_async_code_has_the_same() -> None:
    with LocalQStash(TasksApp(refuse)) as local:
        await refuse.apublish()
        await local.arun_until_idle()
        with pytest.raises(RuntimeError, match="await"):
            refuse.dead_letters().retry()
        assert len(await refuse.dead_letters().aretry()) == 1
        await local.arun_until_idle()
        assert await refuse.dead_letters().adelete() == 1
        await refuse.using(delay="1h").apublish()
        assert await refuse.acancel() == 1


def test_calls_that_are_not_delivered_yet_are_cancelled(local: LocalQStash) -> None:
    later = ship.using(delay="1h")
    receipt = later.publish(1)
    later.using(label="vip").publish(2)
    later.publish(3)
    deliver.using(delay="1h", label="vip").publish(4)
    assert ship.cancel(receipt.message_id) == 1
    assert ship.cancel(label="vip") == 1
    assert ship.cancel() == 1
    assert ship.cancel() == 0
    assert [attempt.body for attempt in local.run_until_idle()] == [b'{"order_id":4}']


def test_a_queue_has_its_batches_too(local: LocalQStash) -> None:
    assert mail.options["queue"] == "mail"
    assert ship.using(queue="orders").publish_many([ship.using(queue="orders").bind(1)]).send() == 1
    assert len(local.run_until_idle()) == 1
