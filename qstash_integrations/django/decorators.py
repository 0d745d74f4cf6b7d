"""``verify_qstash``: a view that takes only what QStash signed. How a request becomes a ``Delivery``: ``_deliver``.

``body_timeout`` has no effect here: the body is read by the server, whose own timeout counts.

Spec: https://docs.djangoproject.com/en/stable/ref/request-response/
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, Unpack, cast, overload

from asgiref.sync import iscoroutinefunction
from django.db import connections
from django.http import HttpRequest, HttpResponse

from .._core.errors import NonRetryable, RetryAfter
from .._core.from_settings import FromSettings
from .._core.receiving.answers import Answer, answer_signal
from .._core.receiving.delivery import Delivery
from .._core.receiving.guard import Guard, GuardOptions
from .._core.receiving.once import Turn
from .._core.receiving.options import guard_from_settings
from .body import head_of, read
from .conf import allowed_hosts, improperly_configured, load
from .response import claimed, let_in, watch

View = TypeVar("View", bound=Callable[..., Any])

USE_METHOD_DECORATOR = (
    'verify_qstash is for views that take a request; on a class write @method_decorator(verify_qstash, name="dispatch")'
)


@overload
def verify_qstash(view: View, /) -> View: ...
@overload
def verify_qstash(**options: Unpack[GuardOptions]) -> Callable[[View], View]: ...
def verify_qstash(view: Any = None, /, **options: Unpack[GuardOptions]) -> Any:
    """Lets only requests through that QStash signed; they carry ``request.qstash_delivery``. CSRF-exempt.

    For views, plain or async, and with ``method_decorator(verify_qstash, name="dispatch")`` for classes: on ``post``
    alone the other methods stay open, and the CSRF check on. Missing settings raise at the first request.
    """
    if view is not None:
        return _verified(view, _with_settings, {})
    with improperly_configured():
        guard = guard_from_settings(options, load, allowed_hosts)

    def decorate(decorated: Callable[..., Any]) -> Callable[..., Any]:
        return _verified(decorated, guard, options)

    return decorate


def _verified(view: Callable[..., Any], guard: FromSettings[Guard], options: GuardOptions) -> Callable[..., Any]:
    if not callable(view) or isinstance(view, type):
        raise TypeError(USE_METHOD_DECORATOR)

    def verified(request: Any, *args: Any, **kwargs: Any) -> Any:
        turn = _begin(guard, _plain(request))
        if isinstance(turn, HttpResponse):
            return turn
        try:
            return watch(view(request, *args, **kwargs), turn)
        except (NonRetryable, RetryAfter) as signal:
            return watch(_steer(signal, _plain(request)), turn)
        except BaseException:
            turn.end(None)
            raise

    async def averified(request: Any, *args: Any, **kwargs: Any) -> Any:
        turn = await _abegin(guard, _plain(request))
        if isinstance(turn, HttpResponse):
            return turn
        try:
            response = view(request, *args, **kwargs)
            return watch(await response if inspect.isawaitable(response) else response, turn)
        except (NonRetryable, RetryAfter) as signal:
            return watch(_steer(signal, _plain(request)), turn)
        except BaseException:
            await turn.aend(None)
            raise

    wrapper: Any = functools.wraps(view)(averified if _is_async(view) else verified)
    wrapper.csrf_exempt = True
    wrapper.qstash_options = options
    return cast("Callable[..., Any]", wrapper)


def _plain(request: Any) -> HttpRequest:
    """Django's own request: Django REST framework wraps it, and hands that to views below its own decorators."""
    request = getattr(request, "_request", request)
    if not isinstance(request, HttpRequest):
        raise TypeError(USE_METHOD_DECORATOR)
    return request


def _begin(guard: FromSettings[Guard], request: HttpRequest) -> Turn | HttpResponse:
    """The view's turn, with the delivery in its place, or the answer to a request that may not pass."""
    made = _made(guard)
    delivery = _deliver(made, request)
    if not isinstance(delivery, Delivery):
        return _response(delivery, request)
    turn = made.once.begin(delivery, request.method or "", claimed(request))
    return _response(turn, request) if isinstance(turn, Answer) else let_in(request, delivery, turn)


async def _abegin(guard: FromSettings[Guard], request: HttpRequest) -> Turn | HttpResponse:
    """``_begin`` for ``async`` views: keys and store are awaited, Django has read the body before."""
    made = _made(guard)
    if made.prepare:
        await made.prepare(head_of(request).signature)
    delivery = _deliver(made, request)
    if not isinstance(delivery, Delivery):
        return _response(delivery, request)
    turn = await made.once.abegin(delivery, request.method or "", claimed(request))
    return _response(turn, request) if isinstance(turn, Answer) else let_in(request, delivery, turn)


def _made(guard: FromSettings[Guard]) -> Guard:
    with improperly_configured():
        return guard()


def _deliver(guard: Guard, request: HttpRequest) -> Delivery | Answer:
    """Verify the head, then read and verify the body; Django keeps it for the view."""
    head = head_of(request)
    admission = guard.admit(head)
    if isinstance(admission, Answer):
        return admission
    body = read(request, head, guard)
    return body if isinstance(body, Answer) else admission.take(body)


def _steer(signal: NonRetryable | RetryAfter, request: HttpRequest) -> HttpResponse:
    """Answer a signal, and leave nothing of what the view wrote: to the block around it, nothing was raised."""
    for connection in connections.all(initialized_only=True):
        blocks = connection.atomic_blocks
        # The outermost block of a TestCase is none of the app's.
        if connection.in_atomic_block and not getattr(blocks[-1] if blocks else None, "_from_testcase", False):
            connection.set_rollback(True)
    return _response(answer_signal(signal), request)


def _response(answer: Answer, request: HttpRequest) -> HttpResponse:
    headers = {**dict(answer.headers), "content-length": str(len(answer.body))}
    return HttpResponse(b"" if request.method == "HEAD" else answer.body, status=answer.status, headers=headers)


def _is_async(view: Callable[..., Any]) -> bool:
    """Also true for the plain ``dispatch`` of an async class, which ``method_decorator`` hands over bound."""
    # inspect's own does not know Django's marks before Python 3.12.
    if iscoroutinefunction(view):  # pyright: ignore[reportDeprecated]
        return True
    layer: object = view
    while layer is not None:
        instance: object = getattr(getattr(layer, "func", layer), "__self__", None)
        if getattr(instance, "view_is_async", False):
            return True
        layer = getattr(layer, "__wrapped__", None)
    return False


# Shared by all views without options: method_decorator decorates anew for every request.
_with_settings = guard_from_settings({}, load, allowed_hosts)
