"""Which request paths lie below a protected prefix: every path that some router could take for one counts."""

import posixpath

# Nobody's route is as long; looking for dot segments in more would be work that a stranger can order.
_LONGEST = 16 * 1024


class Prefix:
    """A path that is protected together with all that lies below it."""

    __slots__ = ("_segments",)

    def __init__(self, path: str) -> None:
        self._segments = _segments(path)

    def covers(self, path: str) -> bool:
        """Whether the segments of the prefix stand in ``path``, one after the other, in any case.

        Anywhere in it: servers, mounts and apps with a root path of their own take segments off its front, and none of
        them says which. As written or with its dot segments resolved.
        """
        if not self._segments or len(path) > _LONGEST or not path.startswith("/"):
            return True
        written = _segments(path)
        if self._stands_in(written):
            return True
        return ".." in written and self._stands_in(_segments(posixpath.normpath("/" + "/".join(written))))

    def _stands_in(self, path: list[str]) -> bool:
        count = len(self._segments)
        return any(path[start : start + count] == self._segments for start in range(len(path) - count + 1))


def _segments(path: str) -> list[str]:
    # Blanks count for nothing: the ``$`` that ends a router's pattern also matches before a line end. To a pattern
    # that ignores case, both Turkish letters i are an i, and upper() and casefold() leave one of them a dot.
    folded = path.upper().casefold().replace("i\u0307", "i").replace("\\", "/")
    segments = (segment.strip() for segment in folded.split("/"))
    return [segment for segment in segments if segment not in ("", ".")]
