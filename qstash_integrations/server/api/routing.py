"""Which endpoint a path is for. Works on the raw path: a destination in it is never decoded, cleaned or merged.

A pattern is made of words, which match in any case, of ``{name}`` for one segment, unescaped once, and at its end of
``{*name}`` for the raw rest. A slash at the end of a path without such a rest means nothing.

Spec: https://upstash.com/docs/qstash/api-reference
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from ..engine import Engine
from .api_call import ApiCall, Reply

PREFIX = "/v2/"
ANY = "*"
Endpoint = Callable[[Engine, ApiCall], Reply]


class Route(NamedTuple):
    method: str  # ANY for whichever it is
    pattern: str
    endpoint: Endpoint
    many: bool = False
    """The body may hold many messages."""
    is_secret: bool = False
    """With the answer one could do more than read, or knows what was redacted."""
    opened: Callable[[Engine, Mapping[str, str]], None] | None = None
    """For those who have no token, where this finds nothing to refuse; asked before any of the body is read."""


class Match(NamedTuple):
    route: Route
    path: Mapping[str, str]


def find(routes: Sequence[Route], method: str, raw_path: str, prefix: str = PREFIX) -> Match | tuple[str, ...]:
    """The route and what stood in its places, or the methods that there are for the path: none when it is unknown."""
    if raw_path[: len(prefix)].lower() != prefix:
        return ()
    segments = raw_path[len(prefix) :].split("/")
    allowed: list[str] = []
    for route in routes:
        path = _match(route.pattern.split("/"), segments)
        if path is None:
            continue
        if route.method in (method, ANY):
            return Match(route, path)
        allowed.append(route.method)
    return tuple(dict.fromkeys(allowed))


def _match(pattern: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
    path: dict[str, str] = {}
    for index, part in enumerate(pattern):
        if part.startswith("{*"):
            path[part[2:-1]] = "/".join(segments[index:])
            return path
        segment = segments[index] if index < len(segments) else ""
        if not segment:
            return None
        if part.startswith("{"):
            path[part[1:-1]] = unquote(segment)
        elif unquote(segment).lower() != part.lower():
            return None
    rest = segments[len(pattern) :]
    return path if rest in ([], [""]) else None
