"""Threads for waiting, which are nobody else's."""

import threading

import anyio
import anyio.to_thread
import pytest

from qstash_integrations._core.processes import Threads

both_loops = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@both_loops
def test_who_waits_there_keeps_nobody_from_the_shared_threads(backend: str) -> None:
    threads, over, waited = Threads(2), threading.Event(), list[bool]()

    async def wait() -> None:
        waited.append(await threads.run(over.wait, 10))

    async def wait_and_work() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            await anyio.to_thread.run_sync(over.set)
        assert waited == [True] * 5

    anyio.run(wait_and_work, backend=backend)


@both_loops
def test_who_waits_there_keeps_nobody_from_threads_of_another_kind(backend: str) -> None:
    slow, quick, over, waited = Threads(1), Threads(1), threading.Event(), list[bool]()

    async def wait() -> None:
        waited.append(await slow.run(over.wait, 10))

    async def wait_and_work() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            await quick.run(over.set)

    anyio.run(wait_and_work, backend=backend)
    assert waited == [True]


@both_loops
def test_there_are_as_many_as_the_limit_and_no_more(backend: str) -> None:
    threads, lock, both = Threads(2), threading.Lock(), threading.Barrier(2)
    at_work, seen = set[int](), list[int]()

    def work(number: int) -> None:
        with lock:
            at_work.add(number)
            seen.append(len(at_work))
        both.wait(10)
        with lock:
            at_work.remove(number)

    async def work_together() -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(6):
                tasks.start_soon(threads.run, work, number)

    anyio.run(work_together, backend=backend)
    assert (len(seen), max(seen)) == (6, 2)


def test_they_belong_to_no_event_loop() -> None:
    threads = Threads(1)
    assert [anyio.run(threads.run, len, "ab", backend=backend) for backend in ("asyncio", "trio", "asyncio")] == [2] * 3


def test_an_error_is_the_callers() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        anyio.run(Threads(1).run, int, "three")
