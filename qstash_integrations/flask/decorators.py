"""``verify_qstash`` for views, ``protect`` for blueprints and whole apps.

Spec: https://flask.palletsprojects.com/en/stable/patterns/viewdecorators/
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, Unpack, cast, overload

from flask import Blueprint, Flask, Response, g

from .._core.errors import NonRetryable, RetryAfter
from .._core.receiving.answers import answer_signal
from .._core.receiving.guard import GuardOptions
from .conf import NOT_FOR_QUART
from .response import response
from .verification import DELIVERY, Verification

View = TypeVar("View", bound=Callable[..., Any])
Protected = TypeVar("Protected", Flask, Blueprint)


@overload
def verify_qstash(view: View, /) -> View: ...
@overload
def verify_qstash(**options: Unpack[GuardOptions]) -> Callable[[View], View]: ...
def verify_qstash(view: Any = None, /, **options: Unpack[GuardOptions]) -> Any:
    """Lets only requests through that QStash signed; they carry ``g.qstash_delivery``.

    For views, plain or async, below ``@app.route``: above it the undecorated view is what Flask calls. For a
    ``MethodView`` as ``decorators = [verify_qstash]``. Automatic OPTIONS answers stay open; ``protect`` closes them.
    """
    verification = Verification(options)
    if view is None:
        return functools.partial(_verified, verification)
    return _verified(verification, view)


def protect(scope: Protected, /, **options: Unpack[GuardOptions]) -> Protected:
    """Lets only requests into a blueprint, or a whole app, that QStash signed: OPTIONS and static files included.

    Runs as ``before_request``, so hooks that were registered earlier run before it. Returns ``scope``.
    """
    if not isinstance(scope, Flask | Blueprint):
        raise TypeError(f"protect takes a Flask blueprint or app; it {NOT_FOR_QUART}")
    verification = Verification(options)

    def admit() -> Response | None:
        return verification.refuse()

    def leave(_error: BaseException | None) -> None:
        verification.leave()

    cast("Any", admit).qstash_verification = verification
    scope.before_request(admit)
    scope.teardown_request(leave)
    for signal in (NonRetryable, RetryAfter):
        scope.register_error_handler(signal, _steer)
    return scope


def _verified(verification: Verification, view: Callable[..., Any]) -> Callable[..., Any]:
    if not callable(view) or isinstance(view, type):
        raise TypeError("verify_qstash is for view functions; in a MethodView write decorators = [verify_qstash]")

    @functools.wraps(view)
    def verified(*args: Any, **kwargs: Any) -> Any:
        return verification.call(view, args, kwargs)

    cast("Any", verified).qstash_verification = verification
    return verified


def _steer(signal: Exception) -> Response:
    """Answer a signal of a verified handler; anybody else's is an error like any other."""
    if DELIVERY not in g or not isinstance(signal, NonRetryable | RetryAfter):
        raise signal
    return response(answer_signal(signal))
