"""Which request paths lie below a protected prefix, and which are excluded: open is only what is open for certain.

The middleware stands in front of other people's routers and has to guess what they make of a path. So everything that
some router could take for a protected path counts as one. Where the router itself decides, nothing has to be guessed.

Spec: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast
from urllib.parse import unquote, unquote_to_bytes

from ..errors import ConfigurationError

# Nobody's route is as long; looking for dot segments in more would be work that a stranger can order.
_LONGEST = 16 * 1024
_DECODINGS = 3
# What a router that parses the target again takes for no part of the path.
_REST = re.compile(r"[?#].*", re.DOTALL)
# What no decoded path has, or nobody's router takes for itself: patterns, escapes, queries, blanks, lists in one text.
_NO_PATH = re.compile(r"[{}<>*?#%\\\[\]()^$|\s\x00-\x1f\x7f]|/:|,/|\.\+|/\.{3,}(?:/|\Z)|\A//")


class Protected:
    """What of an app is protected: all of it, or what lies at or below ``prefix``, less the paths in ``exclude``."""

    __slots__ = ("_exclude", "_prefix")

    def __init__(self, prefix: object, exclude: object) -> None:
        """ConfigurationError that names the option for a path that no request could have."""
        self._prefix = _segments(_checked(prefix, "prefix"))
        if isinstance(exclude, str | bytes) or not isinstance(exclude, Iterable):
            raise ConfigurationError(f"exclude must be a list of paths, not {exclude!r}")
        self._exclude = frozenset(_checked(path, "exclude") for path in cast("Iterable[object]", exclude))

    def covers(self, scope: Mapping[str, Any]) -> bool:
        """Whether the request of an ASGI scope has to be signed."""
        if not self._prefix and not self._exclude:
            return True
        path: str = scope["path"]
        root: str = scope.get("root_path") or ""
        sent = _sent(scope, path)
        if {path, sent} <= self._exclude and self._excludes(path, scope.get("app_root_path", root)):
            return False
        # Behind the root path, for a server that has the part that a proxy took off from its settings alone.
        paths = {root + path, sent}
        if not self._prefix or max(map(len, paths)) > _LONGEST or not path.startswith("/"):
            return True
        return any(map(self._stands_in, paths))

    def _excludes(self, path: str, root: str) -> bool:
        """Also what is left without the root path, taken off as text: with some servers a client says what it is."""
        return not root or root not in path or path.partition(root)[2] in self._exclude

    def _stands_in(self, path: str) -> bool:
        # Some routers and mounts decode once more; who encodes more often than this means nothing good.
        for _ in range(_DECODINGS):
            if self._is_part_of(path) or (_REST.search(path) and self._is_part_of(_REST.sub("", path))):
                return True
            decoded = unquote(path)
            if decoded == path:
                return False
            path = decoded
        return True

    def _is_part_of(self, path: str) -> bool:
        """As written or with its dot segments resolved."""
        written = _segments(path)
        if self._is_among(written):
            return True
        return ".." in written and self._is_among(_segments(posixpath.normpath("/" + "/".join(written))))

    def _is_among(self, path: list[str]) -> bool:
        """Anywhere: servers, mounts and apps take a root path of their own off, and none of them says which.

        They take it off as text, so the first segment of the prefix may be the end of one.
        """
        first, rest = self._prefix[0], self._prefix[1:]
        return any(
            segment.endswith(first) and path[place + 1 : place + 1 + len(rest)] == rest
            for place, segment in enumerate(path)
        )


def _sent(scope: Mapping[str, Any], path: str) -> str:
    """The path as the client sent it, decoded: Litestar's mounts shorten ``path`` alone; Sanic routes by this."""
    raw: bytes | None = scope.get("raw_path")
    # Test clients leave the query in it.
    return unquote_to_bytes(raw.partition(b"?")[0]).decode("utf-8", "replace") if raw else path


def _checked(path: object, option: str) -> str:
    if not isinstance(path, str) or not path.startswith("/"):
        raise ConfigurationError(f"{option} must be a path that starts with a slash, not {path!r}")
    if not path.isprintable() or _NO_PATH.search(path) or not {".", ".."}.isdisjoint(path.split("/")):
        raise ConfigurationError(
            f"{option} {path!r} would match no request: it is compared with decoded paths as text, so write it without "
            "patterns, escapes, dot segments, blanks and query, such as /hooks"
        )
    return path


def _segments(path: str) -> list[str]:
    # Blanks count for nothing: the ``$`` that ends a router's pattern also matches before a line end. To a pattern
    # that ignores case, both Turkish letters i are an i, and upper() and casefold() leave one of them a dot.
    folded = path.upper().casefold().replace("i\u0307", "i").replace("\\", "/")
    segments = (segment.strip() for segment in folded.split("/"))
    return [segment for segment in segments if segment not in ("", ".")]
