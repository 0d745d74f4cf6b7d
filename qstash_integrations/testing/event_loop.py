"""An event loop for tests that have none."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from .in_process import Answer


class EventLoop:
    """An event loop that exists between deliveries too, so that what an app keeps in it stays usable."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None

    def run(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        if self._runner is None:
            # With a factory of its own it leaves the thread's current event loop alone.
            self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        return self._runner.run(coroutine)

    def close(self) -> None:
        if self._runner is not None:
            self._runner.close()
            self._runner = None
