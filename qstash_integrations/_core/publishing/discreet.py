"""Errors that show nothing of what a caller handed over.

Error trackers and debug pages print the local variables of every frame that an error has passed: a message's body and
headers would be among them, and the token in those of the HTTP library.

Spec: https://docs.sentry.io/platforms/python/configuration/options/#include_local_variables
"""

import sys
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction, isfunction
from traceback import clear_frames
from typing import Any, TypeVar

T = TypeVar("T")
_SPECIAL = ("__next__", "__anext__")


def discreet(kind: type[T]) -> type[T]:
    """A class whose public methods leave nothing of their arguments in an error: lines of code stay, variables go."""
    for name, member in list(vars(kind).items()):
        if isfunction(member) and (not name.startswith("_") or name in _SPECIAL):
            setattr(kind, name, _discreet_async(member) if iscoroutinefunction(member) else _discreet(member))
    return kind


def _discreet(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*arguments: Any, **options: Any) -> Any:
        before = sys.exception()
        try:
            return method(*arguments, **options)
        except BaseException as error:
            del arguments, options
            _forget(error, before)
            before = None
            raise

    return call


def _discreet_async(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    async def call(*arguments: Any, **options: Any) -> Any:
        before = sys.exception()
        try:
            return await method(*arguments, **options)
        except BaseException as error:
            del arguments, options
            _forget(error, before)
            before = None
            raise

    return call


def _forget(error: BaseException | None, before: BaseException | None) -> None:
    """``before``: what the caller was handling already; that is the caller's."""
    seen: set[int] = set()
    while error is not None and error is not before and id(error) not in seen:
        seen.add(id(error))
        clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
