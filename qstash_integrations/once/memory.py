"""Claims in the memory of one process: for one worker, and for tests. Other processes do not see them."""

import threading
import time
from collections.abc import Callable
from heapq import heappop, heappush
from math import inf

from .._core.processes import renew_in_children
from .._core.receiving.runs import KEPT, LEASE, Run, Standing, check_periods
from . import marks
from .marks import Mark

_MINUTE = 60.0  # seconds
# A run adds three names, and one with each renewal, which sweeps as well: so this keeps up.
_SWEPT_AT_ONCE = 5
# A dict that grows copies itself, 70 ms for a million entries: so it is many small ones, each at another time.
_PARTS = 64
_NOBODYS = [""]


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
            self._marks.sweep()
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
        """How many marks are kept, expired ones among them: each claim forgets five of those at most."""
        return len(self._marks)

    def _start_anew(self) -> None:
        self._lock = threading.Lock()


class _Marks:
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._parts: list[dict[str, tuple[str, float]]] = [{} for _ in range(_PARTS)]
        self._expiring: dict[int, list[str]] = {}
        """Names by the minute in which they expire, unless they were put again since."""
        self._minutes: list[int] = []
        """Those of the above, as a heap."""

    def get(self, name: str) -> Mark | None:
        value, expires_at = self._part(name).get(name, ("", 0.0))
        left = expires_at - self._now()
        return Mark(value, left) if value and left > 0 else None

    def put(self, name: str, value: str, ttl: float) -> None:
        expires_at = self._now() + ttl
        self._part(name)[name] = (value, expires_at)
        minute = int(expires_at // _MINUTE)
        if minute in self._expiring:
            self._expiring[minute].append(name)
        else:
            heappush(self._minutes, minute)
            self._expiring[minute] = [name]

    lease = put

    def drop(self, name: str) -> None:
        del self._part(name)[name]

    def sweep(self) -> None:
        """Forget a few of what has expired in the minutes before this one. All at once would keep everybody waiting."""
        now = self._now()
        for _ in range(_SWEPT_AT_ONCE):
            if not self._minutes or self._minutes[0] >= now // _MINUTE:
                return
            # A signal's exception or a fork may come at any line: each leaves what the next sweep can go on with.
            names = self._expiring.get(self._minutes[0], _NOBODYS)
            if self._part(names[-1]).get(names[-1], ("", inf))[1] <= now:
                self.drop(names[-1])
            if len(names) > 1:
                names.pop()
            else:
                self._expiring.pop(self._minutes[0], None)
                heappop(self._minutes)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def _part(self, name: str) -> dict[str, tuple[str, float]]:
        # By other bits of the hash than a dict looks at first.
        return self._parts[(hash(name) >> 32) % _PARTS]
