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
from .._core.receiving.options import Wanted
from .._core.receiving.order import note
from .conf import NOT_FOR_QUART, app_here, request_here
from .order import watch
from .response import response
from .verification import DELIVERY, Verification

View = TypeVar("View", bound=Callable[..., Any])
Protected = TypeVar("Protected", Flask, Blueprint)
_STEERED = "qstash_steered"


@overload
def verify_qstash(view: View, /) -> View: ...
@overload
def verify_qstash(**options: Unpack[GuardOptions]) -> Callable[[View], View]: ...
def verify_qstash(view: Any = None, /, **options: Unpack[GuardOptions]) -> Any:
    """Lets only requests through that QStash signed; they carry ``g.qstash_delivery``.

    For views, plain or async, below ``@app.route``. Above it Flask would call the undecorated view, so every request of
    the app raises RuntimeError. For a ``MethodView`` as ``decorators = [verify_qstash]``. Automatic OPTIONS answers
    stay open; ``protect`` closes them.
    """
    verification = Verification(Wanted.taken_from(options))
    if view is None:
        return functools.partial(_verified, verification)
    return _verified(verification, view)


def protect(scope: Protected, /, **options: Unpack[GuardOptions]) -> Protected:
    """Lets only requests into a blueprint, or a whole app, that QStash signed: OPTIONS and static files included.

    Runs as ``before_request``, so hooks that were registered earlier run before it. Returns ``scope``.
    """
    if not isinstance(scope, Flask | Blueprint):
        raise TypeError(f"protect takes a Flask blueprint or app; it {NOT_FOR_QUART}")
    verification = Verification(Wanted.taken_from(options))

    def admit() -> Response | None:
        refused = verification.refuse()
        if refused is None:
            _steer_the_view()
        return refused

    def leave(error: BaseException | None) -> None:
        verification.leave(error)

    cast("Any", admit).qstash_verification = verification
    scope.before_request(admit)
    scope.teardown_request(leave)
    for signal in (NonRetryable, RetryAfter):  # from other hooks
        scope.register_error_handler(signal, _steer)
    return scope


def _verified(verification: Verification, view: Callable[..., Any]) -> Callable[..., Any]:
    if not callable(view) or isinstance(view, type):
        raise TypeError("verify_qstash is for view functions; in a MethodView write decorators = [verify_qstash]")

    @functools.wraps(view)
    def verified(*args: Any, **kwargs: Any) -> Any:
        return verification.call(view, args, kwargs)

    cast("Any", verified).qstash_verification = verification
    note(view)
    watch()
    return verified


def _steer_the_view() -> None:
    """Answer signals around the view that is about to be called: other extensions take over the errors of an app."""
    app, endpoint = app_here(), request_here().endpoint
    view = app.view_functions.get(cast("str", endpoint))
    if view is not None and not hasattr(view, _STEERED):
        app.view_functions[cast("str", endpoint)] = _steered(view)


def _steered(view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def steered(*args: Any, **kwargs: Any) -> Any:
        try:
            return app_here().ensure_sync(view)(*args, **kwargs)
        except (NonRetryable, RetryAfter) as signal:
            return _steer(signal)

    setattr(steered, _STEERED, True)
    return steered


def _steer(signal: Exception) -> Response:
    """Answer a signal of a verified handler; anybody else's is an error like any other."""
    if DELIVERY not in g or not isinstance(signal, NonRetryable | RetryAfter):
        raise signal
    return response(answer_signal(signal))
