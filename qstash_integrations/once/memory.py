"""Claims in the memory of one process: for one worker, and for tests. Other processes do not see them."""

import threading
import time
from collections.abc import Callable

from .._core.processes import renew_in_children
from .._core.receiving.runs import KEPT, LEASE, Run, Standing, check_periods
from . import marks
from .marks import Mark

_SWEEP_EVERY = 60.0  # seconds


class MemoryStore:
    """Protects within one process. With several workers use one of the other stores.

    ``lease`` and ``kept`` are in seconds, as in every store: so long after the last renewal a handler is taken for
    dead, and so long a message that is done is remembered. ``now`` counts seconds.
    """

    def __init__(self, *, lease: float = LEASE, kept: float = KEPT, now: Callable[[], float] = time.monotonic) -> None:
        check_periods(lease, kept)
        self.lease = lease
        self.kept = kept
        self._marks = _Marks(now)
        self._start_anew()
        renew_in_children(self._start_anew)

    def claim(self, run: Run) -> Standing:
        with self._lock:
            self._marks.sweep()
            return marks.claim(self._marks, run)

    def renew(self, run: Run) -> bool:
        with self._lock:
            return marks.renew(self._marks, run)

    def complete(self, run: Run) -> bool:
        with self._lock:
            return marks.complete(self._marks, run)

    def release(self, run: Run) -> bool:
        with self._lock:
            return marks.release(self._marks, run)

    async def aclaim(self, run: Run) -> Standing:
        return self.claim(run)

    async def acomplete(self, run: Run) -> bool:
        return self.complete(run)

    async def arelease(self, run: Run) -> bool:
        return self.release(run)

    def __len__(self) -> int:
        """How many marks are kept, the expired ones of the last minute among them."""
        return len(self._marks)

    def _start_anew(self) -> None:
        self._lock = threading.Lock()


class _Marks:
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._kept: dict[str, tuple[str, float]] = {}
        self._swept_at = now()

    def get(self, name: str) -> Mark | None:
        value, expires_at = self._kept.get(name, ("", 0.0))
        left = expires_at - self._now()
        return Mark(value, left) if value and left > 0 else None

    def put(self, name: str, value: str, ttl: float) -> None:
        self._kept[name] = (value, self._now() + ttl)

    lease = put

    def drop(self, name: str) -> None:
        del self._kept[name]

    def sweep(self) -> None:
        now = self._now()
        if now - self._swept_at < _SWEEP_EVERY:
            return
        self._swept_at = now
        self._kept = {name: kept for name, kept in self._kept.items() if kept[1] > now}

    def __len__(self) -> int:
        return len(self._kept)
