"""Timing several ways of doing the same in one run, in turns: what else the machine does hits them all alike."""

import time
from collections.abc import Callable, Mapping
from statistics import median

ROUNDS = 15
ROUND_SECONDS = 0.05


def seconds_each(ways: Mapping[str, Callable[[], object]], *, rounds: int = ROUNDS) -> dict[str, float]:
    """The median over ``rounds`` of the seconds that one call takes, of each way.

    A round calls a way as often as fills about 50 ms; the ways take turns.
    """
    calls = {name: _calls_in_a_round(way) for name, way in ways.items()}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].append(_timed(way, calls[name]))
    return {name: median(found) for name, found in times.items()}


def seconds_of(ways: Mapping[str, Callable[[], object]], *, rounds: int = 5) -> dict[str, float]:
    """The same for what takes a second itself: one call a round, the first round unmeasured."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            seconds = _timed(way, 1)
            if number:
                times[name].append(seconds)
    return {name: median(found) for name, found in times.items()}


def _calls_in_a_round(way: Callable[[], object]) -> int:
    way()
    return max(int(ROUND_SECONDS / _timed(way, 3)), 1)


def _timed(way: Callable[[], object], calls: int) -> float:
    started_at = time.perf_counter()
    for _ in range(calls):
        way()
    return (time.perf_counter() - started_at) / calls
