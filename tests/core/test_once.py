"""From a delivery to the handler's turn: what is claimed, what a duplicate is answered, and how a turn ends."""

import asyncio
import gc
import logging
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from qstash_integrations import Claims, ConfigurationError, Delivery
from qstash_integrations._core.receiving.answers import ALREADY_DONE, REJECTED, STORE_UNAVAILABLE, Answer, in_progress
from qstash_integrations._core.receiving.once import Once, Turn
from qstash_integrations._core.receiving.options import Wanted
from qstash_integrations._core.receiving.report import Reporter
from qstash_integrations._core.receiving.runs import keys_of, run_of
from qstash_integrations.once import MemoryStore, Run, SQLiteStore, Standing
from tests.signing import NOW

CLAIMS = Claims(
    sub="https://api.example.com/hooks/ship",
    body="3XKT8BxP0pPMcVOfen1EQ04rKCIME0YJ7v1lqltj_aA=",
    exp=NOW + 300,
    nbf=0,
    iat=NOW,
    jti="jwt_TESTONLY1",
    key="current",
)


def delivery(message_id: str | None = "msg_1", **claims: Any) -> Delivery:
    return Delivery(b"", CLAIMS._replace(**claims), message_id)


SAME: dict[str, tuple[Delivery, Delivery]] = {
    "another attempt": (delivery(), delivery(jti="jwt_TESTONLY2", exp=NOW + 360, iat=NOW + 60)),
    "padded and unpadded": (delivery(), delivery(body="3XKT8BxP0pPMcVOfen1EQ04rKCIME0YJ7v1lqltj_aA")),
    "signed with the next key": (delivery(), delivery(key="next")),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_the_same_message_is_known_again(one: Delivery, other: Delivery) -> None:
    assert run_of(one, "POST", NOW).message == run_of(other, "POST", NOW).message


DIFFERENT: dict[str, tuple[Delivery, Delivery]] = {
    "id": (delivery(), delivery("msg_2")),
    "signed URL": (delivery(), delivery(sub="https://api.example.com/hooks/bill")),
    "signed body": (delivery(), delivery(body="47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=")),
    "no id": (delivery(None), delivery(None, jti="jwt_TESTONLY2")),
    "parts that are cut elsewhere": (delivery("a", sub="b\x00c"), delivery("a\x00b", sub="c")),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_other_messages_are_told_apart(one: Delivery, other: Delivery) -> None:
    assert run_of(one, "POST", NOW).message != run_of(other, "POST", NOW).message


def test_a_token_is_known_by_its_jti() -> None:
    assert run_of(delivery(), "POST", NOW).token == run_of(delivery("msg_2", key="next"), "POST", NOW).token
    assert run_of(delivery(), "POST", NOW).token != run_of(delivery(jti="jwt_TESTONLY2"), "POST", NOW).token


def test_a_token_without_a_jti_is_known_by_what_was_signed() -> None:
    assert run_of(delivery(jti=None), "POST", NOW).token == run_of(delivery("msg_2", jti=None), "POST", NOW).token
    assert run_of(delivery(jti=None), "POST", NOW).token != run_of(delivery(jti=None, exp=NOW + 301), "POST", NOW).token


def test_every_run_has_a_holder_of_its_own() -> None:
    assert run_of(delivery(), "POST", NOW).holder != run_of(delivery(), "POST", NOW).holder


def test_stores_know_what_earlier_versions_have_kept() -> None:
    claims = Claims('https://api.example.com/hook?q="é"', "x" * 43, 300, 0, 0, "jwt_1", "current")
    assert keys_of(Delivery(b"{}", claims, message_id='msg_"1"\\'), "POST") == (
        "b0b2277b92632ea92f66f19ac1f2f314deeef11a31be771e729a19e66f339973",
        "ad998eb3d6c313b7dfb2b64d7cdeb9dbf6006e3d143e8634620393fe4b0e097f",
    )


def test_the_keys_are_digests() -> None:
    run = run_of(delivery("m" * 1000), "POST", NOW)
    assert re.fullmatch("[0-9a-f]{64}", run.message)
    assert re.fullmatch("[0-9a-f]{64}", run.token)


@pytest.mark.parametrize(("now", "ttl"), [(NOW, 600.0), (NOW + 299, 301.0), (NOW + 600, 1.0), (NOW + 700, 1.0)])
def test_a_token_is_remembered_until_no_receiver_takes_it(now: float, ttl: float) -> None:
    run = run_of(delivery(), "POST", now)
    assert (run.token_ttl, run.lease, run.kept) == (ttl, 10.0, 172800.0)


FREE = Standing("free")


class Script:
    """A store that says what it was told to say, and notes what it was asked."""

    lease, kept = 30.0, 172_800.0

    def __init__(self, found: Standing | Exception = FREE, ended: bool | Exception = True) -> None:
        self.found = found
        self.ended = ended
        self.asked: list[str] = []

    def claim(self, run: Run) -> Standing:
        self.asked.append("claim")
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    def renew(self, run: Run) -> bool:
        return self._end("renew")

    def complete(self, run: Run) -> bool:
        return self._end("complete")

    def release(self, run: Run) -> bool:
        return self._end("release")

    async def aclaim(self, run: Run) -> Standing:
        return self.claim(run)

    async def acomplete(self, run: Run) -> bool:
        return self._end("complete")

    async def arelease(self, run: Run) -> bool:
        return self._end("release")

    def _end(self, how: str) -> bool:
        self.asked.append(how)
        if isinstance(self.ended, Exception):
            raise self.ended
        return self.ended


def plain_begin(once: Once, delivery: Delivery, claimed: Any = None, method: str = "POST") -> Turn | Answer:
    return once.begin(delivery, method, claimed)


def awaited_begin(once: Once, delivery: Delivery, claimed: Any = None, method: str = "POST") -> Turn | Answer:
    return anyio.run(once.abegin, delivery, method, claimed)


def plain_end(turn: Turn, status: int | None) -> None:
    turn.end(status)


def awaited_end(turn: Turn, status: int | None) -> None:
    anyio.run(turn.aend, status)


Begin = Callable[..., Turn | Answer]
End = Callable[[Turn, int | None], None]
BEGINS = {"plain": plain_begin, "awaited": awaited_begin}
ENDS = {"plain": plain_end, "awaited": awaited_end}
both_begins = pytest.mark.parametrize("begin", BEGINS.values(), ids=BEGINS)
both_ends = pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)


def once(store: Any, reporter: Reporter | None = None) -> Once:
    return Once(store, lambda: NOW, reporter or Reporter())


ANSWERS: dict[str, tuple[Standing, Answer]] = {
    "busy": (Standing("busy", 20.5), in_progress(21)),
    "busy for longer than a lease": (Standing("busy", float("inf")), in_progress(30)),
    "done": (Standing("done"), ALREADY_DONE),
    "replayed": (Standing("replayed"), REJECTED),
    "what no store should say": (Standing("later"), REJECTED),  # type: ignore[arg-type]
}


@pytest.mark.sampled("begin")
@both_begins
@pytest.mark.parametrize(("found", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_a_duplicate_is_answered(begin: Begin, found: Standing, answer: Answer) -> None:
    assert begin(once(Script(found)), delivery()) == answer


@both_begins
def test_what_was_claimed_further_out_is_not_claimed_in_the_same_store_again(begin: Begin) -> None:
    store = Script()
    outer = begin(once(store), delivery())
    assert isinstance(outer, Turn)
    inner = begin(once(store), delivery(), outer.claimed)
    assert isinstance(inner, Turn)
    assert not inner.is_claimed
    inner.end(200)
    assert store.asked == ["claim"]


@both_begins
def test_S05_a_second_store_claims_for_itself(begin: Begin) -> None:
    outer_store, inner_store = Script(), Script()
    outer = begin(once(outer_store), delivery())
    assert isinstance(outer, Turn)
    inner = begin(once(inner_store), delivery(), outer.claimed)
    assert isinstance(inner, Turn)
    innermost = begin(once(outer_store), delivery(), inner.claimed)
    assert isinstance(innermost, Turn)
    for turn in (innermost, inner, outer):
        turn.end(200)
    assert outer_store.asked == inner_store.asked == ["claim", "complete"]


@both_begins
def test_S05_two_stores_on_the_same_claims_let_one_request_pass(begin: Begin, tmp_path: Path) -> None:
    outer_store, inner_store = (SQLiteStore(tmp_path / "claims.db") for _ in range(2))
    outer = begin(once(outer_store), delivery())
    assert isinstance(outer, Turn)
    inner = begin(once(inner_store), delivery(), outer.claimed)
    assert isinstance(inner, Turn)
    assert not inner.is_claimed
    outer.end(200)
    assert begin(once(inner_store), delivery(jti="jwt_TESTONLY2")) == ALREADY_DONE
    outer_store.close()
    inner_store.close()


@both_begins
def test_the_claim_of_another_request_does_not_count(begin: Begin) -> None:
    store = Script()
    other = begin(once(store), delivery(jti="jwt_TESTONLY2"))
    assert isinstance(other, Turn)
    assert isinstance(begin(once(store), delivery(), other.claimed), Turn)
    assert store.asked == ["claim", "claim"]


@both_begins
@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "head", "TRACE", "PROPFIND", ""])
def test_S04_a_method_that_QStash_never_sends_has_no_turn(
    begin: Begin, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = Script()
    assert begin(once(store), delivery(), method=method) == REJECTED
    assert store.asked == []
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "WARNING",
            "qstash request not handled again: reason=method: QStash sends none with this method, so somebody repeats "
            "a request of QStash; url='https://api.example.com/hooks/ship'",
        )
    ]


