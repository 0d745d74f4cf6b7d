"""Decorators in the wrong order: a handler that was registered first and verified then, so that its route stays open.

Whoever registers a handler and returns it, as ``@app.route`` does, hands to the decorator above it what is registered
already; what that makes of it, nobody calls. Neither sees the other, so it shows when an app is looked at.

A call such as ``verify_qstash(view)`` may leave ``view`` open at another route on purpose. What tells the two apart is
whether the function has its name by then, and of a function within another that stands in the running frame alone.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from inspect import currentframe, ismethod
from types import FrameType
from typing import Any
from weakref import WeakSet

_DECORATED: WeakSet[Any] = WeakSet()


class Misplaced(RuntimeError):
    """A decorator came too late."""


def note(handler: Callable[..., Any]) -> None:
    """``handler`` is being verified; by a decorator above its definition, it must have been registered nowhere.

    A function that has a name by now is verified by a call. It may stand open at another route, as it was meant to.
    """
    if ismethod(handler):  # made anew whenever somebody asks for it, by some libraries for every request
        return
    layers = list(_layers(handler))
    frame = _where_defined(layers[-1], currentframe())
    if frame is not None and not any(value is layer for value in frame.f_locals.values() for layer in layers):
        for layer in layers:
            with suppress(TypeError):  # what no weak reference can be made to
                _DECORATED.add(layer)


def check_order(registered: Iterable[object], remedy: str) -> None:
    """RuntimeError for the first of an app's handlers whose decorator came too late."""
    for handler in registered:
        if not is_open(handler):
            continue
        name = getattr(handler, "__qualname__", repr(handler))
        raise Misplaced(
            f"{name} would be open to everybody: it was registered before verify_qstash decorated it, so that its "
            f"route calls it unverified; {remedy}"
        )


def is_open(registered: object) -> bool:
    """Whether the decorator of this handler came too late."""
    try:
        return registered in _DECORATED
    except TypeError:  # what cannot be hashed was never noted
        return False


def _where_defined(function: Any, frame: FrameType | None) -> FrameType | None:
    """The running code whose ``def`` this function comes from."""
    code = getattr(function, "__code__", None)
    while frame is not None and not (code and any(constant is code for constant in frame.f_code.co_consts)):
        frame = frame.f_back
    return frame


def _layers(handler: Any) -> Iterator[Any]:
    """A handler, and what it was made of with ``functools.wraps``."""
    yield handler
    while (handler := getattr(handler, "__wrapped__", None)) is not None:
        yield handler
