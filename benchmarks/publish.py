"""Publishing one message at a time, and with 50 in flight, to a server in another process that does nothing.

Ours, the official SDK, and two floors: httpx alone, and its transport alone, each with a request made by hand: no
checks, no retries, no deduplication id. Afterwards the server must have seen every message as it should be.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, ExitStack
from itertools import count
from statistics import median
from typing import Any, TypeAlias, cast

import httpx
import qstash

from qstash_integrations import AsyncQStash, QStash

from .measure import WALL, ratio, times_each
from .peer_server import PUBLISH, TOKEN, Peer, Seen, serving
from .table import Row, Target, at_least

SIDES = ("ours", "peer", "floor", "transport")
IN_FLIGHT = 50
AT_ONCE = 100  # messages in one go of the event loop
JSON = "application/json"
BY_HAND = {"Authorization": f"Bearer {TOKEN}", "Content-Type": JSON}
# Times the peer, which uses httpx as well: less than one run differs from the next is level with it.
LEVEL = 0.95
Times: TypeAlias = Mapping[str, list[float]]


def measure() -> list[Row]:
    with serving() as peer:
        both = {"one at a time": _one_at_a_time(peer), f"{IN_FLIGHT} in flight": _in_flight(peer)}
    return [_alone(both["one at a time"]), _together(both[f"{IN_FLIGHT} in flight"])]


def _alone(times: Times) -> Row:
    """Level with the transport, there is nothing that a library on top of it could still leave out."""
    of_peer, of_transport = (_times(times, side) for side in ("peer", "transport"))
    target = at_least(
        of_peer[0], 1.3, f"times the peer, or 0.97 of the transport alone ({of_transport[0]:.2f})", of_peer[1]
    )
    return _row("one at a time", times, "transport", target._replace(met=target.met or of_transport[0] >= 0.97))


def _together(times: Times) -> Row:
    of_peer, of_floor = (_times(times, side) for side in ("peer", "floor"))
    ratios = at_least(of_peer[0], LEVEL, "times the peer", of_peer[1]), at_least(of_floor[0], 0.9, "of the floor")
    return _row(f"{IN_FLIGHT} in flight", times, "floor", *ratios)


def _times(times: Times, side: str) -> tuple[float, float]:
    """How many times the rate of a side ours is, round by round."""
    return ratio(times, lambda one: one[side] / one["ours"])


def _row(how: str, times: Times, floor: str, *targets: Target) -> Row:
    ours, peer, floored = (1 / median(times[side]) for side in ("ours", "peer", floor))
    return Row("publish", f"publish, {how}", "per second", ours, peer, floored, targets)


def _one_at_a_time(peer: Peer) -> Times:
    official = qstash.QStash(TOKEN, base_url=peer.url)
    with ExitStack() as stack:
        ours = stack.enter_context(QStash(TOKEN, base_url=peer.url))
        client = stack.enter_context(httpx.Client(trust_env=False))
        transport = stack.enter_context(httpx.HTTPTransport())
        sides = _Sides(peer, ours.publish, official.message.publish, client.post, transport.handle_request)
        found = times_each({side: sides.way(side) for side in SIDES}, rounds=31, clock=WALL)
    sides.check()
    return found


def _in_flight(peer: Peer) -> Times:
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
        found = times_each({side: way(side) for side in SIDES[:-1]}, rounds=11, clock=WALL)
        runner.run(stack.aclose())
    sides.check()
    return {side: [seconds / AT_ONCE for seconds in one] for side, one in found.items()}


class _Sides:
    """The three ways to publish, each with a destination of its own and numbered messages."""

    def __init__(
        self,
        peer: Peer,
        ours: Callable[..., Any],
        official: Callable[..., Any],
        post: Callable[..., Any],
        send: Callable[[httpx.Request], Any] | None = None,
    ) -> None:
        self._peer = peer
        self._numbers = {side: count() for side in (SIDES if send else SIDES[:-1])}
        self._publish: Mapping[str, Callable[[str, str], Any]] = {
            "ours": lambda url, body: ours(url=url, body=body, content_type=JSON),
            "peer": lambda url, body: official(url=url, body=body, content_type=JSON),
            "floor": lambda url, body: post(f"{peer.url}{PUBLISH}{url}", content=body, headers=BY_HAND),
            "transport": lambda url, body: cast("Callable[..., Any]", send)(
                _by_hand(f"{peer.url}{PUBLISH}{url}", body)
            ).read(),
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


def _by_hand(url: str, body: str) -> httpx.Request:
    return httpx.Request("POST", url, content=body, headers=BY_HAND)


def _destination(side: str) -> str:
    return f"https://api.example.com/{side}"
