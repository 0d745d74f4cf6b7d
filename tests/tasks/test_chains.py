"""One call after the other, without a database."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from qstash_integrations import Callback, QStash
from qstash_integrations.once import MemoryStore
from qstash_integrations.tasks import RESULT, Task, TasksApp, chain, current_call, task
from qstash_integrations.tasks.mount import Mount
from qstash_integrations.tasks.running import arrive, run
from qstash_integrations.testing import LocalQStash

from .deliveries import delivery_of

done: list[Any] = []
broken: list[str] = []


@task
async def invoice(order_id: int) -> bytes:
    done.append(("invoice", current_call().id))
    if "invoice" in broken:
        raise OSError("no paper")
    return b"\xff%d" % order_id


@task(retries=1, label="letters")
def mail(to: str, pdf: bytes) -> None:
    if "mail" in broken:
        raise OSError("no stamps")
    done.append(("mail", to, pdf))


@task
def close(order_id: int) -> None:
    done.append(("close", order_id))


@task
def odd() -> Any:
    done.append("odd")
    return object()


@task
def tell(callback: Callback) -> None:
    done.append((callback.status, json.loads(callback.source_body)["to"]))


@pytest.fixture(autouse=True)
def nothing_was_done() -> None:
    done.clear()
    broken.clear()


@pytest.fixture
def local() -> Iterator[LocalQStash]:
    with LocalQStash(TasksApp([invoice, mail, close, odd, tell])) as local:
        yield local


def names(attempts: Any) -> list[str]:
    return [attempt.url.partition("?")[0].rpartition(".")[2] for attempt in attempts]


def test_each_is_published_when_the_one_before_has_succeeded(local: LocalQStash) -> None:
    chain(invoice.bind(3), mail.using(delay="1h").bind("ada", RESULT), close.bind(order_id=3)).publish()
    attempts = local.run_until_idle()
    assert names(attempts) == ["invoice", "mail", "close"]
    assert (attempts[1].at - attempts[0].at).total_seconds() == 3600
    assert done[1:] == [("mail", "ada", b"\xff3"), ("close", 3)]


def test_what_failed_is_tried_again_and_what_follows_waits(local: LocalQStash) -> None:
    broken.append("mail")
    chain(mail.bind("ada", b""), close.bind(3)).publish()
    assert names(local.run_until_idle()) == ["mail", "mail"]
    assert done == []


def test_a_call_that_comes_twice_is_followed_once(local: LocalQStash) -> None:
    local.deliver_twice()
    chain(invoice.bind(3), mail.bind("ada", RESULT)).publish()
    assert names(local.run_until_idle()) == ["invoice", "invoice", "mail"]


def test_a_task_is_told_when_one_has_failed_for_good(local: LocalQStash) -> None:
    broken.append("mail")
    chain(invoice.bind(3), mail.bind("ada", RESULT), close.bind(3), on_error=tell).publish()
    assert names(local.run_until_idle()) == ["invoice", "mail", "mail", "tell"]
    assert done[1:] == [(500, "ada")]


def test_a_result_that_does_not_fit_ends_the_chain_and_runs_nothing_again(
    local: LocalQStash, caplog: pytest.LogCaptureFixture
) -> None:
    chain(invoice.bind(3), close.bind(order_id=RESULT)).publish()
    (attempt,) = local.run_until_idle()
    assert (attempt.status, names([attempt])) == (489, ["invoice"])
    assert b"close: order_id does not fit (int_parsing)" in attempt.answer
    assert "the chain ends behind tests.tasks.test_chains.invoice, which does not run again" in caplog.text


def test_a_result_that_is_no_json_is_told_once(local: LocalQStash, caplog: pytest.LogCaptureFixture) -> None:
    odd.publish()
    chain(odd.bind(), close.bind(4)).publish()
    chain(odd.bind(), close.bind(RESULT)).publish()
    attempts = local.run_until_idle()
    assert [attempt.status for attempt in attempts] == [200, 200, 489, 200]
    assert done == ["odd", "odd", "odd", ("close", 4)]
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert told[0] == (
        "qstash: what tests.tasks.test_chains.odd returned (object) is no JSON; it was answered null, and does not run "
        "again"
    )


def test_a_chain_is_a_value(local: LocalQStash) -> None:
    both = chain(invoice.bind(3), mail.bind("ada", RESULT))
    both.publish()
    both.publish()
    local.run_until_idle()
    assert len({entry[1] for entry in done if entry[0] == "invoice"}) == 2
    assert repr(both) == "<Chain of tests.tasks.test_chains.invoice, tests.tasks.test_chains.mail>"


def test_what_follows_may_be_served_by_newer_code_alone(local: LocalQStash) -> None:
    unknown = Task(close.function, "shop.tomorrow", (), {})
    local.strict = False
    chain(invoice.bind(3), unknown.bind(4)).publish()
    attempts = local.deliver_due()
    assert [attempt.status for attempt in attempts] == [200, 404]


WRONG: dict[str, tuple[Any, str]] = {
    "nothing": (lambda: chain(), "a chain needs a call"),
    "a task": (lambda: chain(invoice), "a chain is made of calls"),  # type: ignore[arg-type]
    "a result of nothing": (lambda: chain(mail.bind("a", RESULT)), "no call comes before the first"),
    "a result of nothing, published": (lambda: mail.bind("a", RESULT).message(), "no call comes before the first"),
    "nobody to tell": (lambda: chain(close.bind(3), on_error=print), "on_error must be a task"),  # type: ignore[arg-type]
    "nobody who listens": (lambda: chain(close.bind(3), on_error=close).message(), "needs a parameter annotated"),
    "two to tell": (
        lambda: chain(close.using(failure_callback=tell).bind(3), on_error=tell).message(),
        "give on_error or failure_callback, not both",
    ),
    "an argument that looks like a result": (
        lambda: chain(close.bind(3), Task(anything, "shop.a", (), {}).bind({"$result": True})).message(),
        "value looks like RESULT",
    ),
}


def anything(value: Any) -> None: ...


@pytest.mark.parametrize(("make", "told"), WRONG.values(), ids=WRONG)
def test_what_is_no_chain_says_why(make: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        make()


@pytest.mark.anyio
async def test_async_code_publishes_chains() -> None:
    with LocalQStash(TasksApp([invoice, mail])) as local:
        await chain(invoice.bind(3), mail.bind("ada", RESULT)).apublish()
        with pytest.raises(RuntimeError, match=r"await chain\(\.\.\.\)\.apublish\(\)"):
            chain(invoice.bind(3)).publish()
        with pytest.raises(RuntimeError, match=r"await invoice\.bind\(\.\.\.\)\.apublish\(\)"):
            invoice.bind(3).publish()
        assert len(await local.arun_until_idle()) == 2


def test_with_once_a_call_that_comes_again_days_later_is_followed_by_nothing_new() -> None:
    done.clear()
    broken.clear()
    app = TasksApp([invoice, mail], once=MemoryStore())
    first = chain(invoice.bind(3), mail.bind("ada", RESULT)).message()
    with LocalQStash(app) as local:
        QStash().publish(first)
        local.run_until_idle()
        local.advance(hours=1)  # beyond the ten minutes within which QStash merges repeats
        QStash().publish(first)
        (attempt,) = local.run_until_idle()
    assert (attempt.status, attempt.answer) == (200, b'{"duplicate":true}')
    assert [entry[0] for entry in done] == ["invoice", "mail"]


def test_with_once_a_follow_up_that_is_published_twice_runs_once() -> None:
    done.clear()
    first = delivery_of(chain(mail.bind("ada", b""), close.bind(3)).message())
    published: list[Any] = []
    for _ in range(2):
        run(arrive(Mount.of(mail), mail, first), published.extend)
    with LocalQStash(TasksApp(close, once=MemoryStore())) as local:
        for message in published:
            QStash().publish(message)
            local.run_until_idle()
            local.advance(hours=1)
    assert done[2:] == [("close", 3)]


def test_what_follows_a_schedules_call_takes_the_place_of_no_other() -> None:
    calls = chain(mail.bind("ada", b""), close.bind(3))
    of_call = calls.message()
    call_id = of_call["url"].partition("?id=")[2][:32]
    # Its message's id is a header that whoever has captured a request may choose.
    published: list[Any] = []
    for delivery in (delivery_of(of_call), delivery_of(calls.planned(), message_id=call_id)):
        run(arrive(Mount.of(mail), mail, delivery), published.extend)
    assert published[0]["deduplication_id"] != published[1]["deduplication_id"]


def test_what_follows_a_schedules_call_is_one_call_for_all_its_attempts() -> None:
    planned = chain(mail.bind("ada", b""), close.bind(3)).planned()
    published: list[Any] = []
    for attempt in (1, 2):
        run(arrive(Mount.of(mail), mail, delivery_of(planned, attempt=attempt)), published.extend)
    assert published[0]["deduplication_id"] == published[1]["deduplication_id"]


def test_with_once_what_was_given_up_comes_back_from_the_dead_letters() -> None:
    done.clear()

    @task(name="close", gives_up_on=OSError)
    def close_once(order_id: int) -> None:
        done.append(order_id)
        if len(done) == 1:
            raise OSError

    with LocalQStash(TasksApp(close_once, once=MemoryStore())) as local:
        close_once.publish(3)
        local.run_until_idle()
        close_once.dead_letters().retry()
        assert [attempt.status for attempt in local.run_until_idle()] == [200]
    assert done == [3, 3]
