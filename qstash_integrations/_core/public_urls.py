"""The origins under which QStash calls an app: what a sender builds URLs on, and a receiver compares with.

A label of the host may be a wildcard, ``https://*.shop.example``, for an app with a host per customer or preview; and
where they are known at run time only, a function tells them.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

import re
from collections.abc import Callable, Coroutine, Iterable
from functools import lru_cache
from ipaddress import IPv6Address
from typing import NamedTuple, TypeAlias, cast
from urllib.parse import quote

from .errors import ConfigurationError
from .texts import problem_of_text

Origins: TypeAlias = tuple[str, ...] | Callable[[], tuple[str, ...]]
"""The origins, or what tells them at each use."""

WILDCARD = "*"
# What may stand unencoded in a path (RFC 3986, 3.3); for hosts and routers that give the decoded path only.
PATH = "/:@!$&'()*+,;=~"
NO_PUBLIC_URL = (
    "QSTASH_PUBLIC_URL is not set; set it to the origin under which QStash calls this app, "
    "such as https://api.example.com"
)
_HTTP = re.compile(r"https?://", re.IGNORECASE)
_HOST_HEADER = re.compile(r"([^:]*)(?::[0-9]*)?")
_AUTHORITY = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
# Below these, names are given to anybody: the best known, no list of all. An app's own there is for a function to tell.
_REGISTRY = re.compile(r"(?:ac|co|com|edu|gov|net|ne|or|org)\.[a-z]{2}")
_SHARED = frozenset(
    (
        *("appspot.com", "azurewebsites.net", "cloudfront.net", "deno.dev", "fly.dev", "github.io", "gitlab.io"),
        *("herokuapp.com", "loca.lt", "lhr.life", "netlify.app", "ngrok.app", "ngrok.dev", "ngrok.io"),
        *("ngrok-free.app", "ngrok-free.dev", "onrender.com", "pages.dev", "pythonanywhere.com", "trycloudflare.com"),
        *("up.railway.app", "vercel.app", "workers.dev"),
    )
)
# Of these also with a region or the like in front.
_SHARED_IN_PARTS = (".amazonaws.com", ".azurecontainerapps.io", ".cloudfunctions.net", ".on.aws", ".run.app")
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|\Z)", re.IGNORECASE)


def origins_of(value: object, name: str) -> Origins:
    """``public_urls``, of a function those that it returns, at each use. ConfigurationError names ``name``.

    What the function raises is a ConfigurationError as well, at its use: a tunnel may not be there yet.
    """
    if not callable(value):
        return public_urls(value, name)
    _check_function(value, name)
    tell = cast("Callable[[], object]", value)

    def told() -> tuple[str, ...]:
        try:
            url = tell()
        except Exception as error:
            raise ConfigurationError(f"{name} is a function that raised {type(error).__name__}") from error
        _close(url)
        found = public_urls(url, name)
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
    # A proxy may have a port of its own; the one that counts is the public URL's.
    sent = _HOST_HEADER.fullmatch(host or "")
    wildcard = _wildcard(base)
    return wildcard.before + sent[1] + wildcard.after if sent and wildcard.host.fullmatch(sent[1]) else None


def signed_on(url: str, base: str, host: Callable[[], str | None]) -> str | None:
    """The public URL that ``url`` stands on, which may have wildcards: None where ``host`` is not the one in ``url``.

    Letters of a host count in either case: proxies write them as they like.
    """
    if WILDCARD in base:
        signed, sent = _host_of(url), on_host(base, host())
        if sent is None or _host_of(sent).lower() != signed.lower():
            return None
        base = cast("str", on_host(base, signed))
    return base if url.startswith(base) else None


def below(bases: tuple[str, ...], mount: str) -> tuple[str, ...]:
    """The public URLs, of which one without a path goes on with the path at which the app's settings mount it."""
    return tuple(base if has_path(base) else base + mount for base in bases) if mount else bases


def has_path(base: str) -> bool:
    return base.count("/") > 2