@both_begins
def test_S04_a_token_is_good_for_the_method_it_came_with_first(begin: Begin) -> None:
    guarded = once(MemoryStore(now=lambda: NOW))
    first = begin(guarded, delivery())
    assert isinstance(first, Turn)
    first.end(500)
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert begin(guarded, delivery(), method=method) == REJECTED
    again = begin(guarded, delivery(), method="post")
    assert isinstance(again, Turn)
    again.end(200)
    assert begin(guarded, delivery(jti="jwt_TESTONLY2")) == ALREADY_DONE


@both_begins
def test_S04_what_was_done_as_GET_is_not_done_as_POST(begin: Begin) -> None:
    guarded = once(MemoryStore(now=lambda: NOW))
    stranger = begin(guarded, delivery(), method="GET")
    assert isinstance(stranger, Turn)
    stranger.end(200)
    assert isinstance(begin(guarded, delivery(jti="jwt_TESTONLY2")), Turn)


@both_begins
def test_H72_with_the_store_out_of_reach_nobody_has_a_turn(begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
    guarded = once(Script(OSError("redis://user:hunter2@cache.example is down")))
    assert [begin(guarded, delivery()) for _ in range(3)] == [STORE_UNAVAILABLE] * 3
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "ERROR",
            "qstash duplicate protection failed with OSError; requests are answered 503 while its store cannot be "
            "reached, and a message that was being handled may be handled again",
        )
    ]


