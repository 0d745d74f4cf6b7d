"""A call of the engine: one transaction, and one moment at which all of it happens."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from ..tables import Store


class Commits:
    """What every call that changes something opens: ``with commit() as now``."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    @contextmanager
    def __call__(self) -> Generator[float]:
        """All of the block is stored, or nothing; a part of ``Engine.together`` is stored with the whole."""
        with self._store.transaction():
            yield self.now()

    def now(self) -> float:
        # Whole milliseconds, as the API shows them: a filter for what is shown then finds it.
        return round(self._clock(), 3)
