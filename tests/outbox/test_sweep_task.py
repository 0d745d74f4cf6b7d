"""QStash as the relay: a task that is bounded, goes on by a call of its own, and never fails."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest

from qstash_integrations import AsyncQStash, QStash
from qstash_integrations._core.errors import ConfigurationError
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations.outbox.here import AsyncHere, Here
from qstash_integrations.outbox.row import Row
from qstash_integrations.outbox.sweep_task import async_sweep_task, sweep_schedule, sweep_task
from qstash_integrations.tasks import Task
from qstash_integrations.tasks.mount import Mount
from qstash_integrations.tasks.running import arrive, arun, run
from tests.outbox.hand import NOW, FakeQStash, Hand, Sent, refusal
from tests.outbox.memory import AsyncMemoryStore, MemoryStore
from tests.outbox.store_contract import row
from tests.outbox.test_sender import written
from tests.tasks.deliveries import delivery_of

SWEEP = "https://shop.example/qstash/tasks/qstash_outbox.sweep"


@pytest.fixture(autouse=True)
def settings() -> Generator[None]:
    with override_settings(QSTASH_TOKEN="token-of-tests", QSTASH_PUBLIC_URL="https://shop.example"):
        yield


@pytest.fixture
def sweeps(store: MemoryStore, hand: Hand) -> Task[[], dict[str, Any]]:
    here = Here(store=store, client=QStash("token", retry=False), clock=hand.clock, keep=timedelta(minutes=1))
    return sweep_task(lambda: here)


def called(task: Task[[], Any]) -> bytes:
    """As QStash calls it."""
    return run(arrive(Mount.of(task), task, delivery_of(task.bind().message())), list)


def goes_on(sent: list[Sent]) -> list[str]:
    return [message.headers["Upstash-Deduplication-Id"] for message in sent if message.destination.startswith(SWEEP)]


def test_it_sends_what_is_due_and_answers_what_it_did(
    sweeps: Task[[], dict[str, Any]], store: MemoryStore, hand: Hand, fake: FakeQStash
) -> None:
    written(store, hand, 230)
    hand.move(30)
    assert called(sweeps) == b'{"sent":230,"refused":0,"parked":0,"is_over":true}'
    assert (len(fake.ids), goes_on(fake.accepted)) == (230, [])


def test_after_twenty_seconds_it_goes_on_by_a_call_of_its_own(
    sweeps: Task[[], dict[str, Any]], store: MemoryStore, hand: Hand, fake: FakeQStash
) -> None:
    written(store, hand, 1_000)
    hand.move(30)
    fake.before = lambda: hand.move(7)
    assert called(sweeps) == b'{"sent":300,"refused":0,"parked":0,"is_over":false}'
    assert fake.calls == ["batch", "batch", "batch", "publish"]
    (message,) = (message for message in fake.accepted if message.destination.startswith(SWEEP))
    assert message.headers["Upstash-Retries"] == "0"
    assert message.headers["Upstash-Deduplication-Id"] == f"qstash_outbox.sweep-{(NOW + 51_000) // 20_000}"


def test_its_time_is_over_in_the_midst_of_rows_that_go_alone(
    sweeps: Task[[], dict[str, Any]], store: MemoryStore, hand: Hand, fake: FakeQStash
) -> None:
    store.write(row(due_at=NOW, body=b"\xff", headers=(("Upstash-Deduplication-Id", "a"),)) for _ in range(10))
    fake.before = lambda: hand.move(7)
    assert called(sweeps) == b'{"sent":3,"refused":0,"parked":0,"is_over":false}'
    assert sum(one.due_at is not None and one.due_at <= hand.now_at for one in store.rows.values()) == 7


def test_while_qstash_is_away_it_does_not_go_on(
    sweeps: Task[[], dict[str, Any]], store: MemoryStore, hand: Hand, fake: FakeQStash
) -> None:
    written(store, hand)
    hand.move(30)
    fake.answers.append(refusal(503))
    assert called(sweeps) == b'{"sent":0,"refused":1,"parked":0,"is_over":false}'
    assert fake.calls == ["publish"]


def test_rows_that_were_kept_for_long_enough_are_deleted(
    sweeps: Task[[], dict[str, Any]], store: MemoryStore, hand: Hand, fake: FakeQStash
) -> None:
    store.write([row(due_at=None, sent_at=NOW - 60_001), row(due_at=None, sent_at=NOW - 59_999)])
    called(sweeps)
    assert len(store.rows) == 1


def test_it_never_fails(hand: Hand, fake: FakeQStash, caplog: pytest.LogCaptureFixture) -> None:
    class Away(MemoryStore):
        def claim(self, *args: Any) -> list[Row]:
            raise OSError("topsecret")

    def nowhere() -> Here:
        raise ConfigurationError("the outbox knows no engine")

    away = Here(store=Away(), client=QStash("token", retry=False), clock=hand.clock)
    assert called(sweep_task(lambda: away)) == called(sweep_task(nowhere)) == b'{"failed":true}'
    assert [record.getMessage() for record in caplog.records] == [
        "qstash outbox: a sweep has failed, and is left to the next: OSError",
        "qstash outbox: a sweep has failed, and is left to the next: the outbox knows no engine",
    ]


def test_a_call_that_cannot_be_published_fails_no_sweep(
    sweeps: Task[[], dict[str, Any]], store: MemoryStore, hand: Hand, fake: FakeQStash
) -> None:
    written(store, hand, 500)
    hand.move(30)
    fake.before = lambda: hand.move(20)
    fake.refuses = lambda message: refusal(401) if message.destination.startswith(SWEEP) else None
    assert called(sweeps) == b'{"failed":true}'
    assert len(store.rows) == 500  # kept, of which some were sent
    assert sum(one.sent_at is not None for one in store.rows.values()) == 100


@pytest.mark.anyio
async def test_of_an_outbox_of_async_code_it_is_awaited(store: MemoryStore, hand: Hand, fake: FakeQStash) -> None:
    written(store, hand, 1_000)
    hand.move(30)
    fake.before = lambda: hand.move(7)
    here = AsyncHere(store=AsyncMemoryStore(store), client=AsyncQStash("token", retry=False), clock=hand.clock)
    task = async_sweep_task(lambda: here)

    async def nothing(messages: list[Any]) -> None:
        assert messages == []

    answer = await arun(arrive(Mount.of(task), task, delivery_of(task.bind().message())), nothing)
    assert answer == b'{"sent":300,"refused":0,"parked":0,"is_over":false}'
    assert fake.calls == ["batch", "batch", "batch", "publish"]


def test_its_schedule_stands_in_the_code(sweeps: Task[[], dict[str, Any]]) -> None:
    declared = sweep_schedule(sweeps)
    assert (declared.name, declared.cron) == ("qstash-outbox", "*/5 * * * *")
    planned = declared.planned()
    assert planned["destination"].partition("?")[0] == SWEEP
    assert planned["retries"] == 0
    assert sweep_schedule(sweeps, "* * * * *", "billing-outbox").name == "billing-outbox"
