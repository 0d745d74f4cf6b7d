"""Waiting for what other processes do: no clock of theirs can be moved from here."""

import time
from collections.abc import Callable

PATIENCE = 120.0  # seconds, for what a slow machine takes


def wait_until(condition: Callable[[], bool], patience: float = PATIENCE, otherwise: Callable[[], str] = str) -> None:
    until = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < until, otherwise() or "it did not come to an end"
        time.sleep(0.02)
