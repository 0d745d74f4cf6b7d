"""System checks: what is missing for verification, said at start-up instead of at the first request.

They look only when verification is meant to work: a view of the URLconf is verified, or a setting for it is there.

Spec: https://docs.djangoproject.com/en/stable/topics/checks/
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name
from django.urls import URLResolver, get_resolver

from .._core.errors import ConfigurationError
from .._core.public_urls import NO_PUBLIC_URL
from .._core.receiving.options import Options
from .._core.receiving.receivers import receiver_of, regional_receivers
from .._core.receiving.urls import trusted_hosts
from .._core.settings.values import Settings
from ..once import DjangoCacheStore, DjangoDatabaseStore
from .conf import (
    allowed_hosts,
    for_all_views,
    load,
    manner,
    outbox_keep,
    outbox_schedule,
    publishes_on_commit,
    tasks_given,
    writes_to_outbox,
)
from .decorators import NO_ASYNC_INBOX
from .inbox.handling import problem_of
from .outbox.places import APP as OUTBOX
from .outbox.places import NOT_INSTALLED
from .reversing import URLS, included


def check_settings(**_: object) -> list[CheckMessage]:
    """What is wrong is an error: qstash.E001: a signing key, E003: an unreadable setting, E004: where a store
    keeps its claims, E005: the inbox of a view, E006: the table of the outbox.

    What is missing is a warning, so that ``migrate`` runs where there are no keys. W001: a signing key. W002: no public
    URL. The first request to a verified view raises it, and ``check_deployment`` has an error for it. W003: tasks that
    are served nowhere, which is raised where one is published.

    E101 to E203, and the same as W or I, are findings of the doctor, by their numbers.
    """
    try:
        current = load()
        publishes_on_commit()
        manner()
        for_all_views()
        outbox_keep()
        outbox_schedule()
        found = [*_not_included(current)]
        if writes_to_outbox() and not apps.is_installed(OUTBOX):
            found.append(Error(NOT_INSTALLED, id="qstash.E006"))
        verified = _needing(current)
    except ConfigurationError as error:
        return [Error(str(error), id="qstash.E003")]
    found += _missing(verified, Warning, "qstash.W")
    problems = [_key_problem(of_view) for options, of_view in verified if _needs_keys(options, of_view) is False]
    found += [Error(problem, id="qstash.E001") for problem in dict.fromkeys(problems) if problem]
    problems = [_store_problem(options.get("once")) for options, _ in verified]
    found += [Error(problem, id="qstash.E004") for problem in dict.fromkeys(problems) if problem]
    found += [Error(problem, id="qstash.E005") for problem in dict.fromkeys(_inbox_problems())]
    # Whoever runs no checks needs none of this.
    from .findings import as_checks

    return [*found, *as_checks(found)]


def check_deployment(**_: object) -> list[CheckMessage]:
    """For ``check --deploy``. E001: a signing key is missing. E002: no public URL."""
    try:
        return [*_missing(_needing(load()), Error, "qstash.E")]
    except ConfigurationError:
        return []  # that is an error of every check


def _missing(
    verified: list[tuple[Options, Settings]], kind: type[Error] | type[Warning], series: str
) -> Iterator[CheckMessage]:
    problems = [_key_problem(of_view) for options, of_view in verified if _needs_keys(options, of_view)]
    for problem in dict.fromkeys(problems):
        yield kind(str(problem), id=f"{series}001")
    if any(options.get("verify_url", True) and not of_view.origins for options, of_view in verified) and not (
        trusted_hosts(allowed_hosts())
    ):
        yield kind(NO_PUBLIC_URL, hint="Or list exact names in ALLOWED_HOSTS.", id=f"{series}002")


def _not_included(current: Settings) -> Iterator[CheckMessage]:
    given = tasks_given()
    if given.are_given() and not current.tasks_url and included("task", name="name") is None:
        yield Warning(
            "QSTASH_TASKS are served nowhere, since no URLconf has the urls of this package",
            hint=f'Add path("qstash/", include("{URLS}")) to urlpatterns.',
            id="qstash.W003",
        )


def _needing(current: Settings) -> list[tuple[Options, Settings]]:
    """What is verified, and by which settings; where those alone say that something is, nothing in particular."""
    verified = [(view.qstash_wanted.options, load(*view.qstash_wanted.given)) for view in _verified()]
    return verified or ([(Options(), current)] if _intended(current) else [])


def _needs_keys(options: Options, of_view: Settings) -> bool | None:
    """Whether a key is missing; None where the settings' keys are of no account."""
    return None if "receiver" in options else not all((key or "").strip() for key in of_view.signing_keys)


def _verified() -> Iterator[Any]:
    """Every verified view in the URLconf."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return
    pending: list[Any] = list(get_resolver().url_patterns)
    while pending:
        entry = pending.pop()
        if isinstance(entry, URLResolver):
            pending.extend(entry.url_patterns)
        elif hasattr(entry.callback, "qstash_wanted") and not entry.callback.qstash_wanted.options.get("of_probe"):
            yield entry.callback


def _intended(current: Settings) -> bool:
    parts = (*current.signing_keys, *current.regional_keys)
    return bool(current.origins) or any(part is not None for part in parts)


def _store_problem(store: object) -> str | None:
    if isinstance(store, DjangoCacheStore | DjangoDatabaseStore):
        try:
            store.check()
        except ConfigurationError as error:
            return str(error)
    return None


def _inbox_problems() -> Iterator[str]:
    for view in _verified():
        alias: str | None = getattr(view, "qstash_inbox", None)
        if alias is None:
            continue
        # Which method_decorator decorates for each request.
        if getattr(getattr(view, "view_class", None), "view_is_async", False):
            yield NO_ASYNC_INBOX
        problem = problem_of(alias)
        if problem is not None:
            yield problem


def _key_problem(current: Settings) -> str | None:
    try:
        receiver_of(current)
        regional_receivers(current)
    except ConfigurationError as error:
        return str(error)
    return None
