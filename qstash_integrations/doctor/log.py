"""Which of QStash's attempts are about this app, and failed last. Pure.

An account may serve several apps: what is neither on a public URL of this one nor has the path of a verified route of
it is left alone, and so is whatever has been delivered since.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from .._core.public_urls import rest_of
from .facts import Attempt, Facts, Route
from .paths import base_before, found


class Failing(NamedTuple):
    attempt: Attempt
    on_base: bool
    """Its URL is on a public URL of the app."""
    base: str | None
    """What stands in its URL before the path of a verified route."""
    route: Route | None


def failing(facts: Facts) -> Iterator[Failing]:
    """One for each URL whose newest attempt has failed."""
    account = facts.account
    seen = set[str]()
    for attempt in account.attempts if account else ():
        if attempt.url not in seen:
            seen.add(attempt.url)
            one = of(facts, attempt)
            if not attempt.delivered and (one.on_base or one.base is not None):
                yield one


def of(facts: Facts, attempt: Attempt) -> Failing:
    verified = [route for route in facts.app.routes if route.verified and route.path != "/"]
    bases = bases_of(facts)
    rest = next((rest for base in bases if (rest := _rest(attempt.url, base)) is not None), None)
    route = None if rest is None else found(facts.app.routes, rest or "/")
    return Failing(attempt, rest is not None, base_before(verified, attempt.url), route)


def is_ours(facts: Facts, url: str) -> bool:
    """Whether a URL is on a public URL of the app."""
    return any(_rest(url, base) is not None for base in bases_of(facts))


def route_at(facts: Facts, url: str) -> Route | None:
    rests = (_rest(url, base) for base in bases_of(facts))
    return next((route for rest in rests if rest is not None and (route := found(facts.app.routes, rest or "/"))), None)


def bases_of(facts: Facts) -> Sequence[str]:
    given = [url for url in facts.shapes.public_urls if "://" in url]
    return list(dict.fromkeys([*([facts.base] if facts.base else []), *given]))


def _rest(url: str, base: str) -> str | None:
    try:
        rest = rest_of(url, base)
    except ValueError:
        return None
    return None if rest is None else urlsplit(rest).path
