"""Which of QStash's attempts are about this app, and failed last. Pure.

An account may serve several apps: what is neither on a public URL of this one nor has the path of a verified route of
it is left alone, and so is whatever has been delivered since.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .._core.public_urls import rest_of
from .._core.receiving.probe import is_probe
from .facts import Facts, PastAttempt, Planned
from .paths import base_before, found, is_distinct


class FailingAttempt(NamedTuple):
    attempt: PastAttempt
    on_base: bool
    """Its URL is on a public URL of the app."""
    base: str | None
    """What stands in its URL before the path of a verified route."""
    is_known: bool
    """The app has a route for it."""


def failing(facts: Facts) -> Iterator[FailingAttempt]:
    """One for each URL whose newest attempt has failed, but for those that are old."""
    account = facts.account
    seen = (
        {plan.url for plan in (*old(facts, account.schedules), *old(facts, account.messages))}
        if account
        else set[str]()
    )
    for attempt in account.attempts if account else ():
        if attempt.url not in seen:
            seen.add(attempt.url)
            one = of(facts, attempt)
            if not attempt.delivered and (one.on_base or one.base is not None):
                yield one


def old(facts: Facts, planned: Iterable[Planned]) -> Iterator[Planned]:
    """What calls a URL that the app once had: a path that it has no longer, or its path on another base, in vain.

    What this package itself refuses there is no old URL: the app is called by another one than it knows.
    """
    account = facts.account
    refused = {attempt.url for attempt in (account.attempts if account else ()) if attempt.ours}
    for plan in planned:
        gone = is_ours(facts, plan.url) and bool(facts.app.routes) and not is_known(facts, plan.url)
        if plan.url not in refused and (gone or (plan.fails and _is_elsewhere(facts, plan.url))):
            yield plan


def _is_elsewhere(facts: Facts, url: str) -> bool:
    """It has the path of a verified route, on another base than the app's."""
    bases, base = bases_of(facts), base_of(facts, url)
    return bool(bases) and base is not None and base not in bases and not is_ours(facts, url)


def of(facts: Facts, attempt: PastAttempt) -> FailingAttempt:
    return FailingAttempt(
        attempt, is_ours(facts, attempt.url), base_of(facts, attempt.url), is_known(facts, attempt.url)
    )


def base_of(facts: Facts, url: str) -> str | None:
    """What stands in a URL in front of the path of a verified route, where such a path tells one app from others."""
    return base_before([route for route, _ in facts.app.verified if is_distinct(route)], url)


def is_ours(facts: Facts, url: str) -> bool:
    """Whether a URL is on a public URL of the app."""
    return any(_rest(url, base) is not None for base in bases_of(facts))


def is_known(facts: Facts, url: str) -> bool:
    """Whether a URL on a public URL of the app leads to a route of it, or to its probe."""
    probe = facts.app.probe_path
    rests = [rest or "/" for base in bases_of(facts) if (rest := _rest(url, base)) is not None]
    return any((probe and is_probe(rest, probe)) or found(facts.app.routes, rest) for rest in rests)


def bases_of(facts: Facts) -> Sequence[str]:
    given = [url for url in facts.shapes.public_urls if "://" in url]
    return list(dict.fromkeys([*([facts.base] if facts.base else []), *given]))


def _rest(url: str, base: str) -> str | None:
    try:
        rest = rest_of(url, base)
    except ValueError:
        return None
    return None if rest is None else rest.partition("?")[0]
