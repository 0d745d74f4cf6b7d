"""SIGTERM and SIGINT as a wish to end: the first is granted between two calls, the second ends the process."""

import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_LOOKS_EVERY = 0.2  # seconds


class AskedToStop:
    """No ``threading.Event``: a signal that comes while its lock is held would wait for that for ever."""

    def __init__(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True

    def wait(self, timeout: float, /) -> bool:
        ends_at = time.monotonic() + timeout
        while not self._is_set and (left := ends_at - time.monotonic()) > 0:
            time.sleep(min(left, _LOOKS_EVERY))
        return self._is_set


@contextmanager
def stopped_by_signals() -> Generator[AskedToStop]:
    """In the ``with`` block; elsewhere than in the main thread there are no signals."""
    asked = AskedToStop()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def ask(number: int, frame: FrameType | None) -> None:
        asked.set()
        restore()

    before = {number: signal.signal(number, ask) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    try:
        yield asked
    finally:
        restore()
