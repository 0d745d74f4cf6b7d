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

from .._core.assembly import guard_from_settings
from .._core.delivery import Delivery
from .._core.errors import NonRetryable, RetryAfter
from .._core.guard import Answer, Guard, GuardOptions, answer_signal
from .._core.settings import FromSettings
from .body import head_of, read
from .conf import allowed_hosts, improperly_configured, load

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
        if refusal := _refuse(guard, request):
            return refusal
        try:
            return view(request, *args, **kwargs)
        except (NonRetryable, RetryAfter) as signal:
            return _steer(signal, request)

    async def averified(request: Any, *args: Any, **kwargs: Any) -> Any:
        if refusal := _refuse(guard, request):
            return refusal
        try:
            response = view(request, *args, **kwargs)
            return await response if inspect.isawaitable(response) else response
        except (NonRetryable, RetryAfter) as signal:
            return _steer(signal, request)

    wrapper: Any = functools.wraps(view)(averified if _is_async(view) else verified)
    wrapper.csrf_exempt = True
    wrapper.qstash_options = options
    return cast("Callable[..., Any]", wrapper)


def _refuse(guard: FromSettings[Guard], request: Any) -> HttpResponse | None:
    """The answer to a request that may not pass, or None with the delivery in its place."""
    # Django REST framework wraps the request, and hands it to views below its own decorators.
    request = getattr(request, "_request", request)
    if not isinstance(request, HttpRequest):
        raise TypeError(USE_METHOD_DECORATOR)
    with improperly_configured():
        made = guard()
    delivery = _deliver(made, request)
    if not isinstance(delivery, Delivery):
        return _response(delivery, request)
    cast("Any", request).qstash_delivery = delivery
    return None


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
