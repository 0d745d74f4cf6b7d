"""What the child of a fork must not take over from its parent.

A lock that another thread holds at that moment would stay locked in the child for ever: that thread is not there.

Spec: https://docs.python.org/3/library/os.html#os.register_at_fork
"""

import os
from collections.abc import Callable
from weakref import WeakMethod

_renewals: set[WeakMethod[Callable[[], None]]] = set()


def renew_in_children(renew: Callable[[], None]) -> None:
    """Call ``renew``, a bound method, in every child, before anything else runs there, while its object lives."""
    _renewals.add(WeakMethod(renew, _renewals.discard))


def _renew_all() -> None:
    for renewal in list(_renewals):
        if renew := renewal():
            renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
