"""Whether a path is one of a route, however its framework writes that. Pure."""

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from ..routes import Route

# {name}, {name:path}, <name>, <int:name>, and what of a regular expression stands in a URLconf of Django's.
_PLACEHOLDER = re.compile(r"\{[^{}]*\}|\(\?P<[^>]*>[^()]*\)|<[^<>]*>|\([^()]*\)")


def is_of(route: Route, path: str) -> bool:
    """Whether the path, without a query, leads to the route; a slash at the end may differ."""
    return _pattern(route.path).fullmatch(path.rstrip("/") or "/") is not None


def is_distinct(route: Route) -> bool:
    """Whether its path is more than placeholders, so that it tells the app from others of the account."""
    return bool(_PLACEHOLDER.sub("", route.path).strip("/^$"))


def found(routes: Iterable[Route], path: str) -> Route | None:
    return next((route for route in routes if is_of(route, path)), None)


def base_before(routes: Iterable[Route], url: str) -> str | None:
    """What stands in a URL in front of the path of one of the routes: the public URL that it was published under."""
    parts = urlsplit(url)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path
    for place in [0, *(match.start() for match in re.finditer("/", path[1:]))]:
        rest = path[place:] if place == 0 else path[place + 1 :]
        if found(routes, rest) is not None:
            return origin + path[: len(path) - len(rest)]
    return None


@lru_cache(maxsize=512)
def _pattern(path: str) -> re.Pattern[str]:
    text, place, parts = path.replace("^", "").replace("$", "").rstrip("/"), 0, list[str]()
    for match in _PLACEHOLDER.finditer(text):
        parts += [re.escape(text[place : match.start()].replace("\\", "")), ".+" if _is_deep(match[0]) else "[^/]+"]
        place = match.end()
    return re.compile("".join([*parts, re.escape(text[place:].replace("\\", ""))]) or "/")


def _is_deep(placeholder: str) -> bool:
    return "path" in placeholder or ".*" in placeholder or "qstash_rest" in placeholder
