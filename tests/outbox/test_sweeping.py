"""Sweeping on a moved clock: what is sent, what waits, and what becomes of rows whose holder is gone."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from qstash_integrations import AsyncQStash, QStash
from qstash_integrations._core.publishing.call import APIResponse, Lost
from qstash_integrations._core.publishing.operations.message import enqueue, publish
from qstash_integrations.outbox.driving import adrive, drive
from qstash_integrations.outbox.row import Row, new_holder
from qstash_integrations.outbox.steps import OfClient, Pause, Steps
from qstash_integrations.outbox.sweeping import Manner, Swept, sweep, written
from qstash_integrations.outbox.written import rows_of
from tests.outbox.hand import FakeQStash, Hand, refusal
from tests.outbox.memory import AsyncMemoryStore, MemoryStore

URL = "https://shop.example/hooks/ship"
HOLDER = "a" * 32


@pytest.fixture
def client() -> QStash:
    return QStash("token", retry=False, headers={"X-Protection": "let me in"})


@pytest.fixture
def write(store: MemoryStore, hand: Hand) -> Callable[..., list[Row]]:
    def write(count: int = 1, **message: Any) -> list[Row]:
        make = enqueue if "queue" in message else publish
        message = {"url": URL, "body": "hi", **message}
        if "url_group" in message:
            del message["url"]
        rows = [row for _ in range(count) for row in rows_of(make(message, None), hand.now_at, HOLDER)]
        store.write(rows)
        return sorted(rows, key=lambda row: row.id)

    return write


@pytest.fixture
def run(store: MemoryStore, hand: Hand, client: QStash) -> Callable[..., Swept]:
    def run(**values: Any) -> Swept:
        limits = {name: values.pop(name) for name in ("limit", "seconds") if name in values}
        return drive(sweep(Manner(clock=hand.clock, **values), **limits), store, client)

    return run


def ended(steps: Steps[Swept], answer: Any) -> Steps[Swept]:
    """What is left of the steps once the last one is answered."""
    try:
        step = steps.send(answer)
    except StopIteration as over:
        swept: Swept = over.value
        return swept
    return (yield from ended(steps, (yield step)))


def test_what_its_writer_has_not_sent_is_swept_when_its_lease_is_over(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any
) -> None:
    (row,) = write()
    hand.move(29.9)
    assert run() == Swept()
    hand.move(0.1)
    assert run() == Swept(sent=1)
    assert (fake.ids, store.rows) == ([row.id], {})


def test_a_message_is_sent_as_it_would_have_been_with_the_clients_headers(
    hand: Hand, fake: FakeQStash, write: Any, run: Any
) -> None:
    (row,) = write(headers={"X-Shop": "1"}, queue="orders")
    hand.move(30)
    run()
    (sent,) = fake.accepted
    assert (sent.destination, sent.queue, sent.body) == (URL, "orders", b"hi")
    assert sent.headers["Upstash-Forward-X-Protection"] == "let me in"
    assert sent.headers["Upstash-Forward-X-Shop"] == "1"
    assert sent.headers["Upstash-Deduplication-Id"] == sent.row_id == row.id


def test_up_to_a_hundred_go_in_one_call(hand: Hand, fake: FakeQStash, write: Any, run: Any) -> None:
    rows = write(230)
    hand.move(30)
    assert run().sent == 230
    assert fake.calls == ["batch", "batch", "batch"]
    assert sorted(fake.ids) == [row.id for row in rows]
    assert fake.accepted[0].headers["Upstash-Forward-X-Protection"] == "let me in"


def test_large_messages_share_a_call_as_far_as_ten_megabytes(
    hand: Hand, fake: FakeQStash, write: Any, run: Any
) -> None:
    write(3, body="x" * 4_000_000)
    hand.move(30)
    run()
    assert fake.calls == ["batch", "publish"]


def test_what_is_no_text_goes_alone(hand: Hand, fake: FakeQStash, write: Any, run: Any) -> None:
    write(2)
    hand.move(0.001)
    write(body=b"\xff\x00")
    hand.move(0.001)
    write(2)
    hand.move(30)
    run()
    assert fake.calls == ["batch", "publish", "batch"]
    assert fake.accepted[2].body == b"\xff\x00"


def test_a_refused_batch_is_sent_one_by_one_under_the_same_ids(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any
) -> None:
    rows = write(5)
    bad = rows[2].id
    fake.refuses = lambda message: refusal(400, "bad") if message.row_id == bad else None
    hand.move(30)
    assert run() == Swept(sent=4, parked=1, error="QStash answered 400: bad")
    assert fake.calls == ["batch", *["publish"] * 5]
    assert [message.headers["Upstash-Deduplication-Id"] for message in fake.accepted] == fake.ids
    assert [(row.id, row.due_at, row.error) for row in store.rows.values()] == [(bad, None, "QStash answered 400: bad")]


def test_of_a_batch_only_those_are_sent_again_that_were_refused(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any
) -> None:
    write(3)
    fake.answers.append(
        APIResponse(200, json.dumps([{"messageId": "m1"}, {"error": "bad"}, {"messageId": "m3"}]).encode())
    )
    fake.answers.append(refusal(422, "bad"))
    hand.move(30)
    assert run() == Swept(sent=2, parked=1, error="QStash answered 422: bad")
    assert fake.calls == ["batch", "publish"]
    assert len(store.rows) == 1


@pytest.mark.sampled("count")
@pytest.mark.parametrize(
    "outcome",
    [*(refusal(status) for status in (401, 402, 403, 404, 429, 500, 502, 503)), Lost("connection refused"),
     APIResponse(200, b"<html>"), APIResponse(200, b"{}"), APIResponse(200, b"null"), APIResponse(302, b"")],
    ids=["401", "402", "403", "404", "429", "500", "502", "503", "lost", "no JSON", "no id", "null", "302"],
)  # fmt: skip
@pytest.mark.parametrize("count", [1, 250])
def test_an_accounts_fault_parks_nothing_and_all_wait(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any, outcome: Any, count: int
) -> None:
    write(count)
    fake.answers.extend([outcome] * 2)
    hand.move(30)
    swept = run()
    assert (swept.sent, swept.parked, swept.is_over) == (0, 0, False)
    assert 500 <= swept.pause <= 1000
    assert len(fake.calls) <= 2
    assert all(row.due_at is not None for row in store.rows.values())
    fake.answers.clear()
    hand.move(3)
    assert run().sent == count
    assert store.rows == {}


def test_what_was_taken_and_not_sent_is_given_back(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any
) -> None:
    write(3, body=b"\xff")
    fake.answers.append(refusal(503))
    hand.move(30)
    assert run().refused == 1
    tried = [row.tries for row in store.rows.values()]
    assert sorted(tried) == [0, 0, 1]
    assert sum(row.due_at == hand.now_at for row in store.rows.values()) == 2


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        (refusal(429, retry_after="40"), 40_000),
        (refusal(503, retry_after="40"), 40_000),
        (refusal(503, retry_after="86400"), 900_000),
        (refusal(429, burst_ratelimit_limit="100", burst_ratelimit_reset="1700000050"), 20_000),
        (refusal(429, ratelimit_limit="100", ratelimit_reset="1700086400"), 900_000),
    ],
    ids=["slowly", "away", "away for a day", "burst", "the day is used up"],
)
def test_a_pause_is_as_long_as_qstash_asks(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any, answer: Any, pause: int
) -> None:
    write()
    fake.answers.append(answer)
    hand.move(30)
    assert run().pause == pause
    assert [row.due_at for row in store.rows.values()] == [hand.now_at + pause]


def test_pauses_that_follow_one_another_are_longer(hand: Hand, fake: FakeQStash, write: Any, run: Any) -> None:
    write()
    fake.answers.append(refusal(503))
    hand.move(30)
    assert 8_000 <= run(failures=4).pause <= 16_000


def test_a_url_group_that_is_not_there_keeps_nobody_back(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any
) -> None:
    (lonely,) = write(url_group="nobody")
    write(3)
    fake.refuses = lambda message: refusal(404, "topic nobody not found") if message.destination == "nobody" else None
    hand.move(30)
    swept = run()
    assert (swept.sent, swept.refused, swept.parked, swept.pause) == (3, 1, 0, 0)
    assert list(store.rows) == [lonely.id]


def test_a_row_that_makes_every_batch_fail_goes_alone_in_the_end(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any
) -> None:
    rows = write(5)
    poison = rows[0].id
    fake.refuses = lambda message: refusal(500, "oops") if message.row_id == poison else None
    hand.move(30)
    for _ in range(20):
        run()
        hand.move(60)
    assert list(store.rows) == [poison]


def test_a_row_that_fails_each_time_keeps_nobody_back_however_seldom_somebody_sweeps(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any
) -> None:
    (poison,) = write()
    hand.move(0.001)
    write(1)
    fake.refuses = lambda message: refusal(500, "oops") if message.row_id == poison.id else None
    for _ in range(6):
        hand.move(1200)
        run()
    assert list(store.rows) == [poison.id]


@pytest.mark.parametrize(
    "change",
    [
        {"headers": None},
        {"destination": "../schedules"},
        {"destination": "https://shop.example/../v2"},
        {"destination": ""},
        {"queue": "../x"},
        {"headers": (("Authorization", "Bearer other"),)},
        {"headers": (("Upstash-Forward-X", "a\r\nb"),)},
        {"headers": (("Upstash Retries", "1"),)},
    ],
    ids=str,
)
def test_a_row_of_which_no_call_can_be_made_is_parked(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any, change: dict[str, Any]
) -> None:
    bad, *_ = write(3)
    store.write([replace(bad, **change)])
    hand.move(30)
    swept = run()
    assert (swept.sent, swept.parked, swept.pause) == (2, 1, 0)
    assert (store.rows[bad.id].due_at, bool(store.rows[bad.id].error)) == (None, True)


def test_a_private_url_is_its_rows_fault_where_qstash_is_hosted(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any
) -> None:
    (bad,) = write(url="http://localhost:8000/hooks")
    (other,) = write(callback="http://10.0.0.1/told")
    write(1)
    hand.move(30)
    assert (run().parked, sorted(store.rows)) == (2, sorted([bad.id, other.id]))
    assert "private network" in (store.rows[bad.id].error or "")


def test_a_private_url_goes_to_a_qstash_on_this_machine(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any
) -> None:
    write(url="http://localhost:8000/hooks")
    hand.move(30)
    here = QStash("token", base_url="http://localhost:8080", retry=False)
    assert drive(sweep(Manner(clock=hand.clock)), store, here).sent == 1


def test_a_missing_setting_is_no_rows_fault(hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any) -> None:
    write(3)
    hand.move(30)
    from qstash_integrations._core.settings.values import Settings

    unset = QStash.from_settings(lambda: Settings.load({}))
    swept = drive(sweep(Manner(clock=hand.clock)), store, unset)
    assert (swept.parked, swept.pause > 0, fake.calls) == (0, True, [])
    assert "QSTASH_TOKEN" in (swept.error or "")
    assert {row.tries for row in store.rows.values()} == {0}


def test_what_was_sent_is_kept_where_that_is_wanted(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any
) -> None:
    (row,) = write()
    hand.move(30)
    run(keep=True)
    kept = store.rows[row.id]
    assert (kept.due_at, kept.sent_at, kept.message_id) == (None, hand.now_at, f"msg_{row.id}")


def test_a_sweep_ends_after_so_many_rows_or_so_much_time(hand: Hand, fake: FakeQStash, write: Any, run: Any) -> None:
    write(250)
    hand.move(30)
    first = run(limit=30)
    assert (first.sent, first.is_over) == (30, False)
    fake.before = lambda: hand.move(15)
    second = run(seconds=20)
    assert (second.sent, second.is_over) == (200, False)
    assert (run().sent, run().is_over) == (20, True)


def test_a_sweep_ends_by_a_clock_that_is_not_set(hand: Hand, fake: FakeQStash, write: Any, run: Any) -> None:
    write(250)
    hand.move(30)

    def passes() -> None:
        hand.monotonic_at += 15

    fake.before = passes
    assert run(seconds=20).sent == 200


def test_a_lease_is_not_outlived_by_who_holds_it(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any
) -> None:
    write(10, body=b"\xff")
    hand.move(30)
    fake.before = lambda: hand.move(10)
    swept = run(limit=10)
    assert (swept.sent, swept.lost) == (4, 0)
    assert {row.due_at for row in store.rows.values()} == {hand.now_at}


def test_a_sweep_that_is_stopped_ends_after_its_call(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any
) -> None:
    write(10, body=b"\xff")
    hand.move(30)
    swept = run(stopped=lambda: len(fake.calls) == 3)
    assert (swept.sent, swept.is_over) == (3, False)
    assert {row.due_at for row in store.rows.values()} == {hand.now_at}


def test_who_comes_back_late_changes_nothing(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any
) -> None:
    (row,) = write()
    hand.move(30)
    late = sweep(Manner(clock=hand.clock))
    client = QStash("token", retry=False)
    step, answer = next(late), None
    while not (isinstance(step, OfClient) and step.waits):
        assert not isinstance(step, Pause)
        answer = step.ask(store if not isinstance(step, OfClient) else client)
        step = late.send(answer)
    hand.move(60)
    fake.answers.append(refusal(503))
    assert run().refused == 1
    between = store.rows[row.id]
    swept = drive(ended(late, ["msg_1"]), store, client)
    assert (swept.sent, swept.lost) == (1, 1)
    assert store.rows[row.id] == between


def test_a_clock_that_is_set_back_two_hours_keeps_nothing_back(
    hand: Hand, fake: FakeQStash, write: Any, run: Any
) -> None:
    write()
    hand.set_back(7200)
    assert run().sent == 1


def test_a_lost_answer_is_asked_for_again_under_the_same_id(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any
) -> None:
    (row,) = write()
    hand.move(30)
    fake.answers.append(Lost("the connection was reset"))
    run()
    hand.move(2)
    fake.answers.append(APIResponse(202, b'{"messageId":"msg_1","deduplicated":true}'))
    assert run() == Swept(sent=1)
    assert store.rows == {}
    assert row.id


def test_a_url_group_has_a_receipt_for_each_endpoint(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any
) -> None:
    (row,) = write(url_group="shops")
    fake.answers.append(APIResponse(201, b'[{"messageId":"m1","url":"https://a.example"}]'))
    hand.move(30)
    run(keep=True)
    assert store.rows[row.id].message_id == "m1"


def test_what_was_written_is_sent_after_its_commit_and_nothing_that_was_rolled_back(
    hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, client: QStash
) -> None:
    rows = write(3)
    del store.rows[rows[1].id]
    jobs = [([rows[0].id, rows[1].id], HOLDER), ([rows[2].id], HOLDER), (["0" * 32], new_holder())]
    assert drive(written(jobs, Manner(clock=hand.clock)), store, client) == Swept(sent=2)
    assert (fake.calls, fake.ids, store.rows) == (["batch"], [rows[0].id, rows[2].id], {})


def test_a_database_that_is_away_is_told(hand: Hand, client: QStash) -> None:
    class Away(MemoryStore):
        def claim(self, *_: object) -> list[Row]:
            raise OSError("away")

    with pytest.raises(OSError, match="away"):
        drive(sweep(Manner(clock=hand.clock)), Away(), client)


def test_no_secret_is_written_down(hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any, run: Any) -> None:
    (row,) = write(body="topsecret1", headers={"X-Key": "topsecret2"})
    fake.answers.append(refusal(400, "bad topsecret1 topsecret2 Bearer token"))
    hand.move(30)
    swept = run()
    assert swept.error == store.rows[row.id].error
    assert "topsecret" not in (swept.error or "")


@pytest.mark.anyio
async def test_async_code_takes_the_same_steps(hand: Hand, store: MemoryStore, fake: FakeQStash, write: Any) -> None:
    rows = write(4)
    bad = rows[1].id
    fake.refuses = lambda message: refusal(413, "too large") if message.row_id == bad else None
    hand.move(30)
    async with AsyncQStash("token", retry=False) as client:
        swept = await adrive(sweep(Manner(clock=hand.clock)), AsyncMemoryStore(store), client)
    assert (swept.sent, swept.parked) == (3, 1)
