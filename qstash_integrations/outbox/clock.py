"""The two clocks of the outbox, and waiting on them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple


def _now() -> int:
    return time.time_ns() // 1_000_000


class Clock(NamedTuple):
    now: Callable[[], int] = _now
    """Unix milliseconds: what stands in rows, which other machines read as well. May be set back."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds: how long something takes here."""
    sleep: Callable[[float], object] = time.sleep
    """For so many seconds."""
    asleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    """``sleep`` for event loops."""
