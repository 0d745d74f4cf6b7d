"""The origins under which QStash calls an app: what a sender builds URLs on, and a receiver compares with.

A label of the host may be a wildcard, ``https://*.shop.example``, for an app with a host per customer or preview; and
where they are known at run time only, a function tells them.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv6Address
from typing import NamedTuple, TypeAlias, cast

from .errors import ConfigurationError
from .texts import problem_of_text

Origins: TypeAlias = tuple[str, ...] | Callable[[], tuple[str, ...]]
"""The origins, or what tells them at each use."""

WILDCARD = "*"
NO_PUBLIC_URL = (
    "QSTASH_PUBLIC_URL is not set; set it to the origin under which QStash calls this app, "
    "such as https://api.example.com"
)
_HTTP = re.compile(r"https?://", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|\Z)", re.IGNORECASE)


def origins_of(value: object, name: str) -> Origins:
    """``public_urls``, of a function those that it returns, at each use. ConfigurationError names ``name``."""
    if not callable(value):
        return public_urls(value, name)
    tell = cast("Callable[[], object]", value)

    def told() -> tuple[str, ...]:
        found = public_urls(tell(), name)
        if not found:
            raise ConfigurationError(f"{name} is a function that returned no URL")
        return found

    return told


def public_urls(value: object, name: str) -> tuple[str, ...]:
    """The origins in a comma-separated text or a list of texts, fixed ones first; ConfigurationError names ``name``."""
    if value is None:
        return ()
    if not isinstance(value, str | list | tuple):
        raise ConfigurationError(f"{name} must be a text or a list of texts, not {type(value).__name__}")
    if isinstance(value, str) and (problem := problem_of_text(value)):
        raise ConfigurationError(f"{name} {problem}")
    parts = value.split(",") if isinstance(value, str) else list(cast("Iterable[object]", value))
    found = [_public_url(part, name) for part in parts if part != "" or len(parts) > 1]
    # URLs are built on the first one, and none can be built on a wildcard.
    return tuple(sorted(found, key=lambda base: WILDCARD in base))


def on_host(base: str, host: str | None) -> str | None:
    """A public URL with a request's Host in the place of its wildcards; None where that does not fit them."""
    if WILDCARD not in base:
        return base
    if host is None:
        return None
    wildcard = _wildcard(base)
    # A proxy may have a port of its own; the one that counts is the public URL's.
    name = host.partition(":")[0]
    return wildcard.before + name + wildcard.after if wildcard.host.fullmatch(name) else None


def rest_of(url: str, base: str) -> str | None:
    """The path and query of ``url`` behind a public URL; None where it is not on it."""
    found = on_host(base, _host_of(url))
    if found is None or not url.startswith(found):
        return None
    rest = url[len(found) :]
    return rest if rest[:1] in ("", "/", "?") else None


def join_public_url(bases: tuple[str, ...], path: str) -> str:
    """The public URL of one's own route; ConfigurationError where no public URL is set, or none that is fixed."""
    if not bases:
        raise ConfigurationError(NO_PUBLIC_URL)
    if WILDCARD in bases[0]:
        raise ConfigurationError(
            f"QSTASH_PUBLIC_URL has wildcards alone, and no URL can be built on {bases[0]!r}; add the origin on which "
            f"this app publishes to itself, as in {bases[0]},https://api.example.com"
        )
    return bases[0] + path


class _Wildcard(NamedTuple):
    before: str
    host: re.Pattern[str]
    after: str


@lru_cache(maxsize=64)
def _wildcard(base: str) -> _Wildcard:
    scheme, _, rest = base.partition("://")
    host = _host_of(base)
    pattern = re.escape(host).replace(r"\*", _LABEL.pattern)
    return _Wildcard(f"{scheme}://", re.compile(pattern, re.IGNORECASE), rest[len(host) :])


def _host_of(url: str) -> str:
    return re.split(r"[/:?]", url.partition("://")[2], maxsplit=1)[0]


def _public_url(text: object, name: str) -> str:
    problem = problem_of_text(text) or _problem(str(text).strip())
    if problem or not isinstance(text, str):
        # What stands before an @ may be a password.
        shown = "" if isinstance(text, str) and "@" in text else f": {text!r}"
        raise ConfigurationError(
            f"{name} {problem}{shown}; set it to the origin that QStash calls, such as https://api.example.com"
        )
    scheme, _, rest = text.strip().partition("://")
    return f"{scheme.lower()}://{rest}"


def _problem(text: str) -> str | None:
    """Why no request could have been signed for such a URL."""
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        return "has blanks or characters that no URL has"
    if not _HTTP.match(text):
        return "has no scheme (https:// or http://)"
    authority, slash, path = text.partition("://")[2].partition("/")
    if "@" in authority:
        return "has a user name"
    if "?" in text or "#" in text:
        return "has a query or a fragment"
    if text.endswith("/"):
        return "ends with a slash" if authority else "has no host"
    return _problem_of_authority(authority) or _problem_of_path(slash + path)


def _problem_of_authority(authority: str) -> str | None:
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or not 0 < int(parts["port"] or 1) < 65536:
        return "has a port that is none"
    host: str = parts["host"]
    if not host:
        return "has no host"
    if host.startswith("["):
        try:
            IPv6Address(host[1:-1])
        except ValueError:
            return "has an address in brackets that is none"
        return None
    labels = host.removesuffix(".").split(".")
    if WILDCARD in host:
        return _problem_of_wildcard(labels)
    return None if all(map(_LABEL.fullmatch, labels)) else "has a host that is none"


def _problem_of_wildcard(labels: list[str]) -> str | None:
    if any(label != WILDCARD and not _LABEL.fullmatch(label) for label in labels):
        return "has a wildcard that is not a whole label of the host"
    # Of *.com or * alone anybody has a host, and receives what is signed for it.
    if WILDCARD in labels[-2:] and labels[-1] != "localhost":
        return "has a wildcard that takes in other people's hosts"
    return None


def _problem_of_path(path: str) -> str | None:
    if WILDCARD in path:
        return "has a wildcard in its path"
    if not _PATH.fullmatch(path):
        return "has characters that no path has"
    return "has dot segments, which clients take out" if _DOTS.search(path) else None
