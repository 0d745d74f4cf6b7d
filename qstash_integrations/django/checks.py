"""System checks: what is missing for verification, said at start-up instead of at the first request.

They look only when verification is meant to work: a view of the URLconf is verified, or a setting for it is there.

Spec: https://docs.djangoproject.com/en/stable/topics/checks/
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name
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
    """What is wrong is an error: qstash.E001: a signing key, E003: an unreadable setting, E004: the cache of a store.

    What is missing is a warning, so that ``migrate`` runs where there are no keys. W001: a signing key. W002: no public
    URL. The first request to a verified view raises it, and ``check_deployment`` has an error for it.
    """
    try:
        current = load()
        publishes_on_commit()
    except ConfigurationError as error:
        return [Error(str(error), id="qstash.E003")]
    verified = _needing(current)
    found = [*_missing(current, verified, Warning, "qstash.W")]
    if any("receiver" not in options for options in verified) and not _lacks_keys(current):
        problem = _key_problem(current)
        found += [Error(problem, id="qstash.E001")] if problem else []
    problems = [_cache_problem(options.get("once")) for options in verified]
    return found + [Error(problem, id="qstash.E004") for problem in dict.fromkeys(problems) if problem]


def check_deployment(**_: object) -> list[CheckMessage]:
    """For ``check --deploy``. E001: a signing key is missing. E002: no public URL."""
    try:
        current = load()
    except ConfigurationError:
        return []  # that is an error of every check
    return [*_missing(current, _needing(current), Error, "qstash.E")]


def _missing(
    current: Settings, verified: list[GuardOptions], kind: type[Error] | type[Warning], series: str
) -> Iterator[CheckMessage]:
    if any("receiver" not in options for options in verified) and _lacks_keys(current):
        yield kind(str(_key_problem(current)), id=f"{series}001")
    if any("public_url" not in options and options.get("verify_url", True) for options in verified) and not (
        current.origins or trusted_hosts(allowed_hosts())
    ):
        yield kind(NO_PUBLIC_URL, hint="Or list exact names in ALLOWED_HOSTS.", id=f"{series}002")


def _needing(current: Settings) -> list[GuardOptions]:
    """The options of what is verified, of nothing in particular where the settings alone say that something is."""
    return list(_verified()) or ([GuardOptions()] if _intended(current) else [])


def _lacks_keys(current: Settings) -> bool:
    return not all((key or "").strip() for key in current.signing_keys)


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
