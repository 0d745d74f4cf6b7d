"""``qstash`` and ``aqstash``: publishers per settings, made once, that know the project's own URLs.

They read the settings at their first use and again when those have changed; importing them reads nothing.

Spec: https://docs.djangoproject.com/en/stable/ref/urlresolvers/
"""

from typing import Any, TypeVar
from urllib.parse import quote

from django.urls import get_script_prefix, reverse

from .._core.client import AsyncQStash, QStash
from .._core.exchange import Call
from .._core.operations import Operation
from .._core.urls import join_public_url
from .conf import improperly_configured, load

T = TypeVar("T")

# What Django itself leaves unquoted in a reversed path.
_UNQUOTED = "!$&'()*+,;=/~:@"


class Publisher(QStash):
    """A ``qstash_integrations.QStash`` that also knows the project's own URLs."""

    def url_for(self, viewname: str, /, **kwargs: Any) -> str:
        """The public URL of a view, on the first QSTASH_PUBLIC_URL; never on the request's host.

        A path prefix in the public URL replaces the script prefix. Raises ConfigurationError when no public URL is
        set, NoReverseMatch for an unknown view.
        """
        return _url_for(viewname, kwargs)

    def _call(self, operation: Operation[T]) -> Call[T]:
        with improperly_configured():
            return super()._call(operation)


class AsyncPublisher(AsyncQStash):
    """A ``qstash_integrations.AsyncQStash`` that also knows the project's own URLs."""

    def url_for(self, viewname: str, /, **kwargs: Any) -> str:
        """As on ``Publisher``; nothing to await."""
        return _url_for(viewname, kwargs)

    def _call(self, operation: Operation[T]) -> Call[T]:
        with improperly_configured():
            return super()._call(operation)


def _url_for(viewname: str, kwargs: dict[str, Any]) -> str:
    bases = load().public_url
    path = reverse(viewname, kwargs=kwargs)
    if bases and bases[0].count("/") > 2:
        path = "/" + path.removeprefix(quote(get_script_prefix(), safe=_UNQUOTED))
    with improperly_configured():
        return join_public_url(bases, path)


qstash: Publisher = Publisher.from_settings(load)
aqstash: AsyncPublisher = AsyncPublisher.from_settings(load)
