"""The public URLs of a project's own views, and where it has included those of ours.

Spec: https://docs.djangoproject.com/en/stable/topics/http/urls/#url-namespaces
"""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

from django.conf import settings
from django.urls import NoReverseMatch, URLResolver, get_resolver, get_script_prefix, get_urlconf, reverse
from django.utils import translation

from .._core.errors import ConfigurationError
from .._core.public_urls import has_path, join_public_url
from .._core.receiving.urls import bases_of
from .._core.settings.from_settings import FromSettings
from .._core.settings.values import Settings
from .conf import allowed_hosts, improperly_configured, load

URLS = "qstash_integrations.django.urls"
# What Django itself leaves unquoted in a reversed path.
_UNQUOTED = "!$&'()*+,;=/~:@"

_namespaces: WeakKeyDictionary[URLResolver, str | None] = WeakKeyDictionary()


def public_url(path: str) -> str:
    """``path``, as Django has reversed it, on the first public URL."""
    bases = _bases()
    if bases and has_path(bases[0]):
        path = "/" + path.removeprefix(quote(get_script_prefix(), safe=_UNQUOTED))
    with improperly_configured():
        return join_public_url(bases, path)


def included(name: str, /, **kwargs: Any) -> str | None:
    """The path of a view of ``qstash_integrations.django.urls``; None where no URLconf includes that.

    ROOT_URLCONF counts before the request's own URLconf, and LANGUAGE_CODE instead of the request's language: what is
    published by one request is delivered by another. ConfigurationError where the include stands below a pattern with
    arguments.
    """
    for urlconf in dict.fromkeys((getattr(settings, "ROOT_URLCONF", None), get_urlconf())):
        namespace = None if urlconf is None else _namespace(get_resolver(urlconf))
        if namespace is not None:
            with translation.override(settings.LANGUAGE_CODE), improperly_configured():
                return _reversed(f"{namespace}:{name}", urlconf, kwargs)
    return None


def _bases_by(current: Settings) -> tuple[str, ...]:
    with improperly_configured():
        return bases_of(current, allowed_hosts(), "ALLOWED_HOSTS")


_bases = FromSettings(_bases_by, load)


def _reversed(viewname: str, urlconf: Any, kwargs: dict[str, Any]) -> str:
    try:
        return reverse(viewname, urlconf=urlconf, kwargs=kwargs)
    except NoReverseMatch as error:
        raise ConfigurationError(
            f'include("{URLS}") stands below a pattern with arguments, so that nothing can be published to it; include '
            "it below a fixed path first"
        ) from error


def _namespace(resolver: URLResolver) -> str | None:
    """Of the first include of our views, "outer:qstash"; Django looks namespaces up by name and not by module."""
    if resolver not in _namespaces:
        _namespaces[resolver] = next(_found(resolver.url_patterns, ()), None)
    return _namespaces[resolver]


def _found(patterns: Iterable[Any], outer: tuple[str, ...]) -> Iterator[str]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            namespace: Any = entry.namespace
            within = (*outer, namespace) if namespace else outer
            if getattr(entry.urlconf_name, "__name__", entry.urlconf_name) == URLS:
                yield ":".join(within)
            else:
                yield from _found(entry.url_patterns, within)
