"""``verify_qstash``: a view that takes only what QStash signed. How a request becomes a delivery: ``verification.py``.

Spec: https://docs.djangoproject.com/en/stable/ref/request-response/
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, Unpack, cast, overload

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest

from .._core import errors
from .._core.receiving.admission import ahandle, handle
from .._core.receiving.guard import Guard, GuardOptions
from .._core.receiving.options import Wanted, guard_from_settings
from .._core.settings.from_settings import FromSettings
from .._core.settings.values import Settings
from .conf import ConfigurationError, allowed_hosts, for_all_views, improperly_configured, load
from .verification import AsyncDjangoHost, DjangoHost

View = TypeVar("View", bound=Callable[..., Any])

USE_METHOD_DECORATOR = (
    'verify_qstash is for views that take a request; on a class write @method_decorator(verify_qstash, name="dispatch")'
)
NO_ASYNC_INBOX = (
    "inbox= is for plain views: Django has no transactions in async ones, so that the mark of a message would not "
    "commit with the work; write the view with def, or use once="
)


class ViewOptions(GuardOptions, total=False):
    """The options of Django's ``verify_qstash``. None counts as not given."""

    inbox: str | None
    """The alias of a database: the view runs in a transaction on it, and each message has its effect there exactly
    once. For plain views, with ``qstash_integrations.django.inbox`` in INSTALLED_APPS."""


@overload
def verify_qstash(view: View, /) -> View: ...
@overload
def verify_qstash(**options: Unpack[ViewOptions]) -> Callable[[View], View]: ...
def verify_qstash(view: Any = None, /, **options: Unpack[ViewOptions]) -> Any:
    """Lets only requests through that QStash signed; they carry ``request.qstash_delivery``. CSRF-exempt.

    For views, plain or async, and with ``method_decorator(verify_qstash, name="dispatch")`` for classes: on ``post``
    alone the other methods stay open, and the CSRF check on. Missing settings raise at the first request.
    """
    if view is not None:
        return behind(view, _with_settings, _NOTHING)
    with improperly_configured():
        inbox = _alias(options.pop("inbox", None))
        wanted = Wanted.taken_from(options, ViewOptions.__annotations__)
    return functools.partial(behind, guard=guard_of(wanted), wanted=wanted, inbox=inbox)


def behind(
    view: Callable[..., Any], guard: FromSettings[Guard], wanted: Wanted, inbox: str | None = None
) -> Callable[..., Any]:
    """``view``, verified by ``guard``, which is made of ``wanted``; in a transaction on the database ``inbox``."""
    if not callable(view) or isinstance(view, type):
        raise TypeError(USE_METHOD_DECORATOR)
    is_async = _is_async(view)
    called = view if inbox is None else _within(view, inbox, is_async, wanted)

    def made() -> Guard:
        try:
            return guard()
        except errors.ConfigurationError as error:
            raise ConfigurationError(str(error)) from None

    def verified(request: Any, *args: Any, **kwargs: Any) -> Any:
        return handle(made, DjangoHost(called, _plain(request), request, args, kwargs))

    async def averified(request: Any, *args: Any, **kwargs: Any) -> Any:
        return await ahandle(made, AsyncDjangoHost(DjangoHost(called, _plain(request), request, args, kwargs)))

    wrapper: Any = functools.wraps(view)(averified if is_async else verified)
    wrapper.csrf_exempt = True
    wrapper.login_required = False  # to LoginRequiredMiddleware
    wrapper.qstash_wanted = wanted
    if inbox is not None:
        wrapper.qstash_inbox = inbox
        # The transaction of the inbox is the outermost one.
        wrapper._non_atomic_requests = {*getattr(view, "_non_atomic_requests", ()), inbox}
    return cast("Callable[..., Any]", wrapper)


def guard_of(wanted: Wanted) -> FromSettings[Guard]:
    """A guard with what the settings say for all views."""

    def made(_: Settings) -> Guard:
        return guard_from_settings(wanted.within(for_all_views()), load, allowed_hosts)()

    return FromSettings(made, load)


def _alias(given: object) -> str | None:
    if given is not None and (not isinstance(given, str) or not given):
        raise errors.ConfigurationError(f"inbox must be the alias of a database, such as 'default', not {given!r}")
    return given


def _within(view: Callable[..., Any], inbox: str, is_async: bool, wanted: Wanted) -> Callable[..., Any]:
    if is_async:
        raise ConfigurationError(NO_ASYNC_INBOX)
    from .inbox.handling import around

    return around(view, inbox, of_tasks=wanted.options.get("of_tasks", False))


def _plain(request: Any) -> HttpRequest:
    """Django's own request: Django REST framework wraps it, and hands that to views below its own decorators."""
    request = getattr(request, "_request", request)
    if not isinstance(request, HttpRequest):
        raise TypeError(USE_METHOD_DECORATOR)
    return request


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
_NOTHING = Wanted()
_with_settings = guard_of(_NOTHING)
