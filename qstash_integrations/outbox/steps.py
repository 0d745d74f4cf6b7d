"""What is asked of a store, a client or the clock, for somebody else to do.

What is asked is yielded, and what comes of it is sent back, or thrown where it raises.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from .clock import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OfStore:
    """A step that the store takes."""

    ask: Callable[[Any], Any]
    """From a ``Store`` or an ``AsyncStore`` to the answer, which is awaited of the latter."""


@dataclass(frozen=True, slots=True)
class OfClient:
    """A step that the client takes."""

    ask: Callable[[Any], Any]
    """From a ``QStash`` or an ``AsyncQStash`` to the answer, which is awaited of the latter if ``waits``."""
    waits: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is done for a while."""

    seconds: float
    clock: Clock


Step: TypeAlias = OfStore | OfClient | Pause
Steps: TypeAlias = Generator[Step, Any, T]