def mount_of(path: object) -> str:
    """What a framework's settings say of where the app is mounted, as it stands in a URL: "" or "/shop"."""
    trimmed = path.strip("/") if isinstance(path, str) else ""
    return "/" + quote(trimmed, safe=PATH) if trimmed else ""


def rest_of(url: str, base: str) -> str | None:
    """The path and query of ``url`` behind a public URL; None where it is not on it."""
    found = on_host(base, _host_of(url))
    if found is None or not url.startswith(found):
        return None
    rest = url[len(found) :]
    return rest if rest[:1] in ("", "/", "?") else None


def join_public_url(bases: tuple[str, ...], path: str, host: str | None = None) -> str:
    """The public URL of one's own route, on ``host`` if that is the only one with the route.

    ConfigurationError where no public URL is set, none that is fixed, or none on that host.
    """
    if not bases:
        raise ConfigurationError(NO_PUBLIC_URL)
    if host is not None:
        return _on_route(bases, host.partition(":")[0]) + path
    if WILDCARD in bases[0]:
        raise ConfigurationError(
            f"QSTASH_PUBLIC_URL has wildcards alone, and no URL can be built on {bases[0]!r}; add the origin on which "
            f"this app publishes to itself, as in {bases[0]},https://api.example.com"
        )
    return bases[0] + path


def _on_route(bases: tuple[str, ...], host: str) -> str:
    for base in bases:
        found = on_host(base, host)
        if found is not None and _host_of(found).lower() == host.lower():
            return found
    raise ConfigurationError(
        f"QSTASH_PUBLIC_URL has no URL on {host!r}, and the route answers on that host alone; add it, as in "
        f"{bases[0]},https://{host}"
    )


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


def _close(url: object) -> None:
    """What an async function has returned: else Python warns of it as well."""
    if isinstance(url, Coroutine):
        cast("Coroutine[object, object, object]", url).close()


def _check_function(function: Callable[..., object], name: str) -> None:
    import inspect  # takes its time, and most apps have no function here

    if inspect.isclass(function):
        raise ConfigurationError(f"{name} must be a text, a list of texts or a function, not a class")
    called: object = getattr(function, "__call__")  # noqa: B004,B009 - an object's own, which may be async
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called):
        raise ConfigurationError(f"{name} is an async function; it is asked at each request, so make it a plain one")
    try:
        inspect.signature(function).bind()
    except TypeError:
        raise ConfigurationError(f"{name} is a function that takes arguments; it is called without any") from None
    except ValueError:
        return  # of some functions in C nothing is known


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
    if not text.partition("://")[2].partition("/")[0].isascii():
        return "has letters in its host that no URL has (a domain with them is written xn--...)"
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
    return None if len(host) < 254 and all(map(_LABEL.fullmatch, labels)) else "has a host that is none"


def _problem_of_wildcard(labels: list[str]) -> str | None:
    if any(label != WILDCARD and not _LABEL.fullmatch(label) for label in labels):
        return "has a wildcard that is not a whole label of the host"
    if labels[-1].isdecimal():
        return "has a wildcard in an address"
    # Of *.com or * alone anybody has a host, and receives what is signed for it.
    if labels[-1].lower() != "localhost" and (WILDCARD in labels[-2:] or _is_shared(labels)):
        return "has a wildcard that takes in other people's hosts"
    return None


def _is_shared(labels: list[str]) -> bool:
    """Whether the wildcard stands for a name that anybody may register, or is given by a host of many."""
    fixed = ".".join(labels[len(labels) - labels[::-1].index(WILDCARD) :]).lower()
    return _REGISTRY.fullmatch(fixed) is not None or fixed in _SHARED or f".{fixed}".endswith(_SHARED_IN_PARTS)


def _problem_of_path(path: str) -> str | None:
    if WILDCARD in path:
        return "has a wildcard in its path"
    if not _PATH.fullmatch(path):
        return "has characters that no path has"
    return "has dot segments, which clients take out" if _DOTS.search(path) else None
