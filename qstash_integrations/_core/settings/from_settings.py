"""What is made from the settings, and made again once they have changed."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from ..processes import renew_in_children
from . import environment
from .values import Settings

T = TypeVar("T")


class FromSettings(Generic[T]):
    """A value made from the settings on first use, and again once they have changed.

    What is made early would hold the keys of the moment: an override in a test, or Django's ``override_settings``,
    would not reach it.
    """

    def __init__(self, build: Callable[[Settings], T], load: Callable[[], Settings] = Settings.load) -> None:
        self._build = build
        self._load = load
        self._made: tuple[int, T] | None = None
        self._renew()
        renew_in_children(self._renew)

    def __call__(self) -> T:
        made = self._made
        if made is None or made[0] != environment.generation:
            with self._making:
                made = self._made
                if made is None or made[0] != environment.generation:
                    begun = environment.generation
                    made = self._made = (begun, self._build(self._load()))
        return made[1]

    def _renew(self) -> None:
        self._making = threading.Lock()
