"""Timing several ways of doing the same in one run, in turns: what else the machine does hits them all alike.

Ways that wait for nobody are timed by the CPU time of this process, from which the scheduler takes nothing away.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median, quantiles
from typing import TypeAlias

ROUNDS = 15
ROUND_SECONDS = 0.05

Clock: TypeAlias = Callable[[], float]
CPU: Clock = time.process_time
WALL: Clock = time.perf_counter


def seconds_each(
    ways: Mapping[str, Callable[[], object]], *, rounds: int = ROUNDS, clock: Clock = CPU
) -> dict[str, float]:
    """The median over ``rounds`` of the seconds that one call takes, of each way.

    A round calls a way as often as fills about 50 ms; the ways take turns.
    """
    times = times_each(ways, rounds=rounds, clock=clock)
    return {name: median(found) for name, found in times.items()}


def times_each(
    ways: Mapping[str, Callable[[], object]], *, rounds: int = ROUNDS, clock: Clock = CPU, calls: int | None = None
) -> dict[str, list[float]]:
    """The seconds that one call of each way took in each round, for ratios within a round.

    With ``calls`` a round has so many, and nothing is called before.
    """
    many = {name: calls or _calls_in_a_round(way) for name, way in ways.items()}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].append(_timed(way, many[name], clock))
    return times


def seconds_of(ways: Mapping[str, Callable[[], object]], *, rounds: int = 5) -> dict[str, float]:
    """The same for what takes a second itself: one call a round, the first round unmeasured."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            seconds = _timed(way, 1, WALL)
            if number:
                times[name].append(seconds)
    return {name: median(found) for name, found in times.items()}


def _calls_in_a_round(way: Callable[[], object]) -> int:
    way()
    return max(int(ROUND_SECONDS / _timed(way, 3, WALL)), 1)


def _timed(way: Callable[[], object], calls: int, clock: Clock) -> float:
    started_at = clock()
    for _ in range(calls):
        way()
    return (clock() - started_at) / calls


def ratio(times: Mapping[str, Sequence[float]], of: Callable[[Mapping[str, float]], float]) -> tuple[float, float]:
    """The median of a ratio of figures that stand in one round, and half the range that half of the rounds lie in."""
    found = [of(dict(zip(times, one, strict=True))) for one in zip(*times.values(), strict=True)]
    low, middle, high = quantiles(found, n=4)
    return middle, (high - low) / 2
