"""Publishing one message at a time, and with 50 in flight, to a server in another process that does nothing.

Ours, the official SDK, and as the floor httpx alone with a request made by hand: no checks, no retries, no
deduplication id. Afterwards the server must have seen every message as it should be.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, ExitStack
from itertools import count
from typing import Any

import httpx
import qstash

from qstash_integrations import AsyncQStash, QStash

from .measure import seconds_each
from .peer_server import PUBLISH, TOKEN, Peer, Seen, serving
from .table import Row, at_least

SIDES = ("ours", "peer", "floor")
IN_FLIGHT = 50
AT_ONCE = 100  # messages in one go of the event loop
JSON = "application/json"
BY_HAND = {"Authorization": f"Bearer {TOKEN}", "Content-Type": JSON}
# Times the peer, which uses httpx as well: less than one run differs from the next is level with it.
LEVEL = 0.95


def measure() -> list[Row]:
    with serving() as peer:
        both = {"one at a time": _one_at_a_time(peer), f"{IN_FLIGHT} in flight": _in_flight(peer)}
    rows: list[Row] = []
    for how, found in both.items():
        ours, peers, floor = (1 / found[side] for side in SIDES)
        ratios = [at_least(ours / peers, LEVEL, "times the peer"), at_least(ours / floor, 0.9, "of the floor")]
        rows.append(Row("publish", f"publish, {how}", "per second", ours, peers, floor, ratios))
    return rows


def _one_at_a_time(peer: Peer) -> dict[str, float]:
    official = qstash.QStash(TOKEN, base_url=peer.url)
    with ExitStack() as stack:
        ours = stack.enter_context(QStash(TOKEN, base_url=peer.url))
        client = stack.enter_context(httpx.Client(trust_env=False))
        sides = _Sides(peer, ours.publish, official.message.publish, client.post)
        found = seconds_each({side: sides.way(side) for side in SIDES}, rounds=31)
    sides.check()
    return found


def _in_flight(peer: Peer) -> dict[str, float]:
    async def open_all() -> _Sides:
        official = qstash.AsyncQStash(TOKEN, base_url=peer.url)
        ours = await stack.enter_async_context(AsyncQStash(TOKEN, base_url=peer.url))
        # Kept as ours are kept.
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=30)
        client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=30, limits=limits))
        return _Sides(peer, ours.publish, official.message.publish, client.post)

    def way(side: str) -> Callable[[], object]:
        publish: Callable[[], Awaitable[object]] = sides.way(side)

        async def some() -> None:
            for _ in range(AT_ONCE // IN_FLIGHT):
                await publish()

        async def all_of_them() -> None:
            await asyncio.gather(*(some() for _ in range(IN_FLIGHT)))

        return lambda: runner.run(all_of_them())

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        sides = runner.run(open_all())
        found = seconds_each({side: way(side) for side in SIDES}, rounds=11)
        runner.run(stack.aclose())
    sides.check()
    return {side: seconds / AT_ONCE for side, seconds in found.items()}


class _Sides:
    """The three ways to publish, each with a destination of its own and numbered messages."""

    def __init__(self, peer: Peer, ours: Callable[..., Any], official: Callable[..., Any], post: Callable[..., Any]):
        self._peer = peer
        self._numbers = {side: count() for side in SIDES}
        self._publish: Mapping[str, Callable[[str, str], Any]] = {
            "ours": lambda url, body: ours(url=url, body=body, content_type=JSON),
            "peer": lambda url, body: official(url=url, body=body, content_type=JSON),
            "floor": lambda url, body: post(f"{peer.url}{PUBLISH}{url}", content=body, headers=BY_HAND),
        }

    def way(self, side: str) -> Callable[[], Any]:
        publish, url, numbers = self._publish[side], _destination(side), self._numbers[side]
        return lambda: publish(url, f'{{"id":{next(numbers)},"note":"{"x" * 80}"}}')

    def check(self) -> None:
        """Every message has arrived once, and ours with a deduplication id of its own."""
        sent = {side: next(numbers) for side, numbers in self._numbers.items()}
        seen = self._peer.seen()
        assert seen == {
            _destination(side): Seen(messages, messages, messages if side == "ours" else 0)
            for side, messages in sent.items()
        }, seen


def _destination(side: str) -> str:
    return f"https://api.example.com/{side}"