@both_begins
def test_a_store_that_cannot_work_says_what_to_change(begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
    guarded = once(Script(ConfigurationError("the cache 'default' is a DummyCache")))
    assert begin(guarded, delivery()) == STORE_UNAVAILABLE
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "ERROR",
            "qstash duplicate protection does not work, and requests are answered 503: the cache 'default' is a "
            "DummyCache",
        )
    ]


STATUSES: list[tuple[int | None, str]] = [
    (200, "complete"),
    (204, "complete"),
    (299, "complete"),
    (489, "complete"),
    (None, "release"),
    (199, "release"),
    (302, "release"),
    (401, "release"),
    (488, "release"),
    (500, "release"),
    (503, "release"),
]


@pytest.mark.sampled("end")
@both_ends
@pytest.mark.parametrize(("status", "how"), STATUSES)
def test_done_is_2xx_and_489(end: End, status: int | None, how: str) -> None:
    store = Script()
    turn = once(store).begin(delivery(), "POST")
    assert isinstance(turn, Turn)
    end(turn, status)
    assert store.asked == ["claim", how]


@both_ends
def test_only_the_first_end_counts(end: End) -> None:
    store = Script()
    turn = once(store).begin(delivery(), "POST")
    assert isinstance(turn, Turn)
    end(turn, 200)
    end(turn, None)
    assert store.asked == ["claim", "complete"]


