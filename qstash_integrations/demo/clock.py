"""A clock that waits shortly before a full minute, so that a schedule need not be waited for."""

import time

SECONDS_BEFORE = 4.0


class MinuteClock:
    """Unix seconds: four before a full minute until ``start`` is called, from then on they pass."""

    def __init__(self) -> None:
        self._begins_at = (time.time() // 60 + 1) * 60 - SECONDS_BEFORE
        self._started_at: float | None = None

    def start(self) -> None:
        self._started_at = time.monotonic()

    def __call__(self) -> float:
        passed = 0.0 if self._started_at is None else time.monotonic() - self._started_at
        return self._begins_at + passed
