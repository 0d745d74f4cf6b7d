"""What a test wants to go wrong: each fault happens to one delivery, in the order in which they were asked for."""

from collections import deque
from typing import NamedTuple, TypeAlias

from .in_process import Answer


class Fail(NamedTuple):
    """The message does not reach the app."""

    answer: Answer


class Twice(NamedTuple):
    """The message reaches the app twice: the first answer got lost on its way back."""


class Expire(NamedTuple):
    """The message arrives long after its signature has expired."""


Fault: TypeAlias = Fail | Twice | Expire


class Faults:
    def __init__(self) -> None:
        self.reorder = False
        self._next: deque[Fault] = deque()

    def add(self, fault: Fault, times: int = 1) -> None:
        if type(times) is not int or times < 1:
            raise ValueError(f"times must be a number from 1 on, not {times!r}")
        self._next.extend([fault] * times)

    def take(self) -> Fault | None:
        """The fault for the delivery that is about to be made."""
        return self._next.popleft() if self._next else None

    def unused(self) -> list[str]:
        """The verbs that had no effect: a test that they were part of has not tested what it says."""
        verbs = {Fail: "fail_next", Twice: "deliver_twice", Expire: "expire_next"}
        return [*(["reorder"] if self.reorder else []), *(verbs[type(fault)] for fault in self._next)]
