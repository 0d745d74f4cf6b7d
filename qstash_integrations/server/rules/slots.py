"""How many of the server's slots one destination may have, so that one that does not answer holds up no other. Pure.

Half of them at most, and the last quarter of all is for destinations that have none. So one that takes for ever leaves
half to the others, and a whole quarter of them has to hang before somebody who comes finds nothing.
"""

from collections import Counter
from collections.abc import Iterable


class Slots:
    """``taken`` are the destinations of what is being delivered, each as often as it has a slot."""

    def __init__(self, most: int, taken: Iterable[str]) -> None:
        self._most = most
        self._half = (most + 1) // 2
        self._shared = most - most // 4
        self._taken = Counter(taken)
        self.free: int = most - self._taken.total()

    def has_room(self, place: str) -> bool:
        if not self._taken[place]:
            return self.free > 0
        return self._taken[place] < self._half and self._most - self.free < self._shared

    def take(self, place: str) -> None:
        self._taken[place] += 1
        self.free -= 1

    def fairest(self, places: Iterable[str]) -> str | None:
        """Who of them has the fewest, among those that may have one more."""
        return min(
            (place for place in places if self.has_room(place)), key=lambda place: self._taken[place], default=None
        )
