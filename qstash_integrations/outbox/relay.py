"""A relay: sweeps until it is told to stop. Any number of them may run at once.

It ends between two calls to QStash: what it has taken by then is given back, so that nobody waits for its lease.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Protocol

from .._core.publishing.client import QStash
from .clock import Clock
from .driving import drive
from .pace import Pace, left_to_sweep
from .rule import BATCH, backoff
from .store import Store
from .sweeping import Swept, prune, sweep

_AT_ONCE = 10 * BATCH  # rows from one look at the clock to the next
_PRUNES_EVERY = 60.0  # seconds
_PRUNED = 1_000  # rows of one statement
# Seconds. A database that is back is found soon, and one that is away for long fills no log.
_LONGEST_WAIT = 10.0
_TELLS_EVERY = 60.0


class Stop(Protocol):
    """A ``threading.Event``, or what signals set."""

    def is_set(self) -> bool: ...
    def wait(self, timeout: float, /) -> object: ...


def relay(
    store: Store,
    client: QStash,
    *,
    stop: Stop,
    once: bool = False,
    interval: float = 1.0,
    keep: int | None = None,
    report: Callable[[Swept], object] = id,
    clock: Clock = Clock(),  # noqa: B008 - a constant
) -> Swept:
    """Send what is due, and look again every ``interval`` seconds; ``once`` ends where nothing is due, or at a pause.

    ``keep`` is the milliseconds for which sent rows stay; what is older is pruned on the way. ``report`` is told what
    was done so far whenever something was. A database that is away is waited for, unless ``once``: it is asked every
    ten seconds, and the log told once in a minute.
    """
    pace = Pace(clock, lambda: keep is not None, stop.is_set)
    total, failures, prunes_at, tells_at = Swept(), 0, clock.monotonic(), clock.monotonic()
    while not stop.is_set():
        try:
            swept = drive(sweep(pace.manner(), limit=_AT_ONCE), store, client)
            pace.note(swept)
            total.add(swept)
            if keep is not None and clock.monotonic() >= prunes_at:
                prunes_at = clock.monotonic() + _PRUNES_EVERY
                drive(prune(clock.now() - keep, _PRUNED, clock), store, client)
            failures = 0
        except Exception as error:
            if once:
                raise
            if clock.monotonic() >= tells_at:
                tells_at = clock.monotonic() + _TELLS_EVERY
                left_to_sweep(store.label, error)
            _let_go(store)
            stop.wait(min(backoff(failures) / 1000, _LONGEST_WAIT))
            failures += 1
            continue
        if swept.sent or swept.parked or swept.refused or swept.pause:
            report(total)
        if once and (swept.is_over or swept.pause):
            break
        if swept.is_over or swept.pause:
            stop.wait(max(pace.left(), interval))
    _let_go(store)
    return total


def pruned(store: Store, client: QStash, clock: Clock, before: int, limit: int = _PRUNED) -> Iterator[int]:
    """Delete what was sent before, so many rows at a time: how many, each time."""
    while count := drive(prune(before, limit, clock), store, client):
        yield count


def _let_go(store: Store) -> None:
    # Of a connection that is broken already.
    with suppress(Exception):
        store.close()
