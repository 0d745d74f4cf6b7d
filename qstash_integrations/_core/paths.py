"""Which request paths lie below a protected prefix: every path that some router could take for one counts."""

import posixpath
import sys
from collections.abc import Collection, Iterable
from typing import Any, cast

# Nobody's route is as long; looking for dot segments in more would be work that a stranger can order.
_LONGEST = 16 * 1024
_MOST_PARTS = 10_000


class Prefix:
    """A path that is protected together with all that lies below it."""

    __slots__ = ("_segments",)

    def __init__(self, path: str) -> None:
        self._segments = _segments(path)

    def covers(self, path: str, roots: Iterable[str]) -> bool:
        """Whether ``path``, below one of the roots where an app may be mounted, is the prefix or lies below it.

        As written or with its dot segments resolved, in any case.
        """
        if not self._segments or len(path) > _LONGEST:
            return True
        return any(self._is_start_of(seen) for seen in {path, *(_below(path, root) for root in roots)})

    def _is_start_of(self, path: str) -> bool:
        written = _segments(path)
        count = len(self._segments)
        if written[:count] == self._segments:
            return True
        return _segments(posixpath.normpath("/" + "/".join(written)))[:count] == self._segments


def is_excluded(path: str, exclude: Collection[str], roots: Iterable[str]) -> bool:
    """Whether the app's routes see exactly an excluded path, whichever of the roots they take off."""
    return bool(exclude) and all(route_path(path, root) in exclude for root in roots)


def route_path(path: str, root_path: str) -> str:
    """The path as the app's routes see it: without the root path under which the app is mounted."""
    if root_path and path.startswith(root_path) and path[len(root_path) : len(root_path) + 1] in ("", "/"):
        return path[len(root_path) :] or "/"
    return path


def own_roots(app: object) -> frozenset[str]:
    """The root paths that an app, or one within it, sets for itself, whatever the server says.

    ``FastAPI(root_path=...)`` and Django's FORCE_SCRIPT_NAME make a route answer under a second path.
    """
    roots: set[str] = set()
    pending, seen = [app], set[int]()
    while pending and len(seen) < _MOST_PARTS:
        part: Any = pending.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        for root in (getattr(part, "root_path", None), _forced_by_django(part)):
            if isinstance(root, str) and root:
                roots.add(root)
        pending += [getattr(part, name, None) for name in ("app", "_app", "original_router")]
        routes = getattr(part, "routes", None)
        pending += cast("list[object]", routes) if isinstance(routes, list) else []
    return frozenset(roots)


def _forced_by_django(app: object) -> object:
    if not any(kind.__module__.startswith("django.") for kind in type(app).__mro__):
        return None
    settings: Any = getattr(sys.modules.get("django.conf"), "settings", None)
    return getattr(settings, "FORCE_SCRIPT_NAME", None)


def _below(path: str, root_path: str) -> str:
    """``route_path``, with a slash at the root's end or without: routers differ."""
    return route_path(path, root_path.rstrip("/"))


def _segments(path: str) -> list[str]:
    # Blanks count for nothing: the ``$`` that ends a router's pattern also matches before a line end.
    segments = (segment.strip() for segment in path.casefold().replace("\\", "/").split("/"))
    return [segment for segment in segments if segment not in ("", ".")]
