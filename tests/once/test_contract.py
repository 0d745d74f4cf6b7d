"""What every store promises, whether its methods are called or awaited."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest

from qstash_integrations.once import Run, Standing, Store
from tests.once.stores import KEPT, LEASE, TOKEN_TTL, Calls, Opened, awaited, plain, run

STYLES: dict[str, Callable[[Store], Calls]] = {"plain": plain, "awaited": awaited}


@pytest.fixture(params=STYLES)
def calls(request: pytest.FixtureRequest, opened: Opened) -> Calls:
    return STYLES[request.param](opened.store)


def test_the_first_is_free(calls: Calls) -> None:
    assert calls.claim(run()) == Standing("free")


def test_messages_do_not_know_each_other(calls: Calls) -> None:
    assert [calls.claim(run()).state for _ in range(3)] == ["free", "free", "free"]


def test_the_second_waits_no_longer_than_the_lease(calls: Calls, opened: Opened) -> None:
    first = run()
    calls.claim(first)
    opened.advance(300)
    state, wait = calls.claim(run(first.message))
    assert state == "busy"
    assert 590 < wait <= 600


def test_what_was_completed_is_done_for_as_long_as_it_is_kept(calls: Calls, opened: Opened) -> None:
    first = run()
    calls.claim(first)
    assert calls.complete(first) is True
    assert calls.claim(run(first.message)) == Standing("done")
    opened.advance(KEPT - 10)
    assert calls.claim(run(first.message)) == Standing("done")
    opened.advance(10)
    assert calls.claim(run(first.message)) == Standing("free")


def test_what_was_released_is_free(calls: Calls) -> None:
    first = run()
    calls.claim(first)
    assert calls.release(first) is True
    assert calls.claim(run(first.message)) == Standing("free")


def test_a_token_is_a_replay_while_its_run_is_at_work_and_once_it_is_done(calls: Calls) -> None:
    first = run()
    calls.claim(first)
    assert calls.claim(run(first.message, first.token)) == Standing("replayed")
    calls.complete(first)
    assert calls.claim(run(first.message, first.token)) == Standing("replayed")


def test_a_claim_whose_answer_was_lost_may_be_repeated(calls: Calls) -> None:
    first = run()
    assert calls.claim(first) == Standing("free")
    assert calls.claim(first) == Standing("free")
    assert calls.claim(run(first.message)).state == "busy"
    assert calls.complete(first) is True
    assert calls.claim(run(first.message)) == Standing("done")


def test_R12_a_token_may_come_again_after_its_run_was_released(calls: Calls) -> None:
    first = run()
    calls.claim(first)
    calls.release(first)
    again = run(first.message, first.token)
    assert calls.claim(again) == Standing("free")
    calls.complete(again)
    assert calls.claim(run(first.message, first.token)) == Standing("replayed")


ENDS: dict[str, Callable[[Calls, Run], object]] = {
    "at work": lambda calls, run: None,
    "done": lambda calls, run: calls.complete(run),
    "released": lambda calls, run: calls.release(run),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_token_is_a_replay_for_every_message_but_its_first(calls: Calls, end: Callable[[Calls, Run], object]) -> None:
    first, other = run(), run()
    calls.claim(first)
    end(calls, first)
    assert calls.claim(run(other.message, first.token)) == Standing("replayed")
    assert calls.claim(other) == Standing("free")


@pytest.mark.parametrize("state", ["busy", "done"])
def test_a_duplicates_token_is_a_replay_for_every_other_message_too(calls: Calls, state: str) -> None:
    first = run()
    calls.claim(first)
    if state == "done":
        calls.complete(first)
    duplicate = run(first.message)
    assert calls.claim(duplicate).state == state
    assert calls.claim(run(token=duplicate.token)) == Standing("replayed")


def test_a_token_is_remembered_as_long_as_it_can_be_presented(calls: Calls, opened: Opened) -> None:
    first = run()
    calls.claim(first)
    calls.complete(first)
    opened.advance(TOKEN_TTL - 10)
    assert calls.claim(run(token=first.token)) == Standing("replayed")
    opened.advance(10)
    assert calls.claim(run(token=first.token)) == Standing("free")


def test_S05_a_lease_that_is_renewed_lasts(calls: Calls, opened: Opened) -> None:
    first = run()
    calls.claim(first)
    for _ in range(4):
        opened.advance(LEASE - 100)
        assert calls.renew(first) is True
        assert calls.claim(run(first.message)).state == "busy"
    assert calls.complete(first) is True
    assert calls.claim(run(first.message)) == Standing("done")


def test_S05_a_lease_begins_anew_where_nobody_came_meanwhile(calls: Calls, opened: Opened) -> None:
    first = run()
    calls.claim(first)
    opened.advance(LEASE)
    assert calls.renew(first) is True
    state, wait = calls.claim(run(first.message))
    assert state == "busy"
    assert LEASE - 10 < wait <= LEASE


def test_S05_a_handler_whose_lease_ran_out_cannot_renew_it_over_its_successor(calls: Calls, opened: Opened) -> None:
    first = run()
    calls.claim(first)
    opened.advance(LEASE)
    successor = run(first.message)
    calls.claim(successor)
    assert calls.renew(first) is False
    opened.advance(LEASE)
    assert calls.claim(run(first.message)) == Standing("free")


def test_S05_what_is_done_is_renewed_no_more(calls: Calls) -> None:
    first = run()
    calls.claim(first)
    calls.complete(first)
    assert calls.renew(first) is False
    assert calls.claim(run(first.message)) == Standing("done")


def test_S05_one_message_may_lose_many_handlers(calls: Calls, opened: Opened) -> None:
    message = run().message
    killed = [run(message) for _ in range(5)]
    for each in killed:
        assert calls.claim(each) == Standing("free")
        assert calls.claim(run(message)).state == "busy"
        opened.advance(LEASE)
    last = run(message)
    assert calls.claim(last) == Standing("free")
    assert [calls.complete(each) for each in killed] == [False] * 5
    assert calls.claim(run(message)).state == "busy"
    assert calls.complete(last) is True
    assert calls.claim(run(message)) == Standing("done")


def test_S05_layers_of_one_request_hold_a_message_together(calls: Calls) -> None:
    outer = run()
    calls.claim(outer)
    assert calls.claim(run(outer.message, outer.token, (outer.holder,))) == Standing("held")
    assert calls.claim(run(outer.message, outer.token, ("somebody else",))) == Standing("replayed")
    assert calls.complete(outer) is True
    assert calls.claim(run(outer.message)) == Standing("done")


def test_a_handler_whose_lease_ran_out_cannot_end_its_successors_run(calls: Calls, opened: Opened) -> None:
    first = run()
    calls.claim(first)
    opened.advance(LEASE)
    successor = run(first.message)
    assert calls.claim(successor) == Standing("free")
    assert calls.complete(first) is False
    assert calls.release(first) is False
    assert calls.claim(run(first.message)).state == "busy"
    assert calls.complete(successor) is True


def test_a_handler_whose_lease_ran_out_without_a_successor_has_done_its_work(calls: Calls, opened: Opened) -> None:
    first = run()
    calls.claim(first)
    opened.advance(LEASE)
    assert calls.complete(first) is True
    assert calls.claim(run(first.message)) == Standing("done")


def test_a_run_that_is_done_cannot_be_released(calls: Calls) -> None:
    first = run()
    calls.claim(first)
    calls.complete(first)
    calls.release(first)
    assert calls.claim(run(first.message)) == Standing("done")


@pytest.mark.parametrize("token", ["", "d" * 64], ids=["of the message", "of the token"])
def test_of_hundreds_of_duplicates_in_threads_one_is_free(opened: Opened, token: str) -> None:
    message = run().message
    runs = [run(message, token) for _ in range(400)]

    def claim(one: Run) -> str:
        try:
            return opened.store.claim(one).state
        finally:
            opened.leave()

    with ThreadPoolExecutor(32) as threads:
        found = list(threads.map(claim, runs))
    assert sorted(set(found)) == ["free", "replayed"] if token else ["busy", "free"]
    assert found.count("free") == 1


def test_of_hundreds_of_duplicates_in_tasks_one_is_free(opened: Opened) -> None:
    message, found = run().message, list[str]()

    async def claim() -> None:
        found.append((await opened.store.aclaim(run(message))).state)

    async def claim_all() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(400):
                tasks.start_soon(claim)

    anyio.run(claim_all)
    assert (found.count("free"), found.count("busy")) == (1, 399)


# Django's caches know asyncio only.
@pytest.mark.parametrize("opened", ["memory", "sqlite", pytest.param("redis", marks=pytest.mark.system)], indirect=True)
def test_on_trio_a_run_takes_the_same_course(opened: Opened) -> None:
    calls, first = awaited(opened.store, "trio"), run()
    assert calls.claim(first) == Standing("free")
    assert calls.claim(run(first.message)).state == "busy"
    assert calls.release(first) is True
    second = run(first.message)
    assert calls.claim(second) == Standing("free")
    assert calls.complete(second) is True
    assert calls.claim(run(first.message)) == Standing("done")