@both_begins
def test_a_turn_that_is_forgotten_is_given_up_before_the_next_one_begins(begin: Begin) -> None:
    store = Script()
    guarded = once(store)
    forgotten: Turn | Answer | None = begin(guarded, delivery())
    del forgotten
    gc.collect()
    assert store.asked == ["claim"]
    following = begin(guarded, delivery())
    assert isinstance(following, Turn)
    assert store.asked == ["claim", "release", "claim"]


@both_ends
def test_a_store_that_fails_at_the_end_fails_no_response(end: End, caplog: pytest.LogCaptureFixture) -> None:
    turn = once(Script(ended=OSError("down"))).begin(delivery(), "POST")
    assert isinstance(turn, Turn)
    end(turn, 200)
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "qstash duplicate protection failed with OSError"
    ]


@both_ends
def test_S05_a_handler_that_was_overtaken_is_reported(end: End, caplog: pytest.LogCaptureFixture) -> None:
    turn = once(Script(ended=False)).begin(delivery(), "POST")
    assert isinstance(turn, Turn)
    end(turn, 200)
    assert caplog.messages == [
        "qstash duplicate protection: a handler was at work for more than 30 seconds without a renewal of its lease; "
        "another took its message over, and what becomes of the first changes nothing of that"
    ]


def test_a_turn_ends_although_its_task_is_cancelled() -> None:
    store = Script()

    async def cancelled() -> None:
        with anyio.CancelScope() as scope:
            turn = await once(store).abegin(delivery(), "POST")
            assert isinstance(turn, Turn)
            scope.cancel()
            try:
                await anyio.sleep_forever()
            finally:
                await turn.aend(None)

    for backend in ("asyncio", "trio"):
        anyio.run(cancelled, backend=backend)
    assert store.asked == ["claim", "release"] * 2


@both_begins
def test_a_claim_that_may_have_been_made_is_given_up_when_the_store_is_back(begin: Begin) -> None:
    class Lost(MemoryStore):
        """Claims, and loses the first answer."""

        lose = True

        def claim(self, run: Run) -> Standing:
            standing = super().claim(run)
            if self.lose:
                self.lose = False
                raise ConnectionError("lost")
            return standing

    guarded = once(Lost(now=lambda: NOW))
    assert begin(guarded, delivery()) == STORE_UNAVAILABLE
    assert isinstance(begin(guarded, delivery(jti="jwt_TESTONLY2")), Turn)


@both_begins
def test_after_a_long_outage_nobody_waits_for_the_release_of_all(begin: Begin) -> None:
    store = Script(OSError("down"), OSError("down"))
    guarded = once(store)
    for number in range(1000):
        guarded.begin(delivery(f"msg_{number}"), "POST")
    store.found, store.ended, store.asked = FREE, True, []
    assert isinstance(begin(guarded, delivery()), Turn)
    assert store.asked == ["release"] * 100 + ["claim"]


@both_begins
def test_a_release_that_fails_is_tried_again(begin: Begin) -> None:
    store = Script()
    guarded = once(store)
    first = begin(guarded, delivery())
    assert isinstance(first, Turn)
    store.ended = OSError("down")
    first.end(None)
    assert begin(guarded, delivery("msg_2")) == STORE_UNAVAILABLE
    store.ended = True
    assert isinstance(begin(guarded, delivery("msg_3")), Turn)
    # Both runs of which nothing is known are released before the third is claimed.
    assert store.asked == ["claim", "release", "release", "release", "release", "claim"]


