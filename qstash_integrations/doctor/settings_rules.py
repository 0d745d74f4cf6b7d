"""Rules over the form of the settings: Q100 to Q135. Pure.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from .._core.hosts import is_private
from .._core.public_urls import NO_PUBLIC_URL, WILDCARD, public_urls
from .._core.settings.given import KEYS
from .facts import Facts, Value
from .findings import Said

_VERSION = re.compile(r"/v[12](?=/|\Z)", re.IGNORECASE)
_CURRENT, _NEXT = KEYS


def refused(facts: Facts) -> Iterator[Said]:
    """The app refuses its settings, for a reason that no other rule names."""
    said = facts.app.refused or facts.shapes.refused
    others = (quoted, line_ends, odd, no_keys, cut, alone, published, api_url, no_public_url, public_url, wildcards)
    if said and not any(True for rule in others for found in rule(facts) if found.severity != "warning"):
        yield Said(sentence=said)


def quoted(facts: Facts) -> Iterator[Said]:
    for value in facts.shapes.values.values():
        if value.quoted:
            yield Said(sentence=f"{value.name} has quotes around its value, and they count as a part of it")


def line_ends(facts: Facts) -> Iterator[Said]:
    for value in facts.shapes.values.values():
        if value.line_end == "within":
            yield Said(sentence=f"{value.name} has a line end within its value")
        elif value.line_end:
            yield Said(
                sentence=f"{value.name} ends with a line end, which is forgiven here, and by few others",
                severity="warning",
            )


def odd(facts: Facts) -> Iterator[Said]:
    for value in facts.shapes.values.values():
        if value.odd and not value.line_end and not value.quoted:
            yield Said(sentence=f"{value.name} has blanks or characters that no token and no signing key has")


def no_keys(facts: Facts) -> Iterator[Said]:
    if facts.has_no_settings:
        return
    if _verifies(facts) and not any(value.is_set for value in _keys(facts)):
        names = " and ".join(_name(facts, key) for key in KEYS)
        yield Said(sentence=f"{names} are not set, and every request to a verified route is refused")


def cut(facts: Facts) -> Iterator[Said]:
    for value in _keys(facts):
        if value.cut:
            yield Said(sentence=f"{value.name} is a placeholder, or was cut short")


def alone(facts: Facts) -> Iterator[Said]:
    for one, other in (KEYS, KEYS[::-1]):
        value = facts.shapes.of(one)
        if value.is_set and not facts.shapes.of(other).is_set and not facts.shapes.receiver:
            yield Said(sentence=f"{value.name} is set and {_name(facts, other)} is not")


def published(facts: Facts) -> Iterator[Said]:
    if not facts.shapes.hosted and not facts.shapes.production:
        return
    where = f"{facts.shapes.production} declares production" if facts.shapes.production else "QSTASH_URL is the service"
    for setting in ("QSTASH_TOKEN", *KEYS):
        value = facts.shapes.of(setting)
        if value.published:
            yield Said(sentence=f"{value.name} is that of local development, which anybody can read, and {where}")


def same_keys(facts: Facts) -> Iterator[Said]:
    if facts.shapes.same_keys:
        names = " and ".join(_name(facts, key) for key in KEYS)
        yield Said(sentence=f"{names} are the same, so that the next rotation of the keys refuses every request")


def keys_refused(facts: Facts) -> Iterator[Said]:
    """What verification says of the keys, where no other rule does."""
    said = facts.shapes.keys_refused
    known = (quoted, line_ends, odd, no_keys, cut, alone, published)
    is_set = any(value.is_set for value in _keys(facts))
    if said and is_set and not facts.shapes.receiver and not any(True for rule in known for _ in rule(facts)):
        yield Said(sentence=said)


def no_token(facts: Facts) -> Iterator[Said]:
    is_published_to = any(route.task for route in facts.app.routes) and not facts.has_no_settings
    if is_published_to and not facts.shapes.of("QSTASH_TOKEN").is_set:
        yield Said(sentence="QSTASH_TOKEN is not set, and this app serves tasks, which it cannot publish")


def api_url(facts: Facts) -> Iterator[Said]:
    url = facts.shapes.api_url.strip()
    version = _VERSION.search(url.removesuffix("/").removesuffix("/v2/publish"))
    if version:
        yield Said(sentence=f"QSTASH_URL has {version[0]!r} in its path, which every call brings along")
    elif facts.shapes.refused and facts.shapes.refused.startswith("QSTASH_URL ") and not _value(facts, "URL").quoted:
        yield Said(sentence=facts.shapes.refused.partition(";")[0])


def no_public_url(facts: Facts) -> Iterator[Said]:
    shapes = facts.shapes
    if facts.has_no_settings:
        return
    verifying = [one for _, one in facts.app.verified if not one.any_url and not one.own_public_url]
    refused = facts.app.refused == NO_PUBLIC_URL
    if (verifying or refused) and not shapes.public_urls and not shapes.told and not shapes.hosts:
        yield Said(sentence=NO_PUBLIC_URL.partition(";")[0])


def public_url(facts: Facts) -> Iterator[Said]:
    for url in facts.shapes.public_urls:
        problem = _problem(url)
        if problem and WILDCARD not in problem and not _value(facts, "PUBLIC_URL").quoted:
            yield Said(sentence=problem)


def wildcards(facts: Facts) -> Iterator[Said]:
    urls = facts.shapes.public_urls
    for url in urls:
        problem = _problem(url)
        if WILDCARD in url and problem:
            yield Said(sentence=problem)
    if urls and all(WILDCARD in url for url in urls) and not any(map(_problem, urls)):
        yield Said(
            sentence="QSTASH_PUBLIC_URL has wildcards alone, on which no URL can be built, so that nothing is "
            "published to this app",
            remedy="add the origin on which this app publishes to itself",
            severity="warning",
        )


def unreachable(facts: Facts) -> Iterator[Said]:
    if facts.shapes.hosted:
        for url in facts.shapes.public_urls:
            if not _problem(url) and WILDCARD not in url and is_private(url):
                yield Said(
                    sentence=f"QSTASH_PUBLIC_URL is {url}, and QSTASH_URL is the service, which calls public addresses "
                    "alone"
                )


def plain_http(facts: Facts) -> Iterator[Said]:
    if facts.shapes.hosted:
        for url in facts.shapes.public_urls:
            if not _problem(url) and urlsplit(url).scheme == "http" and not is_private(url):
                yield Said(sentence=f"QSTASH_PUBLIC_URL is {url}: bodies and signatures travel in the clear")


def _problem(url: str) -> str | None:
    try:
        public_urls(url, "QSTASH_PUBLIC_URL")
    except ValueError as error:
        return str(error).partition("; set it")[0]
    return None


def _verifies(facts: Facts) -> bool:
    """Whether anything of the app is verified by the keys of its settings."""
    by_settings = any(not one.own_keys for _, one in facts.app.verified)
    return (by_settings or "SIGNING_KEY" in (facts.app.refused or "")) and not facts.shapes.receiver


def _keys(facts: Facts) -> list[Value]:
    return [facts.shapes.of(key) for key in KEYS]


def _name(facts: Facts, setting: str) -> str:
    return facts.shapes.of(setting).name or setting


def _value(facts: Facts, name: str) -> Value:
    return facts.shapes.of(f"QSTASH_{name}")
