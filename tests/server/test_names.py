"""Names are looked up beside everything else: one that hangs holds up nobody who asks for another."""

import asyncio
import queue
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from qstash_integrations.server.worker.names import Names, ask_the_system
from tests.server.destination import SOON


class Resolver:
    """Answers when it is told to: whoever asks for ``hangs*`` waits, and ``unknown`` is none."""

    def __init__(self) -> None:
        self.asked: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.go_on = threading.Event()

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.put(host)
        if host.startswith("hangs"):
            self.go_on.wait(SOON)
        if host == "unknown":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [f"192.0.2.{self.asked.qsize()}"]


Scenario = Callable[[Resolver, Names], Coroutine[Any, Any, None]]


def play(scenario: Scenario, **options: Any) -> None:
    resolver = Resolver()

    async def main() -> None:
        names = Names(resolver, **options)
        try:
            await scenario(resolver, names)
        finally:
            resolver.go_on.set()
            await names.aclose()

    asyncio.run(main())


def test_a_name_that_hangs_holds_up_no_other() -> None:
    async def scenario(resolver: Resolver, names: Names) -> None:
        hanging = [asyncio.create_task(names.look_up(f"hangs{number}", 80)) for number in range(50)]
        started = time.monotonic()
        assert await names.look_up("quick", 80)
        assert time.monotonic() - started < 2
        assert not any(task.done() for task in hanging)
        resolver.go_on.set()
        await asyncio.gather(*hanging)

    play(scenario)


def test_who_asks_for_the_same_name_waits_for_the_same_answer() -> None:
    async def scenario(resolver: Resolver, names: Names) -> None:
        tasks = [asyncio.create_task(names.look_up(host, 80)) for host in ["hangs", "HANGS"] * 20]
        await asyncio.to_thread(resolver.asked.get, timeout=SOON)
        resolver.go_on.set()
        assert len({tuple(found) for found in await asyncio.gather(*tasks)}) == 1
        assert resolver.asked.empty()

    play(scenario)


def test_no_more_are_asked_for_at_once_than_there_may_be() -> None:
    async def scenario(resolver: Resolver, names: Names) -> None:
        tasks = [asyncio.create_task(names.look_up(f"hangs{number}", 80)) for number in range(5)]
        for _ in range(2):
            await asyncio.to_thread(resolver.asked.get, timeout=SOON)
        assert resolver.asked.empty()
        resolver.go_on.set()
        await asyncio.gather(*tasks)

    play(scenario, most=2)


def test_what_takes_too_long_is_an_error_that_says_so() -> None:
    async def scenario(resolver: Resolver, names: Names) -> None:
        with pytest.raises(OSError, match=r"no name server answered within 0\.05 s"):
            await names.look_up("hangs", 80)

    play(scenario, patience=0.05)


def test_a_name_is_remembered_for_a_moment() -> None:
    now = [0.0]

    async def scenario(resolver: Resolver, names: Names) -> None:
        first = await names.look_up("quick", 80)
        now[0] = 4.9
        assert await names.look_up("quick", 443) == first
        now[0] = 5.0
        assert await names.look_up("quick", 80) != first
        with pytest.raises(socket.gaierror):
            await names.look_up("unknown", 80)
        now[0] = 5.9
        with pytest.raises(socket.gaierror):
            await names.look_up("unknown", 80)
        assert [resolver.asked.get() for _ in range(3)] == ["quick", "quick", "unknown"]
        assert resolver.asked.empty()
        now[0] = 6.0
        with pytest.raises(socket.gaierror):
            await names.look_up("unknown", 80)
        assert resolver.asked.get() == "unknown"

    play(scenario, clock=lambda: now[0])


def test_a_name_that_hangs_does_not_hold_up_the_end() -> None:
    resolver = Resolver()

    async def main() -> None:
        names = Names(resolver)
        asking = asyncio.create_task(names.look_up("hangs", 80))
        await asyncio.to_thread(resolver.asked.get, timeout=SOON)
        asking.cancel()
        await names.aclose()

    started = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - started < SOON / 2
    resolver.go_on.set()


def test_the_system_knows_this_machine() -> None:
    assert "127.0.0.1" in ask_the_system("localhost")
