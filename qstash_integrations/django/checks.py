"""System checks: what is missing for verification, said at start-up instead of at the first request.

They look only when verification is meant to work: a view of the URLconf is verified, or a setting for it is there.

Spec: https://docs.djangoproject.com/en/stable/topics/checks/
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.urls import URLResolver, get_resolver

from .._core.errors import ConfigurationError
from .._core.public_urls import NO_PUBLIC_URL
from .._core.receiving.guard import GuardOptions
from .._core.receiving.receivers import receiver_of, regional_receivers
from .._core.receiving.urls import trusted_hosts
from .._core.settings import Settings
from ..once import DjangoCacheStore
from .conf import allowed_hosts, load, publishes_on_commit


def check_settings(**_: object) -> list[CheckMessage]:
    """qstash.E001: a signing key. E002: no public URL. E003: an unreadable setting. E004: the cache of a store."""
    try:
        current = load()
        publishes_on_commit()
    except ConfigurationError as error:
        return [Error(str(error), id="qstash.E003")]
    verified = list(_verified()) or ([GuardOptions()] if _intended(current) else [])
    found: list[CheckMessage] = []
    if any("receiver" not in options for options in verified) and (problem := _key_problem(current)):
        found.append(Error(problem, id="qstash.E001"))
    if any("public_url" not in options and options.get("verify_url", True) for options in verified) and not (
        current.origins or trusted_hosts(allowed_hosts())
    ):
        found.append(Error(NO_PUBLIC_URL, hint="Or list exact names in ALLOWED_HOSTS.", id="qstash.E002"))
    problems = [_cache_problem(options.get("once")) for options in verified]
    found += [Error(problem, id="qstash.E004") for problem in dict.fromkeys(problems) if problem]
    return found


def _verified() -> Iterator[GuardOptions]:
    """The options of every verified view in the URLconf."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return
    pending: list[Any] = list(get_resolver().url_patterns)
    while pending:
        entry = pending.pop()
        if isinstance(entry, URLResolver):
            pending.extend(entry.url_patterns)
        elif (options := getattr(entry.callback, "qstash_options", None)) is not None:
            yield options


def _intended(current: Settings) -> bool:
    parts = (*current.signing_keys, *current.regional_keys)
    return bool(current.origins) or any(part is not None for part in parts)


def _cache_problem(store: object) -> str | None:
    if isinstance(store, DjangoCacheStore):
        try:
            store.check()
        except ConfigurationError as error:
            return str(error)
    return None


def _key_problem(current: Settings) -> str | None:
    try:
        receiver_of(current)
        regional_receivers(current)
    except ConfigurationError as error:
        return str(error)
    return None
