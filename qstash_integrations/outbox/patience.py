"""Asking the store again where the database has refused for a reason that passes. As steps; no I/O.

Whatever a store is asked says in which state a row has to be, so asking twice does nothing twice. A deadlock is over at
once, and a connection that the server has closed is followed by another. Rows that were sent are worth waiting for: if
nobody wrote that down, they would be sent again, and all that was taken with them would wait for the end of its lease.
"""

import random
from collections.abc import Callable
from typing import Any

from .._core.contention import GIVEN_UP, has_code, is_kind
from .clock import Clock
from .steps import OfStore, Pause, Steps

_TRIES = 2
_TRIES_OF_CONTENDED = 8
_TRIES_OF_SENT = 11  # within eleven seconds and what the tries take, for which a lease has room
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 3.0  # seconds
_OF_CONNECTIONS = ("OperationalError", "InterfaceError")


def patiently(ask: Callable[[Any], Any], clock: Clock, *, rows_at_stake: bool = False) -> Steps[Any]:
    """What the store answers. Raises what it raises once that does not pass.

    ``rows_at_stake``: whatever it raises may pass.
    """
    tries = 0
    while True:
        try:
            return (yield OfStore(ask))
        except Exception as error:
            tries += 1
            if tries >= (_TRIES_OF_SENT if rows_at_stake else _tries_of(error)):
                raise
        yield Pause(_pause(tries), clock)


def _tries_of(error: Exception) -> int:
    if has_code(error, GIVEN_UP):
        return _TRIES_OF_CONTENDED
    return _TRIES if is_kind(error, _OF_CONNECTIONS) or getattr(error, "connection_invalidated", False) else 1


def _pause(tries: int, spread: Callable[[float, float], float] = random.uniform) -> float:
    # In part at random: those that were in each other's way do not come back together.
    return min(_FIRST_PAUSE * 2.0 ** (tries - 1), _LONGEST_PAUSE) * spread(0.5, 1.0)