def test_a_claim_whose_task_was_cancelled_is_given_up() -> None:
    started, left, claimed = threading.Event(), threading.Event(), threading.Event()

    class Slow(MemoryStore):
        async def aclaim(self, run: Run) -> Standing:
            def claim() -> Standing:
                started.set()
                left.wait(10)
                standing = self.claim(run)
                claimed.set()
                return standing

            return await asyncio.to_thread(claim)

    guarded = once(Slow(now=lambda: NOW))

    async def leave_and_come_again() -> Turn | Answer:
        task = asyncio.create_task(guarded.abegin(delivery(), "POST"))
        await asyncio.to_thread(started.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        left.set()
        await asyncio.to_thread(claimed.wait, 10)
        return await guarded.abegin(delivery(jti="jwt_TESTONLY2"), "POST")

    assert isinstance(asyncio.run(leave_and_come_again()), Turn)


RECORDS: dict[str, tuple[Standing, str, str]] = {
    "replayed": (
        Standing("replayed"),
        "WARNING",
        "qstash request not handled again: reason=replayed: its token was presented before, so somebody repeats a "
        "request of QStash; url='https://api.example.com/hooks/\\x1bship'",
    ),
    "busy": (
        Standing("busy"),
        "INFO",
        "qstash request not handled again: another request is at work on the same message; "
        "url='https://api.example.com/hooks/\\x1bship'",
    ),
    "done": (
        Standing("done"),
        "INFO",
        "qstash request not handled again: the message is done; url='https://api.example.com/hooks/\\x1bship'",
    ),
}


@pytest.mark.parametrize(("found", "level", "text"), RECORDS.values(), ids=RECORDS)
def test_a_duplicate_leaves_one_record_a_minute(
    caplog: pytest.LogCaptureFixture, found: Standing, level: str, text: str
) -> None:
    caplog.set_level(logging.DEBUG)
    seconds = [0.0]
    guarded = once(Script(found), Reporter(now=lambda: seconds[0]))
    for _ in range(3):
        guarded.begin(delivery(sub="https://api.example.com/hooks/\x1bship?token=secret"), "POST")
    seconds[0] = 60.0
    guarded.begin(delivery(sub="https://api.example.com/hooks/\x1bship"), "POST")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (level, text),
        (level, text + " (2 more since the last such record)"),
    ]


@pytest.mark.parametrize("store", [True, "claims.db", object(), MemoryStore], ids=["bool", "path", "object", "class"])
def test_what_is_no_store_is_refused_where_it_is_written(store: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^once must be a store, such as qstash_integrations\.once\.Memory"):
        Wanted.taken_from({"once": store})


CALL = "https://api.example.com/qstash/tasks/ship?id=0123456789abcdef0123456789abcdef&at=1795867200000&of=3"
OTHER_BODY = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU="
SAME_CALL: dict[str, tuple[Delivery, Delivery]] = {
    "another message": (delivery(sub=CALL), delivery("msg_2", sub=CALL)),
    "published later": (delivery(sub=CALL), delivery(sub=CALL.replace("at=17958", "at=17959"))),
    "other results before it": (delivery(sub=CALL), delivery(sub=CALL, body=OTHER_BODY)),
}
OTHER_CALL: dict[str, tuple[Delivery, Delivery]] = {
    "another id": (delivery(sub=CALL), delivery(sub=CALL.replace("=0123", "=3210"))),
    "another task": (delivery(sub=CALL), delivery(sub=CALL.replace("ship", "mail"))),
    "no id": (delivery(sub=CALL.replace("id=", "ID=")), delivery("msg_2", sub=CALL.replace("id=", "ID="))),
    "no such id": (delivery(sub=CALL.replace("=0", "=x")), delivery("msg_2", sub=CALL.replace("=0", "=x"))),
}


@pytest.mark.parametrize(("one", "other"), SAME_CALL.values(), ids=SAME_CALL)
def test_a_call_of_a_task_is_known_by_the_id_in_its_url(one: Delivery, other: Delivery) -> None:
    assert run_of(one, "POST", NOW, of_tasks=True).message == run_of(other, "POST", NOW, of_tasks=True).message
    assert run_of(one, "POST", NOW).message != run_of(other, "POST", NOW).message


@pytest.mark.parametrize(("one", "other"), OTHER_CALL.values(), ids=OTHER_CALL)
def test_other_calls_are_told_apart(one: Delivery, other: Delivery) -> None:
    assert run_of(one, "POST", NOW, of_tasks=True).message != run_of(other, "POST", NOW, of_tasks=True).message


@pytest.mark.parametrize("of_tasks", [True, False])
def test_a_task_that_gave_up_may_be_called_again_from_the_dead_letter_queue(of_tasks: bool) -> None:
    once = Once(MemoryStore(), lambda: NOW, Reporter(), of_tasks=of_tasks)
    turn = once.begin(delivery(sub=CALL), "POST")
    assert isinstance(turn, Turn)
    turn.end(489)
    again = once.begin(delivery(sub=CALL, jti="jwt_TESTONLY2"), "POST")
    assert isinstance(again, Turn) is of_tasks
